from msgspec.structs import replace

from omk.domain.plan import EXECUTE
from omk.domain.subjects.controller import AbortEffect, ControllerStarted, ControllerStopped
from omk.domain.subjects.goal import CancelGoal, PauseGoal
from omk.domain.subjects.task import TaskRetried
from tests.scenario import ANN, BOT, CREATED, READY, WORKED, gate_run, goal, let_go, order, work


def test_a_goal_has_one_controller_at_a_time():
    second = replace(order(name="c-2"), alive=True)
    goal.given(*CREATED, order()).when(second).then_refused(because="c-1 (process 4700) works on this goal")


def test_a_controller_that_died_is_succeeded():
    story = goal.given(*CREATED, order()).when(order(name="c-2"))
    assert story.state.controller.active.controller == "c-2"


def test_a_controller_starts_once_and_stops_once():
    story = goal.given(*CREATED, order())
    story.when(order()).then_nothing()
    story = story.when(let_go()).then(ControllerStopped(controller="c-1", reason="done"))
    story.when(let_go()).then_nothing()
    assert story.state.controller.request is None


def test_a_controller_that_was_succeeded_cannot_stop_the_new_one():
    goal.given(*CREATED, order(), order(name="c-2")).when(let_go("c-1")).then_nothing()


def test_a_goal_that_is_over_takes_no_controller():
    goal.given(*CREATED, CancelGoal(actor=ANN)).when(order()).then_refused(because="This is final")
    goal.given(*CREATED, PauseGoal(actor=ANN)).when(order()).then_refused(because="omk resume")
    goal.given(*READY).when(order("verify")).then_refused(because="is ready")


def test_a_ready_goal_is_merged_all_the_same():
    assert isinstance(goal.given(*READY).when(order("merge")).new[0].event, ControllerStarted)


def test_an_order_to_execute_opens_the_agents_finished_task_again():
    story = goal.given(*WORKED).when(order("execute"))
    assert story.new[1].event == TaskRetried(task=EXECUTE, attempt=2, reason="asked to execute again")


def test_an_order_to_verify_leaves_the_agents_task_alone():
    assert len(goal.given(*WORKED).when(order("verify")).new) == 1


def test_a_resumed_order_goes_on_where_the_dead_controller_was():
    died = goal.given(*CREATED, order("execute", "verify", max_attempts=3), *work())
    story = died.given(order(name="c-2", resumes="c-1"))
    assert len(story.new) == 1
    request = story.state.controller.request
    assert (request.steps, request.max_attempts, dict(request.tries)) == (("execute", "verify"), 3, {EXECUTE: 1})


def test_an_effect_is_aborted_once_and_only_while_it_is_owed():
    abort = AbortEffect(actor=BOT, obligation="gate:tests:1", reason="gone")
    goal.given(*WORKED).when(abort).then_nothing()
    story = goal.given(*WORKED, gate_run()[0])
    started = story.state.seq
    story = story.when(abort)
    assert story.new[0].causes == (started,)
    story.when(abort).then_nothing()
    goal.given(*WORKED, *gate_run()).when(abort).then_nothing()
