"""The tables of records, verdicts, goals, tasks, usage and files: what the log and the fold say, and nothing of their own."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from omk.domain.event import Unknown, kind_of
from omk.domain.subjects.budget import UsageReported
from omk.domain.subjects.worktree import FilesChanged
from omk.domain.text import texts
from omk.lake.session import Lake
from omk.lake.store import Store
from omk.log.memory import MemoryLog
from omk.log.protocol import Log
from omk.replay.documents import state_document
from tests.lake.logs import FORK, forgotten, history_of, logs, mixed, moments, position_of, rows_of, sealed
from tools import corpus
from tools.examples import EXAMPLES

RUNS = [pytest.param(folder, id=folder.name) for folder in corpus.folders([])]
HOISTED = ("task", "agent", "gate", "review", "tool", "attempt", "outcome", "tree", "duration_ms")
Row = dict[str, Any]


def time_of(row: Row, column: str = "recorded_at") -> str | None:
    return None if row[column] is None else row[column].strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# --- events ---


def has_its_events(log: Log, rows: list[Row]) -> None:
    for row, (position, record) in zip(rows, log.follow(), strict=True):
        place = (row["position"], row["goal"], row["seq"], time_of(row), row["actor"], row["digest"], tuple(row["causes"]))
        assert place == (position, record.goal, record.seq, record.at, record.actor, record.digest, record.causes)
        event: Any = record.event
        payload = json.loads(event.raw) if isinstance(event, Unknown) else msgspec.to_builtins(event)
        assert row["kind"] == kind_of(event)
        assert json.loads(row["payload"]) == json.loads(msgspec.json.encode(payload))
        assert {name: row[name] for name in HOISTED} == {name: payload.get(name) for name in HOISTED}
        found = texts(record)
        assert (None if row["texts"] is None else json.loads(row["texts"])) == (found or None)


@pytest.mark.parametrize("run", RUNS)
def test_every_record_of_a_run_is_there_once(run: Path):
    log, _ = corpus.open_run(run)
    has_its_events(log, rows_of(log)["events"])


@settings(max_examples=20)
@given(logs())
def test_every_record_is_there_once(log: MemoryLog):
    has_its_events(log, rows_of(log)["events"])


def test_every_kind_has_its_columns_and_its_texts():
    log = mixed([sealed([event], f"g-{number}") for number, event in enumerate(EXAMPLES.values()) if number_of(event)])
    has_its_events(log, rows_of(log)["events"])


def number_of(event: Any) -> bool:
    """Whether it can be the first record of a goal."""
    return kind_of(event) != "goal_forked.v1"


def test_an_erased_text_is_null():
    entries = sealed([EXAMPLES["goal_created.v1"], EXAMPLES["agent_said.v1"]], "g-a")
    log = MemoryLog()
    log.append("g-a", [forgotten(one) for one in entries], after=0)
    assert [row["texts"] for row in rows_of(log)["events"]] == [None, None]
    assert rows_of(mixed([entries]))["events"][0]["texts"] is not None


# --- verdicts ---


def has_its_verdicts(log: Log, rows: list[Row]) -> None:
    positions = position_of(log)
    for head in log.heads():
        own = [row for row in rows if row["goal"] == head.goal]
        first = min(positions[goal, seq] for goal, seq in positions if goal == head.goal)
        for row, one in zip(own, history_of(log, head.goal).verdicts(), strict=True):
            verdict = (row["seq"], time_of(row), row["kind"], row["status"], tuple(row["opened"]), tuple(row["closed"]))
            assert verdict == (one.seq, one.at, one.kind, one.status, one.opened, one.closed)
            assert row["position"] == positions.get((head.goal, one.seq), first)


@pytest.mark.parametrize("run", RUNS)
def test_the_verdicts_of_a_run_are_those_of_its_history(run: Path):
    log, _ = corpus.open_run(run)
    has_its_verdicts(log, rows_of(log)["verdicts"])


@pytest.mark.parametrize("run", RUNS)
def test_the_verdicts_of_a_run_are_those_on_record(run: Path, tmp_path: Path):
    log, _ = corpus.open_run(run)
    with Lake(Store(log, None, tmp_path, None)) as lake:
        rows = lake.sql("SELECT seq, recorded_at, kind, status, opened, closed FROM verdicts ORDER BY seq").to_arrow_table()
    told = [{**row, "at": time_of(row)} for row in rows.to_pylist()]
    for row in told:
        del row["recorded_at"]
    assert told == json.loads((run / corpus.VERDICTS).read_bytes())


@settings(max_examples=20)
@given(logs())
def test_the_verdicts_are_those_of_the_histories(log: MemoryLog):
    has_its_verdicts(log, rows_of(log)["verdicts"])


# --- goals, tasks ---


def has_its_goals(log: Log, rows: dict[str, list[Row]]) -> None:
    for head in log.heads():
        (*_, moment) = moments(history_of(log, head.goal))
        document = state_document(moment.state, moment.proof)
        row = next(row for row in reversed(rows["goals"]) if row["goal"] == head.goal)
        assert (row["seq"], row["status"], row["phase"]) == (head.seq, document["status"], document["phase"])
        assert (row["kind"], row["tree"] or "") == (document["kind"], document["tree"] or "")
        assert (time_of(row, "created_at"), time_of(row)) == (document["created_at"], document["updated_at"])
        assert (row["repository"], row["base_branch"], row["base_commit"]) == based(document)
        assert row["gaps"] == len(moment.proof.gaps)
        assert (row["files"], row["tasks"]) == (len(document["changes"]), len(document["tasks"]))
        state: Any = moment.state
        spent = (row["active_ms"], row["tokens"], row["micro_usd"])
        assert spent == (state.budget.used_ms, state.budget.used_tokens, state.budget.used_micro_usd)
        agents = (row["agent_runs"], row["messages"], row["tool_calls"], row["tool_failures"])
        assert agents == (state.agent.runs, state.agent.messages, state.agent.tool_calls, state.agent.tool_failures)
        has_its_tasks(document, [row for row in rows["tasks"] if row["goal"] == head.goal])


def based(document: Row) -> tuple[Any, ...]:
    repository, base = document["repository"] or {}, document["base"] or {}
    return repository.get("id"), base.get("branch"), base.get("commit")


def has_its_tasks(document: Row, rows: list[Row]) -> None:
    newest = {row["task"]: row for row in rows}
    told = {one["id"]: (one["role"], one["status"], one["attempts"], one["holder"]) for one in document["tasks"]}
    assert {name: (row["role"], row["status"], row["attempts"], row["holder"]) for name, row in newest.items()} == told


@pytest.mark.parametrize("run", RUNS)
def test_goals_and_tasks_of_a_run_are_those_of_its_fold(run: Path):
    log, _ = corpus.open_run(run)
    has_its_goals(log, rows_of(log))


@settings(max_examples=20)
@given(logs())
def test_goals_and_tasks_are_those_of_the_fold(log: MemoryLog):
    has_its_goals(log, rows_of(log))


# --- usage, files ---


@settings(max_examples=20)
@given(logs())
def test_usage_and_files_are_those_of_the_events(log: MemoryLog):
    rows = rows_of(log)
    spent, changed = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
    for position, record in log.follow():
        event = record.event
        if isinstance(event, UsageReported):
            more = (event.agent, event.active_ms, event.tokens_in, event.tokens_out, event.tokens_cached, event.micro_usd)
            spent.append((position, record.seq, *more))
        if isinstance(event, FilesChanged):
            place = (position, record.goal, record.seq, event.task, event.agent, event.tree)
            changed += [(*place, one.path, one.operation, one.old, one.new, one.old_mode, one.mode) for one in event.changes]
    columns = ("position", "seq", "agent", "active_ms", "tokens_in", "tokens_out", "tokens_cached", "micro_usd")
    assert [tuple(row[name] for name in columns) for row in rows["usage"]] == spent
    others = ("position", "goal", "seq", "task", "agent", "tree", "path", "operation", "old", "new", "old_mode", "mode")
    assert [tuple(row[name] for name in others) for row in rows["files"]] == changed


@pytest.mark.parametrize("run", RUNS)
def test_what_a_run_spent_is_the_sum_of_its_reports(run: Path, tmp_path: Path):
    log, goal = corpus.open_run(run)
    (*_, moment) = moments(history_of(log, goal))
    budget = moment.state.budget
    with Lake(Store(log, None, tmp_path, None)) as lake:
        (row,) = lake.sql("SELECT sum(active_ms), sum(tokens), sum(micro_usd) FROM usage").fetchall()
    inherited = (budget.inherited_ms, budget.inherited_tokens, budget.inherited_micro_usd)
    used = (budget.used_ms, budget.used_tokens, budget.used_micro_usd)
    assert tuple((one or 0) + more for one, more in zip(row, inherited, strict=True)) == used


# --- forks ---


@settings(max_examples=20)
@given(logs().filter(lambda log: any(head.goal == FORK for head in log.heads())))
def test_a_fork_has_what_it_inherited_in_its_states_and_verdicts_and_not_in_its_events(log: MemoryLog):
    rows = rows_of(log)
    first = next(iter(log.bodies(FORK))).seq
    events = [row["seq"] for row in rows["events"] if row["goal"] == FORK]
    assert events == list(range(first, first + len(events)))
    inherited = [row for row in rows["state_changes"] if row["goal"] == FORK and row["seq"] < first]
    parent = [row for row in rows["state_changes"] if row["goal"] == "g-a" and row["seq"] < first]
    different = {(row["seq"], row["path"]) for row in inherited} ^ {(row["seq"], row["path"]) for row in parent}
    assert {path for _, path in different} <= {"goal.id"}
    assert all(row["seq"] >= first for name in ("tools", "gates", "agents") for row in rows[name] if row["goal"] == FORK)
