"""What is long gives way from its middle, so that what matters is always told."""

from hypothesis import given, settings
from hypothesis import strategies as st

from omk.runtime.fitting import OUTPUT, WORDS, Part, fitted, size, without_middle

PARTS = st.lists(
    st.builds(Part, st.text(max_size=9), st.text(max_size=400), st.text(max_size=5), st.sampled_from((0, WORDS, OUTPUT))),
    max_size=8,
)


@settings(max_examples=40)
@given(PARTS, st.integers(0, 2_000))
def test_it_never_takes_more_room_than_there_is(parts, longest):
    assert size(fitted(parts, longest)) <= longest


@settings(max_examples=40)
@given(PARTS)
def test_what_fits_is_told_as_it_is(parts):
    whole = fitted(parts, 1_000_000)
    assert all(part.head + part.body + part.tail in whole for part in parts)
    assert fitted(parts, size(whole)) == whole


def test_outputs_give_way_before_words_and_the_longest_first():
    parts = [
        Part("goal ", "w" * 300, rank=WORDS),
        Part("- gap"),
        Part("```", "o" * 900, "```", OUTPUT),
        Part("", "short", "", OUTPUT),
    ]
    text = fitted(parts, 700)
    assert "w" * 300 in text
    assert "- gap" in text
    assert "short" in text
    assert "bytes left out" in text
    assert size(text) > 650


def test_when_outputs_are_not_enough_words_give_way_and_the_gaps_stay():
    gaps = [Part(f"- gate.{number}: red") for number in range(20)]
    parts = [Part("goal ", "w" * 9_000, rank=WORDS), *gaps, *(Part("```", "o" * 900, "```", OUTPUT) for _ in gaps)]
    text = fitted(parts, 2_000)
    assert all(gap.head in text for gap in gaps)
    assert size(text) <= 2_000


@settings(max_examples=40)
@given(st.text(max_size=300), st.integers(0, 400))
def test_without_its_middle_a_text_has_its_beginning_and_its_end(text, room):
    short = without_middle(text, room)
    assert size(short) <= max(room, 0) or short == text
    if size(text) <= room:
        assert short == text
    elif short:
        head, _, tail = short.partition("\n… ")
        assert text.startswith(head)
        assert text.endswith(tail.partition(" bytes left out …\n")[2])
