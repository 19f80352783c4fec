"""A stored record: what is sealed comes back, and nothing in it can be changed unseen."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omk.domain.catalogue import EVENTS
from omk.domain.digest import digest_of
from omk.domain.event import Event, Output, Text, Unknown, Value, kind_of
from omk.domain.subjects.agent import AgentSaid, ToolFinished
from omk.domain.subjects.goal import GoalPaused, GoalPlanned
from omk.domain.text import resolve, text_shape, texts
from omk.errors import Damaged
from omk.log.chain import verified
from omk.log.codec import decode, erased, readers, recode, renumbered, seal
from omk.log.redact import cut
from omk.log.sealing import committed
from tests.log.records import GOAL, STORY, foreign, history, salts

BODIES = [entry.body for entry in history()]
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
events = st.one_of(
    st.builds(GoalPaused, reason=st.none() | words),
    st.builds(GoalPlanned, tasks=st.lists(words, max_size=4).map(tuple)),
    st.builds(AgentSaid, agent=words, number=st.integers(0, 2**53), text=words),
    st.builds(
        ToolFinished,
        tool=words,
        agent=st.none() | words,
        outcome=st.sampled_from(["succeeded", "failed", "timed_out", "stopped"]),
        exit_code=st.none() | st.integers(0, 255),
        duration_ms=st.integers(0, 2**53),
        output=st.none() | st.builds(Output, digest=words, size=st.integers(0, 9), left_out=st.just(0), preview=words),
    ),
)


class Part(Value):
    words: Text
    number: int


class Nested(Event, tag="nested.v1"):
    plain: str
    parts: tuple[Part, ...]
    pair: tuple[int, Text]
    part: Part | None
    lines: tuple[Text, ...]
    named: dict[str, Text]
    maybe: Text | None


def chained(bodies: list[bytes]) -> list[Any]:
    """The records of stored bodies, verified, with their texts checked."""
    records = list(verified(map(decode, bodies)))
    for record in records:
        texts(record)
    return records


@given(st.lists(events, min_size=1, max_size=5))
def test_what_was_sealed_is_decoded_again_without_its_secrets(sealed):
    entries = history(sealed)
    assert chained([entry.body for entry in entries]) == [entry.record for entry in entries]
    for event, entry in zip(sealed, entries, strict=True):
        assert recode(entry.record) == entry.body
        assert entry.record.digest == digest_of(entry.body[entry.body.index(b',"sealed":') + 10 : -1])
        assert kind_of(entry.record.event) == kind_of(event)
        expected = {path: cut(text) for path, text in plain_texts(event).items()}
        assert texts(entry.record) == expected


def plain_texts(event: Event) -> dict[str, str]:
    return {path: text for path, (_, text) in committed(event, lambda: b"s" * 16)[1].items()}


def test_a_stored_body_is_canonical_json():
    for body in BODIES:
        assert msgspec.json.encode(msgspec.json.decode(body), order="sorted") == body


def test_free_text_is_sealed_as_a_commitment_wherever_it_stands():
    part = Part(words="in a part", number=1)
    event = Nested(
        plain="kept", parts=(part, part), pair=(2, "second"), part=part, lines=("a", "b"), named={"k": "v"}, maybe=None
    )
    salt = salts()
    content, opened = committed(event, lambda: next(salt))
    assert {path: text for path, (_, text) in opened.items()} == {
        "parts.0.words": "in a part",
        "parts.1.words": "in a part",
        "pair.1": "second",
        "part.words": "in a part",
        "lines.0": "a",
        "lines.1": "b",
        "named.k": "v",
    }
    assert content["plain"] == "kept"
    assert content["maybe"] is None
    assert all(content["parts"][place]["words"].startswith("b2:") for place in (0, 1))
    assert content["parts"][0]["words"] != content["parts"][1]["words"]


def test_no_kind_hides_free_text_from_the_codec():
    for event in EVENTS.values():
        schema = msgspec.json.encode(msgspec.json.schema(event))
        assert (b"free text" in schema) == bool(text_shape(event)), event


def test_an_event_whose_values_do_not_fit_its_type_is_not_sealed():
    with pytest.raises(TypeError, match="agent_said"):
        history([AgentSaid(agent="a", number="one", text="x")])  # type: ignore[arg-type]


def test_text_that_utf8_cannot_write_is_sealed_with_question_marks():
    (entry,) = history([GoalPaused(reason="bad \udcff byte")])
    assert texts(entry.record) == {"reason": "bad ? byte"}


@given(st.data())
def test_a_change_of_any_byte_of_a_record_that_another_follows_is_noticed(data):
    place = data.draw(st.integers(0, len(BODIES) - 2))
    body = bytearray(BODIES[place])
    where = data.draw(st.integers(0, len(body) - 1))
    body[where] ^= data.draw(st.integers(1, 255))
    changed = [*BODIES[:place], bytes(body), *BODIES[place + 1 :]]
    try:
        records = chained(changed)
    except Damaged:
        return
    assert [recode(record) for record in records] != changed  # as fsck would notice


@given(st.data())
def test_a_removed_swapped_or_repeated_record_is_noticed(data):
    bodies = list(BODIES)
    first = data.draw(st.integers(0, len(bodies) - 2))
    second = data.draw(st.integers(first + 1, len(bodies) - 1))
    match data.draw(st.sampled_from(["remove", "swap", "repeat"])):
        case "remove":
            del bodies[first]
        case "swap":
            bodies[first], bodies[second] = bodies[second], bodies[first]
        case _:
            bodies.insert(second, bodies[first])
    with pytest.raises(Damaged):
        chained(bodies)


@given(st.binary(max_size=60) | st.sampled_from(BODIES).flatmap(lambda body: st.integers(0, len(body)).map(lambda n: body[:n])))
def test_bytes_that_are_no_record_are_damage_and_nothing_else(body):
    if body not in BODIES:
        with pytest.raises(Damaged):
            decode(body)


@pytest.mark.parametrize(
    "body",
    [
        BODIES[0].replace(b",", b", ", 1),
        BODIES[0] + b"\n",
        b" " + BODIES[0],
        b'{"sealed":' + BODIES[0][20:-1] + b',"open":{}}',
    ],
)
def test_a_body_that_is_not_canonical_is_damage(body):
    with pytest.raises(Damaged) as caught:
        list(verified([decode(body)]))
    assert (caught.value.goal, caught.value.seq) == (GOAL, 1)


def test_the_last_record_must_be_canonical_too():
    body = (
        BODIES[0]
        .replace(b'{"kind":"goal_planned.v1","tasks":["implement","', b'{"tasks":["implement","')
        .replace(b'en"]}', b'en"],"kind":"goal_planned.v1"}')
    )
    assert body != BODIES[0]
    with pytest.raises(Damaged) as caught:
        list(verified([decode(body)]))
    assert caught.value.code == "body.canonical"


def test_a_known_kind_with_other_fields_is_damage():
    with pytest.raises(Damaged) as caught:
        decode(BODIES[0].replace(b'"tasks"', b'"tasky"'))
    assert (caught.value.goal, caught.value.seq, caught.value.code) == (GOAL, 1, "body.unreadable")


def test_an_unknown_kind_is_kept_with_its_bytes():
    entry = foreign()
    assert isinstance(entry.record.event, Unknown)
    assert recode(entry.record) == entry.body
    assert readers().glance(entry.body).event == entry.record.event
    assert texts(entry.record) == {}


def test_a_time_before_that_of_the_event_before_is_damage():
    first, second = history(STORY[:2])
    late = history([STORY[1]], after=1, prev=first.record.digest)[0].body.replace(b"10:15:02", b"09:15:02")
    with pytest.raises(Damaged) as caught:
        list(verified(map(decode, [first.body, late])))
    assert (caught.value.seq, caught.value.code) == (2, "time.backwards")
    assert second.record.at > first.record.at


def test_erasing_the_open_half_changes_neither_digest_nor_chain():
    gone = [erased(body) for body in BODIES]
    assert [record.digest for record in chained(gone)] == [decode(body).digest for body in BODIES]
    assert [texts(decode(body)) for body in gone] == [{}] * len(BODIES)
    assert all(recode(decode(body)) == body for body in gone)


def test_a_text_that_was_exchanged_is_damage():
    body = BODIES[1].replace(b"back at one", b"back at two")
    record = decode(body)
    with pytest.raises(Damaged, match=r"event 2 .*'reason'") as caught:
        texts(record)
    assert caught.value.code == "text.commitment"


def test_quoted_texts_are_resolved_wherever_they_stand_in_a_document():
    records: dict[int, Any] = {seq: decode(body) for seq, body in enumerate(BODIES, 1)}
    said, paused = f"§4:{records[4].event.text}", f"§2:{records[2].event.reason}"
    document = {
        "a": said,
        "b": [f"he said: {said} ({paused})", 7, None],
        "c": f"§9:b2:{'0' * 64}",
        "d": f"§2:b2:{'0' * 64}",
    }
    assert resolve(document, records.get) == {
        "a": 'I will edit "cli.py" now.\n',
        "b": ['he said: I will edit "cli.py" now.\n (lunch — back at one)', 7, None],
        "c": "(erased)",
        "d": "(erased)",
    }
    assert resolve(said, lambda _: decode(erased(BODIES[3]))) == "(erased)"


def test_no_secret_reaches_the_stored_bytes():
    secret = "ghp_" + "a1B2" * 10
    event = AgentSaid(agent=f"agent {secret}", number=1, text=f"the token is {secret}, password=hunter2!")
    entry = seal(event, goal=GOAL, seq=1, at="t", actor=f"person:{secret}", causes=(), prev="", salt=lambda: b"s")
    assert secret.encode() not in entry.body
    assert b"hunter2" not in entry.body
    assert entry.body.count(b"[REDACTED]") == 4


def test_a_record_at_another_place_keeps_its_event_its_texts_and_their_salts():
    prev = ""
    for number, body in enumerate(reversed(BODIES), 1):
        record = decode(body)
        entry = renumbered(record, goal="another", seq=number, causes=range(1, number), prev=prev)
        moved = entry.record
        assert (moved.event, moved.open, moved.actor, moved.at) == (record.event, record.open, record.actor, record.at)
        assert (moved.goal, moved.seq, moved.causes, moved.prev) == ("another", number, tuple(range(1, number)), prev)
        assert texts(moved) == texts(record)
        assert recode(moved) == entry.body
        assert moved.digest != record.digest
        prev = moved.digest


def test_a_record_of_an_unknown_kind_can_be_moved_too():
    record = foreign().record
    entry = renumbered(record, goal=GOAL, seq=record.seq, causes=record.causes, prev=record.prev)
    assert (entry.body, entry.record) == (foreign().body, record)
