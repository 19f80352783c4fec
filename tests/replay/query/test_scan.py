"""When something came true or changed: what a scan answers is what asking at every position answers."""

from bisect import bisect_right
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omk.domain.checkpoint import Checkpoint, kinds_of
from omk.domain.event import Recorded, kind_of
from omk.domain.proof.standing import Judge
from omk.replay.history import History
from omk.replay.moment import Moment
from omk.replay.query.expression import Expression, compile_expression
from omk.replay.query.names import NAMES
from omk.replay.query.scan import Occurrence, first, last
from tests.histories import histories
from tests.noise import noise
from tests.scenario import READY, goal

POOL = (
    *NAMES,
    *(f"{root}.{part}" for root, name in NAMES.items() for part in name.parts),
    "gates.tests.outcome",
    'gates.tests.outcome == "passed"',
    "gates.tests.fresh",
    'tasks["goal-agent-execute"].status',
    'tasks["goal-agent-execute"].attempts > 1',
    'files["hello.py"].operation',
    "len(files)",
    "len(files) > 0",
    '"hello.py" not in files',
    'gaps["gate.tests"].owner',
    '"gate.tests" in gaps',
    "len(gaps) < 5",
    'proof.status == "ready"',
    "proof.status != null",
    'status in ("running", "not_ready")',
    "paused is not null",
    "usage.tokens + usage.messages",
    'any(one.outcome == "passed" for one in reviews)',
    'all(one.outcome == "passed" for one in reviews)',
    'event.name == "files_changed"',
    'event.fields.outcome == "failed" or seq == 3',
    "seq > 4",
    "seq - 4 < 0",
    "true",
    "false",
    "not paused",
    'reviews["anti-slop"].outcome',
    "gates.nothing.outcome",
)
"""Expressions over every root, conditions and values."""


def told(records: list[Recorded], spacing: int = 0) -> History:
    """The history of *records*, with a checkpoint after each *spacing* events."""

    def read(after: int, upto: int | None) -> list[Recorded]:
        return [one for one in records if one.seq > after and (upto is None or one.seq <= upto)]

    marks: list[Checkpoint] = []
    judged, since = History("g", read).judge(), list[Recorded]()
    for record in records:
        judged.add(record)
        since.append(record)
        if spacing and record.seq % spacing == 0:
            kinds = dict(kinds_of(since))
            marks.append(
                Checkpoint(
                    seq=record.seq, head=record.digest, state=judged.state, standing=judged.standing, kinds=kinds,
                    after=record.seq - spacing,
                )
            )  # fmt: skip
            since = []
    places = [one.seq for one in marks]

    def pick(kinds: frozenset[str], after: int, upto: int) -> list[Recorded]:
        return [one for one in read(after, upto) if kind_of(one.event) in kinds]

    return History("g", read, lambda seq: marks[place - 1] if (place := bisect_right(places, seq)) else None, pick)


def values_of(records: list[Recorded], expression: Expression) -> list[Any]:
    """The value at every position."""
    judged = told(records).judge()
    found = [expression.value(Moment(judged.state, judged.standing, None))]
    for record in records:
        judged.add(record)
        found.append(expression.value(Moment(judged.state, judged.standing, record)))
    return found


def occurrence(records: list[Recorded], values: list[Any], seq: int | None, *, is_condition: bool) -> Occurrence | None:
    if not seq:
        return None
    record, since = records[seq - 1], None
    if is_condition and values[seq]:
        since = seq
        while since > 1 and values[since - 1]:
            since -= 1
    return Occurrence(seq, record.at, kind_of(record.event), values[seq - 1], values[seq], since)


def seqs_of(values: list[Any], upto: int, *, is_condition: bool) -> list[int]:
    return [seq for seq in range(1, upto + 1) if (values[seq] if is_condition else values[seq] != values[seq - 1])]


