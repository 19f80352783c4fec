"""Windows: wherever a projection begins, it makes the rows that one from the first record on makes."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omk.domain.checkpoint import Checkpoint
from omk.lake import lane
from omk.lake.lane import Lane
from omk.log.memory import MemoryLog
from omk.log.protocol import Log
from omk.log.snapshots import Snapshots
from tests.lake.logs import head_of, history_of, logs, mixed, projected, sealed
from tools import corpus
from tools.examples import EXAMPLES

RUNS = [pytest.param(folder, id=folder.name) for folder in corpus.folders([])]


STARTS = 12
"""Beginnings that are tried in one log, evenly apart: each one costs a projection of all that follows."""


def begins_anywhere(log: Log, window: int, folder: Path | None = None) -> None:
    """Beginning after any window makes every later one as it was made before, table by table."""
    whole = projected(log, window=window)
    starts = range(window, head_of(log), window)
    for start in starts[:: -(-len(starts) // STARTS) or 1]:
        begun = projected(log, window=window, start=start, folder=folder)
        expected = [one for one in whole if one[0] > start]
        assert [end for end, _ in begun] == [end for end, _ in expected]
        for (end, now), (_, before) in zip(begun, expected, strict=True):
            for name, table in before.items():
                assert now[name].equals(table), (start, end, name, now[name].to_pylist(), table.to_pylist())


@settings(max_examples=12)
@given(logs(), st.integers(1, 9))
def test_a_projection_may_begin_after_any_window(log: MemoryLog, window: int):
    begins_anywhere(log, window)


@settings(max_examples=10)
@given(logs(), st.integers(1, 5), st.integers(1, 4))
def test_a_projection_may_begin_from_snapshots(
    tmp_path_factory: pytest.TempPathFactory, log: MemoryLog, window: int, spacing: int
):
    folder = tmp_path_factory.mktemp("store")
    for head in log.heads():
        history, kept = history_of(log, head.goal), Snapshots(folder, log, head.goal, spacing=spacing)
        first = next(iter(log.bodies(head.goal))).seq
        for seq in range(first + spacing - 1, head.seq + 1, spacing):
            judge = history.judge_at(seq)
            kept.write(Checkpoint(seq=seq, head=judge.state.head, state=judge.state, standing=judge.standing))
    begins_anywhere(log, window, folder)


@pytest.mark.parametrize("run", RUNS)
def test_a_recorded_run_may_be_gone_on_with_from_any_window(run: Path):
    log, _ = corpus.open_run(run)
    begins_anywhere(log, 5)


@settings(max_examples=10)
@given(logs(), st.integers(1, 3))
def test_a_goal_that_was_forgotten_is_folded_again(log: MemoryLog, window: int):
    whole = projected(log, window=window)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(lane, "REMEMBERED", 1)
        again = projected(log, window=window)
    assert [end for end, _ in again] == [end for end, _ in whole]
    for (_, now), (_, before) in zip(again, whole, strict=True):
        assert all(now[name].equals(table) for name, table in before.items())


@settings(max_examples=30)
@given(logs(most=9), st.integers(1, 5))
def test_the_lanes_share_the_goals(log: MemoryLog, window: int):
    head = head_of(log)
    made = [[one.tables() for _, one in Lane(log, number, 0, None, window=window).windows(head)] for number in range(2)]
    whole = [tables for _, tables in projected(log, window=window)]
    for first, second, both in zip(*made, whole, strict=True):
        for name, table in both.items():
            assert in_order(first[name].to_pylist() + second[name].to_pylist()) == in_order(table.to_pylist())


def in_order(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(map(repr, rows))


@settings(max_examples=30)
@given(logs(most=9), st.integers(1, 5))
def test_a_cheap_lane_makes_the_same_events(log: MemoryLog, window: int):
    cheap = Lane(log, 0, 0, None, is_cheap=True, window=window).windows(head_of(log), count=1)
    for (_, made), (_, tables) in zip(cheap, projected(log, window=window), strict=True):
        assert made.tables()["events"].equals(tables["events"])


def test_a_fork_that_was_recorded_in_the_middle_of_a_goal_begins_none():
    forked = EXAMPLES["goal_forked.v1"]
    log = mixed([sealed([EXAMPLES["goal_created.v1"], EXAMPLES["agent_said.v1"], forked, EXAMPLES["agent_said.v1"]], "g-a")])
    begins_anywhere(log, 2)
