"""What SQL answers is what a loop over the records counts: of the recorded runs together, and of made-up histories."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omk.domain.event import Recorded, kind_of
from omk.domain.proof.standing import Judge
from omk.domain.proof.status import Status
from omk.domain.subjects.agent import ToolCalled, ToolFinished
from omk.domain.subjects.gate import GateRan
from omk.lake.question import ask, question, questions
from omk.lake.session import Lake
from omk.lake.store import Store
from omk.log.codec import Entry, decode
from omk.log.jsonl import JsonlLog
from omk.log.memory import MemoryLog
from tests.histories import histories
from tests.history import recorded
from tests.scenario import Story

RUNS = sorted((Path(__file__).parents[2] / "replays").glob("*/log.jsonl"))
JUDGED = ("passed", "failed", "timed_out", "errored")
Histories = dict[str, list[Recorded]]


def corpus() -> MemoryLog:
    """Every goal of `replays/` in one log."""
    log, goals = MemoryLog(), defaultdict[str, list[Entry]](list)
    for path in RUNS:
        for line in path.read_bytes().splitlines():
            entry = Entry(decode(line), line)
            goals[entry.record.goal].append(entry)
    for goal, entries in goals.items():
        log.append(goal, entries, after=0)
    return log


def told(log) -> Histories:
    return {head.goal: list(log.read(head.goal)) for head in log.heads()}


@pytest.fixture(scope="module")
def recorded_runs():
    log = corpus()
    with Lake(Store(log, None, Path("/nonexistent"), None)) as lake:
        yield lake, told(log)


def answer(lake, name):
    return ask(lake, question(name), {})


# --- The same, counted in Python ---


def events(goals: Histories, *kinds: type) -> Iterable[tuple[Recorded, Any]]:
    return ((record, record.event) for records in goals.values() for record in records if isinstance(record.event, kinds))


def by_rank(values: list[int], share: float) -> int:
    return sorted(values)[ceil(share * len(values)) - 1]


def gate_failures(goals: Histories):
    runs = defaultdict(list)
    for _, event in events(goals, GateRan):
        if event.outcome in JUDGED:
            runs[event.gate].append(event)
    return {
        gate: (
            len(ran),
            round(100 * sum(one.outcome != "passed" for one in ran) / len(ran), 1),
            by_rank([one.duration_ms for one in ran], 0.5),
            by_rank([one.duration_ms for one in ran], 0.95),
        )
        for gate, ran in runs.items()
    }


def flaky_gates(goals: Histories):
    outcomes = defaultdict(list)
    for _, event in events(goals, GateRan):
        if event.outcome in JUDGED:
            outcomes[event.gate, event.definition, event.tree].append(event.outcome == "passed")
    return Counter(gate for (gate, _, _), ran in outcomes.items() if any(ran) and not all(ran))


def tool_failures(goals: Histories):
    calls = Counter[tuple[str, str]]()
    for records in goals.values():
        names = {}
        for record in records:
            event = record.event
            if isinstance(event, ToolCalled):
                names[event.tool] = event.name
            elif isinstance(event, ToolFinished):
                calls[names[event.tool], "calls"] += 1
                calls[names[event.tool], "failures"] += event.outcome != "succeeded"
    return calls


def statuses(records: list[Recorded]):
    judge = Judge()
    status = Status(judge)
    for record in records:
        judge.add(record)
        yield record, status.now()


def times_to_ready(goals: Histories):
    found = {}
    for goal, records in goals.items():
        first = next((record for record, status in statuses(records) if status == "ready"), None)
        if first is not None:
            took = datetime.fromisoformat(first.at) - datetime.fromisoformat(records[0].at)
            found[goal] = int(took.total_seconds() * 1_000_000 + 0.5) // 1_000
    return found


def losses(goals: Histories):
    found = set()
    for goal, records in goals.items():
        before = ""
        for record, status in statuses(records):
            if before == "ready" and status != "ready":
                found.add((goal, record.seq, kind_of(record.event), status))
            before = status
    return found


# --- They agree ---


def assert_counted_alike(lake, goals):
    gates = {one["gate"]: one for one in answer(lake, "gate-failures") if one["runs"]}
    counted = {gate: tuple(one[name] for name in ("runs", "failed_percent", "p50_ms", "p95_ms")) for gate, one in gates.items()}
    assert counted == gate_failures(goals)
    assert {one["gate"]: one["flaky_trees"] for one in answer(lake, "flaky-gates")} == flaky_gates(goals)
    tools = {(one["tool"], name): one[name] for one in answer(lake, "tool-failures") for name in ("calls", "failures")}
    assert {key: count for key, count in tools.items() if count} == {key: one for key, one in tool_failures(goals).items() if one}
    lost = {(one["goal"], one["seq"], one["kind"], one["status_then"]) for one in answer(lake, "lost-readiness")}
    assert lost == losses(goals)
    times = list(times_to_ready(goals).values())
    (everything,) = (one for one in answer(lake, "time-to-ready") if one["kind"] == "all")
    assert (everything["goals"], everything["ready"]) == (len(goals), len(times))
    assert everything["median_ms"] == (by_rank(times, 0.5) if times else None)
    assert everything["p95_ms"] == (by_rank(times, 0.95) if times else None)
    course = answer(lake, "readiness")
    now = sum(list(statuses(records))[-1][1] == "ready" for records in goals.values())
    assert (course[-1]["goals"], course[-1]["ready"]) == (len(goals), now)


def test_the_recorded_runs_are_counted_alike(recorded_runs):
    assert_counted_alike(*recorded_runs)


def test_the_time_that_gaps_stood_open_is_what_the_table_of_gaps_says(recorded_runs):
    lake, _ = recorded_runs
    query = "SELECT code, count(DISTINCT goal), count(*), count(*) FILTER (closed_seq IS NULL) FROM gaps GROUP BY code"
    counted = {code: tuple(numbers) for code, *numbers in lake.sql(query).fetchall()}
    rows = answer(lake, "blocking-gaps")
    assert {one["code"]: (one["goals"], one["openings"], one["open_goals"]) for one in rows} == counted


@settings(max_examples=15)
@given(made_up=st.lists(histories(), min_size=1, max_size=3))
def test_made_up_histories_are_counted_alike(made_up):
    log = MemoryLog()
    for number, records in enumerate(made_up):
        recorded(log, Story(tuple(records)), name=f"g-{number}")
    with Lake(Store(log, None, Path("/nonexistent"), None)) as lake:
        assert_counted_alike(lake, told(log))


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.parent.name)
def test_every_question_is_answered_of_every_recorded_run(path):
    log = JsonlLog(path)
    with Lake(Store(log, None, Path("/nonexistent"), None)) as lake:
        for one in questions().values():
            assert all(list(row) == list(one.columns) for row in ask(lake, one, {}))
    log.close()
