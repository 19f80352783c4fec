"""The status while folding: what it is judged by is declared, and judging it only then is judging it always."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omk.domain.proof.standing import Judge
from omk.domain.proof.status import Status, status_of
from omk.domain.state import INITIAL, fold
from omk.domain.subjects.review import ReviewBlocked
from omk.domain.wanted import ASK, CONTROLLING_READS, REQUEST_READS, asked, controlling
from tests.domain.simulated import Simulated
from tests.histories import histories
from tests.history import STORIES
from tests.noise import noise
from tests.scenario import create, gate_named, gates, goal, order, policy
from tests.watched import Watched, is_declared


def reads_of(function, state):
    seen: set[str] = set()
    watched: Any = Watched(state, seen)
    return seen, function(watched)


WORLDS = {
    "all is well": Simulated(),
    "a gate fails twice": Simulated(gate=lambda _, attempt: "passed" if attempt > 2 else "failed"),
    "the agent fails": Simulated(agent=lambda attempt: "failed" if attempt == 1 else "succeeded"),
    "nothing is written": Simulated(writes=lambda _: False),
    "a review objects": Simulated(review=ReviewBlocked),
}


@cache
def driven(name):
    """All that a controller does for a goal, one record after the other."""
    asked_for = order("execute", "verify", "review", "accept", "merge", max_attempts=3)
    story = goal.given(
        create(accept="auto", merge="gated"), gates(gate_named()), policy(stagnation_warmup=0, stagnation_window=2), asked_for
    )
    return WORLDS[name].drive(story).records


def check(records, often=1):
    judged = Judge()
    status = Status(judged)
    for record in records:
        judged.add(record)
        if record.seq % often == 0:
            assert status.now() == status_of(judged.state, is_ready=not judged.open), record.event


@settings(max_examples=200)
@given(histories() | histories(most=60) | noise())
def test_the_status_is_judged_by_nothing_but_what_is_declared(records):
    state = fold(records)
    seen, (rows, effects) = reads_of(asked, state)
    declared = [*REQUEST_READS, *(read for row in ASK[:rows] for read in row.reads)]
    assert [path for path in seen if not is_declared(path, declared)] == []
    assert (rows, effects) == asked(state)
    seen, ruling = reads_of(controlling, state)
    assert [path for path in seen if not is_declared(path, CONTROLLING_READS)] == []
    assert ruling == controlling(state)


def test_what_is_declared_to_rule_is_looked_at():
    seen, _ = reads_of(controlling, INITIAL)
    assert seen == set(CONTROLLING_READS)


@settings(max_examples=150)
@given(histories() | histories(most=60) | noise(), st.integers(1, 3))
def test_a_status_that_is_judged_only_when_it_has_to_be_is_the_status(records, often):
    check(records, often)


@pytest.mark.parametrize("name", WORLDS)
def test_the_same_while_a_controller_is_at_work(name):
    records = driven(name)
    check(records)
    for seq in range(len(records) + 1):
        state = fold(records[:seq])
        seen, (rows, _) = reads_of(asked, state)
        declared = [*REQUEST_READS, *(read for row in ASK[:rows] for read in row.reads)]
        assert [path for path in seen if not is_declared(path, declared)] == []


def test_every_row_of_what_may_be_wanted_is_met():
    met = {asked(fold(driven(name)[:seq]))[0] for name in WORLDS for seq in range(len(driven(name)))}
    assert met >= set(range(1, len(ASK) + 1))


@pytest.mark.parametrize("name", STORIES)
def test_the_same_in_every_story(name):
    check(STORIES[name].records)
