"""A pull request's text: what is on record, in an order that is fixed, and never longer than GitHub takes."""

import pytest

from omk.replay.documents import state_document
from omk.replay.proof_document import proof_document
from omk.views.pull_request import MOST_BODY, MOST_TITLE, SECTIONS, fitted, pull_request_body, pull_request_title
from tests.scenario import READY, goal

STORY = goal.given(*READY)
STATE, PROOF = state_document(STORY.state, STORY.proof), proof_document(STORY.state, STORY.proof)


def units(text):
    return len(text.encode("utf-16-le")) // 2


def test_the_title_is_the_goals_words_on_one_line():
    assert pull_request_title({"summary": "  Greet\n\nby   name "}) == "Goal proof: Greet by name"


@pytest.mark.parametrize("letter", ["x", "ü", "日", "🎉"])
def test_a_title_is_cut_where_github_would_not_take_it(letter):
    title = pull_request_title({"summary": letter * 500})
    assert units(title) in {MOST_TITLE, MOST_TITLE - 1}
    assert title.endswith(f"{letter}…")


@pytest.mark.parametrize("words", ["Greet. ", "🎉", "```\n", "日本語"])
def test_a_body_keeps_every_section_however_much_there_is_to_tell(words):
    long = {"summary": words * 20_000, "changed_files": [f"folder/of/many/files/number-{number}.txt" for number in range(9_000)]}
    body = pull_request_body(STATE, PROOF | long)
    assert units(body) <= MOST_BODY
    assert [heading for heading, _ in SECTIONS if f"\n## {heading}\n" not in f"\n{body}"] == []
    assert "more" in body.partition("## Changed Files")[2]
    assert f"head={PROOF['head']}" in body


def test_a_body_that_is_too_long_all_the_same_says_that_it_goes_on():
    assert fitted("x" * 70_000).endswith("`omk proof`\n")
    assert units(fitted("🎉" * 70_000)) <= MOST_BODY
    assert fitted("short") == "short"


def test_what_was_erased_says_so_and_nobody_is_mentioned_by_the_goals_words():
    body = pull_request_body(STATE, PROOF | {"summary": "(erased)"})
    assert "(erased)" in body
    told = pull_request_body(STATE, PROOF | {"summary": "Thank @ann, closes #12"})
    assert "```text\nThank @ann, closes #12\n```" in told
