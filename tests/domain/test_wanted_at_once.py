"""What is wanted of several tasks: as many at once as may be, none in another's way, all of it exactly once."""

from itertools import combinations, count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omk.domain.collisions import collide
from omk.domain.effects import MergeSlice, RunAgent, TryAgain
from omk.domain.event import Recorded
from omk.domain.goal_decider import decide
from omk.domain.proof.holds import executors
from omk.domain.state import INITIAL, GoalState, evolve, fold
from omk.domain.subjects.controller import AbortEffect
from omk.domain.subjects.goal import CancelGoal, PauseGoal
from omk.domain.subjects.lease import ExpireLease
from omk.domain.subjects.slice import SliceRecorded
from omk.domain.subjects.task import FailTask, Task
from omk.domain.subjects.worktree import FilesChanged
from omk.domain.wanted import beside, wanted
from omk.errors import Refused
from tests.domain.crowd import Crowd, crashed
from tests.histories import histories
from tests.scenario import (
    ANN,
    BOT,
    Story,
    claim,
    create,
    done,
    gate_named,
    gates,
    goal,
    landing,
    left,
    order,
    three_tasks,
    time,
    work,
)


def begun(*, agents: int = 2, max_attempts: int = 1, **tasks: dict[str, object]) -> Story:
    """A goal with three tasks whose controller has begun; *tasks* are fields of a task, by its name."""
    created = create(max_agents=agents, accept="auto")
    return goal.given(created, gates(gate_named()), three_tasks(**tasks), order("execute", max_attempts=max_attempts))


def runs(story: Story) -> list[str]:
    """The tasks whose agents are wanted."""
    return [one.task for one in wanted(story.state) if isinstance(one, RunAgent)]


# --- Which tasks ---


def test_tasks_that_are_in_nobodys_way_are_wanted_at_once():
    assert runs(begun(agents=3)) == ["t1", "t2"]


def test_no_more_agents_than_asked_for():
    assert runs(begun(agents=1)) == ["t1"]
    assert runs(begun(agents=1).given(claim("t1"), *work("t1")[:2])) == ["t1"]


def test_the_most_urgent_first():
    assert runs(begun(agents=1, t2={"priority": 5})) == ["t2"]
    assert runs(begun(t3={"priority": 5})) == ["t3", "t2"]


def test_what_a_task_reads_is_not_written_beside_it():
    assert runs(begun(t2={"read_set": ("a/deep/part",)})) == ["t1"]


def test_tasks_that_may_write_anything_are_alone():
    assert runs(begun(t1={"write_set": ()})) == ["t1"]


def test_a_dependency_has_to_succeed():
    story = begun(t2={"dependencies": ("t1",)}, t3={"dependencies": ("t1",)}).given(claim("t1"), *work("t1"))
    assert runs(story) == ["t1"]
    failed = story.given(FailTask(actor=BOT, task="t1", attempt=1, reason="It broke."))
    assert runs(failed) == []
    assert runs(story.given(left("t1", "base", "one"), done("t1"))) == ["t2", "t3"]


def test_a_task_is_in_the_way_until_its_slice_has_landed():
    story = begun(agents=3).given(claim("t1"), *work("t1"), claim("t2"), *work("t2"))
    story = story.given(left("t2", "base", "two"), done("t2"), left("t1", "base", "one"))
    assert wanted(story.state) == (MergeSlice(task="t1", attempt=1),)
    landed = story.given(landing("t1", "two", "both"), done("t1"))
    assert runs(landed) == ["t3"]


def test_a_slice_whose_attempt_was_given_up_lands_before_the_next_attempt():
    story = begun(agents=3).given(claim("t1"), *work("t1"), claim("t2"), *work("t2"))
    story = story.given(left("t2", "base", "two"), done("t2"), left("t1", "base", "one"))
    owed = next(name for name in story.state.obligation if name.startswith("task:t1"))
    story = story.given(AbortEffect(actor=BOT, obligation=owed, reason="The agent was stopped."))
    assert story.state.task["t1"].status == "pending"
    assert wanted(story.state) == (MergeSlice(task="t1", attempt=1),)


def test_slices_land_oldest_first_and_one_after_the_other():
    story = begun(agents=3, t3={"write_set": ("c",)})
    for name in ("t1", "t2", "t3"):
        story = story.given(claim(name), *work(name))
    story = story.given(left("t2", "base", "two"), done("t2"), left("t3", "base", "three"), left("t1", "base", "one"))
    assert wanted(story.state) == (MergeSlice(task="t3", attempt=1),)


def test_a_failed_task_is_tried_again_at_once_while_others_run():
    story = begun(max_attempts=2).given(claim("t1"), *work("t1"), claim("t2"), *work("t2")[:2])
    story = story.given(FailTask(actor=BOT, task="t1", attempt=1, reason="It broke."))
    assert [one.task for one in wanted(story.state) if isinstance(one, TryAgain)] == ["t1"]
    assert runs(story) == ["t2", "t3"]


def test_a_task_whose_lease_is_over_is_wanted_again():
    story = begun().given(claim("t1"), *work("t1")[:2], claim("t2"), *work("t2")[:2])
    story = story.given(ExpireLease(actor=BOT, task="t1", now=time(1000)))
    assert wanted(story.state) == (RunAgent(task="t2", attempt=1), RunAgent(task="t1", attempt=2))


