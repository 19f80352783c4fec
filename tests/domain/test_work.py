"""What an attempt left becomes part of the goal at once, or a slice; a holder whose lease is over lands nothing."""

import pytest

from omk.domain.due import passed
from omk.domain.subjects.lease import ExpireLease, LeaseExpired, RenewLease
from omk.domain.subjects.slice import SliceRecorded
from omk.domain.subjects.task import FinishTask
from omk.domain.subjects.worktree import ScopeViolated
from omk.domain.values import Unreadable
from tests.scenario import (
    BOT,
    change,
    claim,
    create,
    done,
    gate_named,
    gates,
    goal,
    landing,
    left,
    three_tasks,
    time,
    tree,
    work,
)

BEGUN = goal.given(create(), gates(gate_named()), three_tasks(), claim("t1"), *work("t1"), claim("t2"), *work("t2"))
MOVED = BEGUN.given(left("t1", "base", "one"))
LATE = ExpireLease(actor=BOT, task="t1", now=time(1000))


def test_work_on_the_goals_tree_is_a_change_of_it():
    command = left("t1", "base", "one")
    BEGUN.when(command).then(command.changed)


def test_work_on_a_tree_that_has_moved_on_is_a_slice_which_the_tree_does_not_have_yet():
    story = MOVED.when(left("t2", "base", "two"))
    assert [type(one.event) for one in story.new] == [SliceRecorded]
    assert story.state.worktree.tree == tree("one")


def test_nothing_made_is_nothing_recorded():
    BEGUN.when(left("t1", "base", "base")).then_nothing()
    MOVED.when(left("t2", "base", "base")).then_nothing()


def test_what_another_task_made_already_is_no_news():
    MOVED.when(left("t2", "base", "one")).then_nothing()


def test_what_lies_outside_the_write_set_is_said_when_it_lands():
    made = change("setup.cfg", "new", None)
    told = BEGUN.when(left("t1", "base", "one", made, outside=("setup.cfg",)))
    assert told.new[-1].event == ScopeViolated(task="t1", tree=tree("one"), paths=("setup.cfg",))
    waiting = MOVED.given(left("t2", "base", "two", made, outside=("setup.cfg",)))
    assert "scope.respected" not in waiting.gaps
    assert "scope.respected" in waiting.given(landing("t2", "one", "both", made)).gaps


def test_a_slice_lands_only_on_the_tree_it_was_merged_with():
    waiting = MOVED.given(left("t2", "base", "two"))
    waiting.when(landing("t2", "base", "both")).then_refused(because="Merge again")
    MOVED.when(landing("t2", "one", "both")).then_nothing()


def test_what_could_not_be_read_of_one_tasks_work_is_not_forgotten_by_anothers():
    gone = (Unreadable(path="a/pipe", reason="fifo"),)
    story = BEGUN.given(left("t1", "base", "one", unreadable=gone), landing("t1", "base", "one"))
    assert story.state.worktree.unreadable == gone
    story = story.given(left("t2", "base", "two"), landing("t2", "one", "both"))
    assert story.state.worktree.unreadable == gone


@pytest.mark.parametrize("fence", [0, 2])
def test_only_the_holders_fence_lands(fence):
    BEGUN.when(left("t1", "base", "one", fence=fence)).then_refused(because="is over")


def test_a_lease_that_is_over_lands_nothing_and_ends_no_task():
    story = BEGUN.given(LATE)
    story.when(left("t1", "base", "one")).then_refused(because="is over")
    story.when(done("t1")).then_nothing()
    assert story.state.worktree.tree == tree("base")
    assert story.state.task["t1"].status == "pending"


def test_the_next_holder_lands_and_the_late_one_does_not():
    story = BEGUN.given(LATE, claim("t1", now=1000), *work("t1", attempt=2))
    story.when(left("t1", "base", "late", fence=1)).then_refused(because="is over")
    story = story.given(left("t1", "base", "one", attempt=2, fence=2), FinishTask(actor=BOT, task="t1", attempt=2))
    assert story.state.task["t1"].status == "done"


def test_a_task_that_nobody_claimed_lands_nothing():
    story = goal.given(create(), gates(gate_named()), three_tasks())
    story.when(left("t1", "base", "one", fence=0)).then_refused(because="is over")


# --- Leases, as time passes ---


def test_time_takes_a_task_from_a_silent_holder():
    assert passed(BEGUN.state, time(999), BOT) == []
    story = BEGUN.given(*passed(BEGUN.state, time(1000), BOT))
    assert [one.event for one in story.records[-2:]] == [LeaseExpired(task=name, fence=1) for name in ("t1", "t2")]


def test_a_renewed_lease_is_due_later():
    renewal = RenewLease(actor=BOT, task="t1", fence=1, now=time(10), lease_ends=time(2000))
    story = BEGUN.given(renewal)
    assert passed(story.state, time(1000), BOT) == [ExpireLease(actor=BOT, task="t2", now=time(1000))]
    story.when(renewal).then_nothing()


def test_a_lease_that_is_over_is_not_renewed():
    over = RenewLease(actor=BOT, task="t1", fence=1, now=time(1000), lease_ends=time(2000))
    BEGUN.when(over).then_refused(because="is over")


def test_a_slice_that_waits_is_not_lost_to_time():
    waiting = MOVED.given(done("t1"), left("t2", "base", "two"))
    assert passed(waiting.state, time(10_000), BOT) == []


def test_a_task_in_the_way_of_a_held_one_is_not_claimed_until_that_lease_is_over():
    BEGUN.when(claim("t3", now=10)).then_refused(because="holds t1")
    story = BEGUN.when(claim("t3", now=1000))
    assert story.refusal is None
