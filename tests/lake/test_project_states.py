"""State changes: what is stored of a goal's states, pivoted at any event, is the fold at that event."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from omk.lake.session import Lake
from omk.lake.store import Store
from omk.log.memory import MemoryLog
from omk.log.protocol import Log
from omk.replay.query.difference import difference
from omk.replay.query.values import plain
from tests.lake.logs import history_of, logs, moments, projected, rows_of, state_at
from tools import corpus

RUNS = [pytest.param(folder, id=folder.name) for folder in corpus.folders([])]
Rows = list[dict[str, Any]]


def changes_of(rows: Rows, goal: str) -> Rows:
    return [row for row in rows if row["goal"] == goal]


def pivoted(rows: Rows, seq: int) -> dict[str, str]:
    """The last new value of each path up to an event; rows come in the order of the log."""
    found = {row["path"]: row["new"] for row in rows if row["seq"] <= seq}
    return {path: new for path, new in found.items() if new is not None}


def has_the_states_of(log: Log, rows: Rows) -> None:
    """Each goal's rows tell each of its states, and nothing that did not change."""
    for head in log.heads():
        before: dict[str, str] = {}
        own = changes_of(rows, head.goal)
        for moment in moments(history_of(log, head.goal)):
            now = state_at(moment)
            new = {row["path"]: row["new"] for row in own if row["seq"] == moment.state.seq}
            expected = {path: now.get(path) for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
            assert new == expected, moment.state.seq
            before = now
        assert len({(row["seq"], row["path"]) for row in own}) == len(own)


@pytest.mark.parametrize("run", RUNS)
def test_pivoted_at_any_event_they_are_the_state_of_a_recorded_run(run: Path):
    log, goal = corpus.open_run(run)
    rows = rows_of(log)["state_changes"]
    for moment in moments(history_of(log, goal)):
        assert pivoted(rows, moment.state.seq) == state_at(moment), moment.state.seq


@pytest.mark.parametrize("run", RUNS)
def test_they_are_changes_and_nothing_else(run: Path):
    log, _ = corpus.open_run(run)
    has_the_states_of(log, rows_of(log)["state_changes"])


@settings(max_examples=30)
@given(logs())
def test_they_are_those_of_whatever_a_goal_may_live_through(log: MemoryLog):
    has_the_states_of(log, rows_of(log)["state_changes"])


@pytest.mark.parametrize("run", RUNS)
def test_a_difference_from_the_beginning_tells_the_same_values(run: Path):
    log, goal = corpus.open_run(run)
    history, rows = history_of(log, goal), rows_of(log)["state_changes"]
    last = log.heads()[0].seq
    for seq in {1, last // 3, last // 2, last}:
        state = pivoted(rows, seq)
        known = {row["path"] for row in rows}
        for change in difference(history, 0, seq):
            if change.path in known and change.new is not None:
                assert state[change.path] == msgspec.json.encode(plain(change.new)).decode()
            elif change.path in known:
                assert change.path not in state


@pytest.mark.parametrize("run", RUNS)
def test_the_macro_tells_the_state_at_an_event(run: Path, tmp_path: Path):
    log, goal = corpus.open_run(run)
    told = list(moments(history_of(log, goal)))
    with Lake(Store(log, None, tmp_path, None)) as lake:
        for seq in {1, len(told) // 2, len(told)}:
            rows = lake.sql(f"SELECT path, value FROM state_at('{goal}', {seq})").fetchall()
            assert dict(rows) == state_at(told[seq - 1])


PROGRAM = """
import sys
from tools import corpus
from tests.lake.logs import projected
for folder in corpus.folders([]):
    log, _ = corpus.open_run(folder)
    print([(end, {name: table.to_pylist() for name, table in tables.items()}) for end, tables in projected(log)])
"""


def test_the_rows_and_their_order_are_the_same_in_every_process():
    """Hashes of strings are others in each process, and nothing may depend on them."""
    here = [str(Path(__file__).parents[2])]
    made = {
        subprocess.run(
            (sys.executable, "-c", PROGRAM), env={"PYTHONHASHSEED": seed, "PYTHONPATH": here[0]}, capture_output=True, check=True
        ).stdout
        for seed in "12"
    }
    assert len(made) == 1


def test_no_record_makes_no_rows():
    assert projected(MemoryLog()) == []