@pytest.mark.parametrize("command", [PauseGoal(actor=ANN), CancelGoal(actor=ANN)])
def test_a_word_stops_all_of_them(command):
    assert wanted(begun().given(claim("t1"), *work("t1")[:2], command).state) == ()


# --- To the end ---


def test_two_at_once_come_to_the_same_end_as_one_after_the_other():
    numbers = count()
    many, one = Crowd(lambda jobs: next(numbers) % jobs), Crowd()
    ends = [world.drive(begun(agents=agents)) for world, agents in ((many, 2), (one, 1))]
    assert (many.most, one.most) == (2, 1)
    assert len({story.state.worktree.tree for story in ends}) == 1
    assert {story.state.task[name].status for story in ends for name in ("t1", "t2", "t3")} == {"done"}


def turns(data: st.DataObject, *, unlucky: bool = True) -> Crowd:
    """A crowd in which Hypothesis says whose turn it is, and which first attempts go wrong."""
    bad = data.draw(st.sets(st.sampled_from(("t1", "t2", "t3")))) if unlucky else set()
    meets = data.draw(st.sets(st.sampled_from(("t1", "t2", "t3")))) if unlucky else set()
    return Crowd(
        lambda count: data.draw(st.integers(0, count - 1)),
        fails=lambda task, attempt: task in bad and attempt == 1,
        meets=lambda task, attempt: task in meets and attempt < 3,
    )


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_whoever_is_faster_each_tasks_work_is_in_the_tree_once(data):
    world = turns(data)
    story = world.drive(begun(agents=data.draw(st.integers(1, 3)), max_attempts=5))
    assert world.works[story.state.worktree.tree] == {"t1", "t2", "t3"}
    assert set(story.state.worktree.owners) == {"t1", "t2", "t3"}
    assert {story.state.task[name].status for name in ("t1", "t2", "t3")} == {"done"}
    assert len(world.merged) == len(set(world.merged))
    for moment in world.moments:
        at_work = [one for one in executors(moment.state) if one.status == "running"]
        assert not any(collide(left, right) for left, right in combinations(at_work, 2))


@settings(max_examples=10, deadline=None)
@given(st.data())
def test_after_a_crash_anywhere_the_same_work_is_wanted_and_it_comes_to_the_same_end(data):
    world = turns(data, unlucky=False)
    end = world.drive(begun(agents=2, max_attempts=5))
    for moment in world.moments:
        after = crashed(moment)
        assert _what(after) == _what(moment)
        assert set(after.state.slice.waiting) == set(moment.state.slice.waiting)
    again = Crowd()
    again.works = world.works
    assert again.drive(crashed(data.draw(st.sampled_from(world.moments)))).state.worktree.tree == end.state.worktree.tree


def _what(story: Story) -> set[tuple[str, str]]:
    return {(type(one).__name__, getattr(one, "task", "")) for one in wanted(story.state)}


# --- At any position of any history ---


@settings(max_examples=60, deadline=None)
@given(histories())
def test_nobody_holds_what_another_holds_or_writes_where_another_does(records: list[Recorded]):
    for state in _states(records):
        held = [one for one in state.task.values() if _is_held(one, state)]
        assert not any(collide(left, right) for left, right in combinations(held, 2))


def _is_held(task: Task, state: GoalState) -> bool:
    return task.holder is not None and task.lease_ends is not None and state.at < task.lease_ends


@settings(max_examples=60, deadline=None)
@given(histories())
def test_only_who_holds_the_fence_lands_and_each_slice_lands_once(records: list[Recorded]):
    before = INITIAL
    for record in records:
        event, after = record.event, evolve(before, record)
        if isinstance(event, SliceRecorded):
            assert before.task[event.task].holder is not None
            assert before.task[event.task].fence == event.fence
        if isinstance(event, FilesChanged) and event.task in before.slice.waiting:
            assert event.task not in after.slice.waiting
            assert event.task not in after.slice.conflicts
            assert event.task in after.worktree.owners
        before = after


@settings(max_examples=60, deadline=None)
@given(histories(), st.sampled_from(("t1", "t2", "t3")), st.integers(-1, 4))
def test_a_fence_that_is_not_the_holders_is_refused(records: list[Recorded], name: str, fence: int):
    state = fold(records)
    task = state.task.get(name)
    if not state.seq or state.strange or (task is not None and task.holder is not None and task.fence == fence):
        return
    command = left(name, "base", "late", attempt=1, fence=fence)
    with pytest.raises(Refused, match="is over"):
        decide(command, state)


@settings(max_examples=60, deadline=None)
@given(histories(), st.integers(1, 4))
def test_what_is_begun_is_in_nobodys_way(records: list[Recorded], room: int):
    state = fold(records)
    tasks = executors(state)
    at_work = [one for one in tasks if one.status == "running" or one.id in state.slice.waiting]
    new = beside(at_work, [one for one in tasks if one.status == "pending"], room)
    assert len(new) <= room
    for one, other in combinations((*at_work, *new), 2):
        assert not collide(one, other) or {one, other} <= set(at_work)
    begins = [one.task for one in wanted(state) if isinstance(one, RunAgent) and state.task[one.task].status == "pending"]
    for name in begins:
        assert name not in state.slice.waiting
        assert not any(collide(state.task[name], other) for other in at_work)
    assert not any(collide(state.task[one], state.task[other]) for one, other in combinations(begins, 2))


def _states(records: list[Recorded]):
    state = INITIAL
    for record in records:
        state = evolve(state, record)
        yield state
