"""The fewest missing events close every gap: supposed to come after the log, they leave nothing that blocks."""

import pytest
from hypothesis import HealthCheck, assume, given, settings

from omk.domain.event import Recorded
from omk.domain.proof.gaps import Missing
from omk.replay.explain.why import fewest
from omk.replay.history import History
from omk.replay.suppose.whatif import WhatIf, what_if
from tests.histories import histories
from tools import corpus

RUNS = [pytest.param(folder, id=folder.name) for folder in corpus.folders([])]


def named_at(history: History, seq: int) -> list[Missing]:
    return fewest(history.moment(seq).proof.gaps)


def after(history: History, seq: int, events: list[Missing]) -> WhatIf:
    return what_if(history, seq, add=events)


@pytest.mark.parametrize("run", RUNS)
def test_what_is_named_at_any_moment_of_a_recorded_run_closes_all_that_is_open(run):
    log, goal = corpus.open_run(run)
    history = corpus.history_of(log, goal)
    (head,) = log.heads()
    asked = 0
    for seq in range(1, head.seq + 1):
        named = named_at(history, seq)
        if named:
            assert after(history, seq, named).after.gaps == (), f"at @{seq}: {named}"
            asked += 1
    assert asked


@settings(max_examples=150, suppress_health_check=[HealthCheck.filter_too_much])
@given(histories())
def test_what_is_named_in_any_history_closes_all_that_is_open(records: list[Recorded]):
    history = History("g", lambda low, high: iter(records[low : len(records) if high is None else high]))
    named = named_at(history, len(records))
    assume(named and all(one.kind != "files_changed.v1" for one in named))  # another change makes what holds now stale
    assert after(history, len(records), named).after.gaps == (), named