@settings(max_examples=150, deadline=None)
@given(histories() | noise(), st.sampled_from(POOL), st.sampled_from((0, 1, 4)), st.data())
def test_first_and_last_are_those_of_asking_at_every_position(records, text, spacing, data):
    expression = compile_expression(text)
    is_condition = expression.is_condition
    values, history = values_of(records, expression), told(records, spacing)
    upto = data.draw(st.none() | st.integers(0, len(records)))
    seqs = seqs_of(values, len(records) if upto is None else upto, is_condition=is_condition)

    def expected(seq: int | None) -> Occurrence | None:
        return occurrence(records, values, seq, is_condition=is_condition)

    assert first(history, expression, upto) == expected(seqs[0] if seqs else None)
    assert last(history, expression, upto) == expected(seqs[-1] if seqs else None)


@pytest.mark.parametrize("text", POOL)
@pytest.mark.parametrize("spacing", [0, 4])
def test_every_expression_is_found_in_a_finished_story(text, spacing):
    records, expression = list(goal.given(*READY).records), compile_expression(text)
    values = values_of(records, expression)
    seqs = seqs_of(values, len(records), is_condition=expression.is_condition)
    history = told(records, spacing)
    found = [first(history, expression), last(history, expression)]
    assert [one and one.seq for one in found] == ([seqs[0], seqs[-1]] if seqs else [None, None])


def test_a_stretch_whose_kinds_cannot_have_changed_it_is_not_read():
    records = list(goal.given(*READY).records)
    history, read = told(records, 4), list[tuple[int, int | None]]()

    def watched(after: int, upto: int | None) -> Any:
        read.append((after, upto))
        return history.read(after, upto)

    found = last(History("g", watched, history.nearest), compile_expression("goal.planned"), len(records))
    assert found is not None
    assert kind_of(records[found.seq - 1].event) == "goal_planned.v1"
    whole = [pair for pair in read if pair[1] is not None and pair[1] - pair[0] > 1]
    assert sum(upto - after for after, upto in whole if upto is not None) <= 8


def test_a_checkpoint_that_the_log_does_not_agree_with_changes_no_answer():
    records, expression = list(goal.given(*READY).records), compile_expression("gates.tests.outcome")
    honest, empty = told(records, 4), Judge()
    no_head = "b2:" + 64 * "0"

    def lying(seq: int) -> Checkpoint | None:
        known = honest.nearest(seq)
        return known and Checkpoint(seq=known.seq, head=no_head, state=empty.state, standing=empty.standing)

    found = last(History("g", honest.read, lying), expression)
    assert found == last(told(records), expression)
    assert found is not None


def test_a_hole_between_checkpoints_changes_no_answer():
    records, expression = list(goal.given(*READY).records), compile_expression("gates.tests.outcome")
    whole = told(records, 4)
    holed = History("g", whole.read, lambda seq: whole.nearest(seq if seq % 12 < 4 or seq > len(records) else seq // 12 * 12))
    assert last(holed, expression) == last(told(records), expression)


def test_events_that_cannot_be_picked_are_read(monkeypatch):
    records = list(goal.given(*READY).records)
    history, expression = told(records, 4), compile_expression("gates.tests.outcome")
    expected = last(history, expression)
    assert expected is not None
    for hidden in ([], [one for one in records if kind_of(one.event) == "gate_started.v1"]):
        monkeypatch.setattr(history, "pick", lambda kinds, after, upto, hidden=hidden: hidden)
        assert last(history, expression) == expected


def test_only_events_that_matter_are_asked_for(monkeypatch):
    records = list(goal.given(*READY).records)
    history = told(records, 4)
    asked, whole = set[str](), history.pick

    def pick(kinds, after, upto):
        asked.update(kinds)
        return whole(kinds, after, upto)

    monkeypatch.setattr(history, "pick", pick)
    assert last(history, compile_expression('tasks["goal-intake"].status'), len(records) // 4 * 4) is not None
    assert "gate_ran.v1" not in asked
    assert "task_finished.v1" in asked
