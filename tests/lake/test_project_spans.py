"""Spans: whatever was announced is there once, open or answered, after every record of the log."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omk.domain.event import Event, Recorded
from omk.domain.subjects.aborted import EffectAborted
from omk.domain.subjects.agent import AgentDied, AgentFinished, AgentStarted, ToolCalled, ToolFinished
from omk.domain.subjects.gate import GateRan, GateStarted
from omk.domain.subjects.obligation import CLOSES, OPENS
from omk.domain.subjects.review import ReviewBlocked, ReviewErrored, ReviewNotApplicable, ReviewPassed, ReviewStarted
from omk.lake.session import Lake
from omk.lake.store import Store
from omk.log.memory import MemoryLog
from tests.lake.logs import cut, head_of, logs, rows_of
from tools import corpus

RUNS = [pytest.param(folder, id=folder.name) for folder in corpus.folders([])]
ANNOUNCED: dict[str, type[Event]] = {
    "agents": AgentStarted,
    "tools": ToolCalled,
    "gates": GateStarted,
    "reviews": ReviewStarted,
}
ANSWERS: dict[Any, str] = {
    **dict.fromkeys((AgentFinished, AgentDied), "agents"),
    ToolFinished: "tools",
    GateRan: "gates",
    **dict.fromkeys((ReviewPassed, ReviewBlocked, ReviewErrored, ReviewNotApplicable), "reviews"),
}
FIELDS = {
    "agents": ("agent", "task", "attempt", "driver"),
    "tools": ("tool", "agent", "name"),
    "gates": ("gate", "attempt", "tree", "definition"),
    "reviews": ("review", "attempt", "tree", "base"),
}
JUDGES = frozenset({GateRan, ReviewPassed, ReviewBlocked, ReviewErrored, ReviewNotApplicable})
"""Answers that say themselves what they are about."""
WORDS: dict[Any, str] = {
    AgentDied: "died",
    EffectAborted: "aborted",
    ReviewPassed: "passed",
    ReviewBlocked: "blocked",
    ReviewErrored: "errored",
    ReviewNotApplicable: "not_applicable",
}
Span = dict[str, Any]


def spans_of(records: list[Recorded]) -> dict[tuple[str, int, int], Span]:
    """By brute force: the table, the goal's place and the answer of all that was announced, or answered without that."""
    found: dict[tuple[str, int, int], Span] = {}
    waiting: dict[tuple[str, str], list[int]] = {}
    for record in records:
        event: Any = record.event
        for table, kind in ANNOUNCED.items():
            if type(event) is kind:
                waiting.setdefault((record.goal, OPENS[kind][1](event)), []).append(record.seq)
                fields = {name: getattr(event, name) for name in FIELDS[table]}
                found[record.goal, record.seq, 0] = {"table": table, "outcome": None, **fields}
        if type(event) not in CLOSES:
            continue
        name = CLOSES[type(event)](event)
        begun = waiting.pop((record.goal, name), [])
        word = WORDS.get(type(event)) or event.outcome if type(event) in ANSWERS or begun else None
        if begun:
            span = found.pop((record.goal, begun[-1], 0))
            said = {name: getattr(event, name) for name in FIELDS[span["table"]] if type(event) in JUDGES}
            found[record.goal, begun[-1], record.seq] = span | said | {"outcome": word}
        elif type(event) in ANSWERS:
            found[record.goal, 0, record.seq] = {"table": ANSWERS[type(event)], "outcome": word}
    return found


def public(rows: dict[str, list[Span]]) -> dict[tuple[str, int, int], Span]:
    """What the views tell: those answered, and those open that no later window answered."""
    found: dict[tuple[str, int, int], Span] = {}
    for table in ANNOUNCED:
        late = {(row["goal"], row["started_seq"]) for row in rows[table] if row["outcome"] is not None and row["is_late"]}
        for row in rows[table]:
            is_open = row["outcome"] is None
            if not is_open or (row["goal"], row["started_seq"]) not in late:
                key = (row["goal"], row["started_seq"] or 0, 0 if is_open else row["seq"])
                assert key not in found, "it is there twice"
                found[key] = {"table": table, **row}
    return found


def are_told(rows: dict[str, list[Span]], log: MemoryLog) -> None:
    expected, told = spans_of([record for _, record in log.follow()]), public(rows)
    assert told.keys() == expected.keys()
    for key, span in expected.items():
        assert {name: told[key][name] for name in span} == span


@settings(max_examples=20)
@given(logs(), st.integers(1, 9))
def test_what_was_announced_is_there_once_at_the_end_of_every_log(log: MemoryLog, window: int):
    are_told(rows_of(log, window=window), log)


@settings(max_examples=8)
@given(logs(most=10), st.integers(1, 5))
def test_what_was_announced_is_there_once_after_every_record(log: MemoryLog, window: int):
    for end in range(head_of(log)):
        before = cut(log, end)
        are_told(rows_of(before, window=window), before)


@pytest.mark.parametrize("run", RUNS)
def test_the_tables_of_a_run_tell_what_was_announced(run: Path, tmp_path: Path):
    log, _ = corpus.open_run(run)
    expected = spans_of([record for _, record in log.follow()])
    with Lake(Store(log, None, tmp_path, None)) as lake:
        for table in ANNOUNCED:
            rows = lake.sql(f"SELECT goal, started_seq, seq, outcome FROM {table}").fetchall()
            told = {(goal, started or 0, seq or 0): outcome for goal, started, seq, outcome in rows}
            assert told == {key: span["outcome"] for key, span in expected.items() if span["table"] == table}
            assert len(rows) == len(told)


@settings(max_examples=20)
@given(logs())
def test_an_answer_tells_its_fields(log: MemoryLog):
    rows = rows_of(log)
    records = {(record.goal, record.seq): record for _, record in log.follow()}
    for table, names in (("gates", ("exit_code", "signal", "duration_ms")), ("agents", ("exit_code", "signal", "duration_ms"))):
        for row in rows[table]:
            event: Any = records[row["goal"], row["seq"]].event
            if type(event) in (GateRan, AgentFinished):
                assert [row[name] for name in names] == [getattr(event, name) for name in names]
                told = (event.output.digest, event.output.size) if event.output else (None, None)
                assert (row["output"], row["output_bytes"]) == told
    for row in rows["tools"]:
        event = records[row["goal"], row["seq"]].event
        if type(event) is ToolFinished:
            answer = (event.exit_code, event.duration_ms, event.output.size if event.output else None)
            assert (row["exit_code"], row["duration_ms"], row["output_bytes"]) == answer
    for row in rows["reviews"]:
        event = records[row["goal"], row["seq"]].event
        assert row["findings"] == (event.total if type(event) is ReviewBlocked else None)
