"""A slice that waits to be merged: its agent does not run again, and no other attempt at its task begins before."""

import pytest

from omk.domain.effects import MergeSlice, RunAgent
from omk.domain.subjects.controller import AbortEffect
from omk.domain.subjects.slice import RecordSlice, SliceRecorded
from omk.domain.subjects.task import StartTask
from omk.domain.wanted import wanted
from tests.scenario import BOT, change, create, gate_named, gates, goal, order, tree, two_tasks

WAITS = RecordSlice(
    actor=BOT,
    made=SliceRecorded(
        task="t1",
        attempt=1,
        fence=1,
        base=tree("base"),
        tree=tree("slice"),
        changes=(change("one.py"),),
        unreadable=(),
        outside=(),
    ),
)
BEGUN = (
    create(max_agents=2),
    gates(gate_named()),
    two_tasks(),
    order("execute"),
    StartTask(actor=BOT, task="t1", worker="agent:t1:1"),
    WAITS,
)


def wanted_of_t1(*more):
    return [one for one in wanted(goal.given(*BEGUN, *more).state) if getattr(one, "task", None) == "t1"]


def test_whoever_takes_over_merges_the_slice_and_does_not_ask_the_agent_again():
    assert wanted_of_t1(order(name="c-2", resumes="c-1")) == [MergeSlice(task="t1", attempt=1)]


@pytest.mark.parametrize("resumes", [None, "c-1"])
def test_what_an_attempt_left_that_was_given_up_is_merged_before_the_next_one_begins(resumes):
    given_up = AbortEffect(actor=BOT, obligation="task:t1:1", reason="The agent was stopped.")
    wants = wanted_of_t1(given_up, order("execute", name="c-2", resumes=resumes))
    assert wants == [MergeSlice(task="t1", attempt=1)]
    assert RunAgent(task="t1", attempt=2) not in wants
