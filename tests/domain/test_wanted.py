"""What is wanted next, driven from creation to the end without a world."""

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from omk.domain.effects import BeginTask, EndTask, MakePlan, MakeReview, RunAgent, RunGate, RunPlanner, TryAgain
from omk.domain.plan import EXECUTE, PLAN
from omk.domain.state import fold
from omk.domain.subjects.agent import AgentFinished, AgentStarted, FinishAgent, StartAgent
from omk.domain.subjects.budget import BudgetExhausted, ExhaustBudget
from omk.domain.subjects.controller import AbortEffect
from omk.domain.subjects.delivery import RejectChange
from omk.domain.subjects.goal import CancelGoal, PauseGoal, ResumeGoal
from omk.domain.subjects.obligation import BOOKKEEPING
from omk.domain.subjects.policy import ConfigurePolicy
from omk.domain.subjects.review import ReviewBlocked, ReviewErrored
from omk.domain.subjects.worktree import RecordFiles
from omk.domain.values import PASSES
from omk.domain.wanted import controlling, wanted
from omk.runtime.config import Settings
from omk.runtime.policy import policy_from
from tests.domain.simulated import Simulated
from tests.histories import histories
from tests.scenario import (
    ANN,
    BOT,
    READY,
    Story,
    create,
    gate_named,
    gates,
    goal,
    let_go,
    order,
    some,
    two_tasks,
)

ALL = ("execute", "verify", "review", "accept", "merge")


def begun(*definitions, max_attempts=1, steps=ALL, **settings):
    """A goal as `omk run` leaves it to its controller."""
    configured = gates(*(definitions or (gate_named(),)))
    return goal.given(create(**settings), configured, order(*steps, max_attempts=max_attempts))


def names(effects):
    return [type(one).__name__ for one in effects]


def test_the_first_try_is_ready():
    world = Simulated()
    story = world.drive(begun(accept="auto"))
    assert story.proof.status == "ready"
    assert names(world.performed) == [
        "MakePlan",
        "RunAgent",
        "BeginTask",
        "RunGate",
        "EndTask",
        *2 * ["BeginTask"],
        *6 * ["MakeReview"],
        *2 * ["EndTask"],
        "AcceptByPolicy",
    ]
    assert {one.status for one in story.state.task.values()} == {"done"}
    assert not story.state.obligation
    assert wanted(story.state) == ()


def test_without_auto_the_end_has_exactly_one_gap():
    story = Simulated().drive(begun(accept="manual"))
    assert story.gaps == ("integration.accepted",)
    assert story.proof.status == "not_ready"


def test_gated_merges_by_itself_and_once():
    world = Simulated()
    story = world.drive(begun(accept="auto", merge="gated"))
    assert names(world.performed)[-1] == "MergeByPolicy"
    assert story.state.delivery.merge.outcome == "merged"
    assert story.proof.status == "ready"


@pytest.mark.parametrize(
    ("delivery", "merge", "last"),
    [
        ("local", "manual", ["AcceptByPolicy"]),
        ("draft-pr", "gated", ["AcceptByPolicy", "OpenPullRequest"]),
        ("auto-pr", "manual", ["AcceptByPolicy", "OpenPullRequest"]),
        ("auto-pr", "gated", ["AcceptByPolicy", "OpenPullRequest", "AwaitChecks", "MergePullRequest"]),
    ],
)
def test_a_goal_is_delivered_as_far_as_both_policies_say(delivery, merge, last):
    world = Simulated()
    story = world.drive(begun(accept="auto", merge=merge, delivery=delivery))
    assert names(world.performed)[-len(last) :] == last
    assert story.state.delivery.merge is None
    assert story.proof.status == "ready"


def test_without_acceptance_nothing_is_published():
    world = Simulated()
    world.drive(begun(accept="manual", merge="gated", delivery="auto-pr"))
    assert "OpenPullRequest" not in names(world.performed)


def test_manual_merges_nothing():
    assert Simulated().drive(begun(accept="auto", merge="manual")).state.delivery.merge is None


def test_red_then_green_is_ready_at_the_second_try():
    world = Simulated(gate=lambda _, attempt: "failed" if attempt == 1 else "passed")
    story = world.drive(begun(accept="auto", max_attempts=3, until_ready=True))
    assert story.proof.status == "ready"
    assert [one for one in world.performed if isinstance(one, RunAgent)] == [
        RunAgent(task=EXECUTE, attempt=1),
        RunAgent(task=EXECUTE, attempt=2),
    ]
    again = next(one for one in world.performed if isinstance(one, TryAgain))
    assert again == TryAgain(task=EXECUTE, gaps=("gate.tests",))
    assert story.state.gate.by_name["tests"].runs == 2


def test_the_gates_run_again_after_an_attempt_that_changed_nothing():
    world = Simulated(gate=lambda _, attempt: "failed", writes=lambda attempt: attempt == 1)
    story = world.drive(begun(max_attempts=2))
    assert story.state.gate.by_name["tests"].runs == 2


def test_it_stops_when_all_attempts_are_used():
    world = Simulated(gate=lambda *_: "failed")
    story = world.drive(begun(accept="auto", max_attempts=3))
    assert len([one for one in world.performed if isinstance(one, RunAgent)]) == 3
    assert story.gaps == ("gate.tests", "integration.accepted")
    assert story.proof.status == "not_ready"
    assert not story.state.obligation


def test_a_failed_agent_ends_as_a_gap_and_its_tree_is_verified_all_the_same():
    world = Simulated(agent=lambda _: "failed")
    story = world.drive(begun(accept="auto"))
    assert story.gaps == ("agent.executed", "integration.accepted")
    assert len([one for one in world.performed if isinstance(one, RunGate)]) == 1
    assert len([one for one in world.performed if isinstance(one, MakeReview)]) == len(PASSES)


def test_a_failed_agent_is_tried_again():
    world = Simulated(agent=lambda attempt: "failed" if attempt == 1 else "succeeded")
    assert world.drive(begun(accept="auto", max_attempts=2)).proof.status == "ready"


def test_an_idle_agent_is_tried_again():
    world = Simulated(writes=lambda attempt: attempt == 2)
    assert world.drive(begun(accept="auto", max_attempts=2)).proof.status == "ready"


def test_of_two_tasks_the_idle_one_is_tried_again():
    story = goal.given(create(), gates(gate_named()), two_tasks(), order(*ALL, max_attempts=3))
    world = OnlyT1Writes()
    world.drive(story)
    assert [one.task for one in world.performed if isinstance(one, TryAgain)] == ["t2", "t2"]


def test_a_task_that_waits_for_a_failed_one_is_not_tried_again():
    tasks = two_tasks()
    chained = tuple(replace(one, dependencies=("t1",)) if one.task == "t2" else one for one in tasks.tasks)
    story = goal.given(create(), gates(gate_named()), replace(tasks, tasks=chained), order(*ALL, max_attempts=3))
    world = Simulated(agent=lambda _: "failed")
    world.drive(story)
    assert [one.task for one in world.performed if isinstance(one, TryAgain)] == ["t1", "t1"]


def test_without_a_gate_the_task_of_verifying_is_not_done():
    story = Simulated().drive(goal.given(create(), gates(), order(*ALL)))
    assert story.state.task["goal-local-verify"].status == "blocked"


class OnlyT1Writes(Simulated):
    """The agent of t1 works; that of every other task says so."""

    def work(self, story, task, attempt):
        steps = super().work(story, task, attempt)
        return steps if task == "t1" else [one for one in steps if not isinstance(one, RecordFiles)]


def test_without_a_gate_nothing_is_ready_and_the_controller_ends():
    story = Simulated().drive(goal.given(create(accept="auto"), gates(), order(*ALL, max_attempts=2)))
    assert story.gaps == ("gates.configured", "integration.accepted")


@pytest.mark.parametrize("verdict", [ReviewBlocked, ReviewErrored])
def test_a_review_that_objects_keeps_the_goal_from_being_ready(verdict):
    story = Simulated(review=verdict).drive(begun(accept="auto"))
    assert story.gaps == (*(f"review.{name}" for name in PASSES), "integration.accepted")
    assert story.state.task["goal-review"].status == "blocked"


def test_a_review_that_only_errored_is_not_the_agents_to_mend():
    world = Simulated(review=ReviewErrored)
    world.drive(begun(accept="auto", max_attempts=5))
    assert not [one for one in world.performed if isinstance(one, TryAgain)]


def test_all_gates_run_also_after_a_red_one():
    world = Simulated(gate=lambda name, _: "failed" if name == "a" else "passed")
    story = world.drive(begun(gate_named("a"), gate_named("b")))
    assert {name: one.runs for name, one in story.state.gate.by_name.items()} == {"a": 1, "b": 1}


def test_only_what_was_asked_for_is_wanted():
    world = Simulated()
    story = world.drive(begun(steps=("verify",)))
    assert names(world.performed) == ["MakePlan", "RunGate"]
    review = world.drive(story.given(let_go(), order("review", name="c-2")))
    assert set(names(world.performed[2:])) == {"MakeReview"}
    assert "gate.tests" not in review.gaps


def test_each_order_runs_the_gates_anew():
    story = Simulated().drive(begun(accept="auto"))
    story = story.given(RejectChange(actor=ANN, tree=story.state.worktree.tree, reason="Look again."))
    again = Simulated().drive(story.given(let_go(), order("verify", name="c-2")))
    assert again.state.gate.by_name["tests"].runs == 2


def test_without_an_order_nothing_is_wanted():
    assert wanted(goal.given(create()).state) == ()
    assert wanted(goal.given(*READY).state) == ()
    assert wanted(begun().given(let_go()).state) == ()


def test_what_rules_the_goal_stops_everything():
    story = begun()
    assert wanted(story.state) == (MakePlan(),)
    for command in (PauseGoal(actor=ANN), CancelGoal(actor=ANN)):
        assert wanted(story.given(command).state) == ()
    out = ExhaustBudget(actor=BOT, exhausted=some(BudgetExhausted))
    assert wanted(story.given(out).state) == ()


def test_a_pause_loses_nothing():
    story = Simulated().drive(begun(accept="auto"))
    for length in range(8, len(story.records)):
        before = _prefix(story, length)
        if controlling(before.state) is None:
            after = before.given(PauseGoal(actor=ANN), ResumeGoal(actor=ANN)) if before.gaps else before
            assert wanted(after.state) == wanted(before.state)


def _crashed(story: Story) -> Story:
    """What recovery leaves: everything announced is closed, and the controller's own tasks have begun again."""
    owed = [name for name in story.state.obligation if not name.startswith(BOOKKEEPING)]
    for name in reversed(owed):
        story = story.given(AbortEffect(actor=BOT, obligation=name, reason="gone"))
    while (effects := wanted(story.state)) and isinstance(effects[0], BeginTask):
        story = Simulated().perform(story, effects[0])
    return story


def _is_torn(story: Story) -> bool:
    """Whether the story ends within a plan, which is one append."""
    tasks = story.state.task
    return bool(tasks) and (not story.state.goal.planned_seq or tasks["goal-plan"].status != "done")


def _what(effects):
    return [(type(one).__name__, *(getattr(one, name, None) for name in ("task", "gate", "review"))) for one in effects]


def _running_own(story: Story) -> Story:
    while (effects := wanted(story.state)) and isinstance(effects[0], BeginTask):
        story = Simulated().perform(story, effects[0])
    return story


@pytest.mark.parametrize("red", [False, True])
def test_after_a_crash_the_same_is_wanted_at_every_event(red):
    world = Simulated(gate=lambda _, attempt: "failed" if red and attempt == 1 else "passed")
    whole = world.drive(begun(accept="auto", max_attempts=2))
    for length in range(5, len(whole.records)):
        story = _prefix(whole, length)
        if _is_torn(story):
            continue
        assert _what(wanted(_crashed(story).state)) == _what(wanted(_running_own(story).state))


@pytest.mark.parametrize("red", [False, True])
def test_a_crash_at_any_event_is_made_up_for(red):
    def world():
        return Simulated(gate=lambda _, attempt: "failed" if red and attempt == 1 else "passed")

    whole = world().drive(begun(accept="auto", max_attempts=4))
    for length in range(5, len(whole.records)):
        story = _prefix(whole, length)
        if _is_torn(story):
            continue
        assert world().drive(_crashed(story)).proof.status == "ready"


@settings(max_examples=50)
@given(histories())
def test_wanted_is_defined_everywhere_and_empty_without_an_order(records):
    state = fold(records)
    effects = wanted(state)
    if state.controller.request is None or controlling(state) is not None:
        assert effects == ()
    assert all(not isinstance(one, EndTask) or one.task in state.task for one in effects)


def _prefix(story: Story, length: int) -> Story:
    return Story(story.records[:length], fold(story.records[:length]))


def planned_by(planner="command:plan"):
    """A goal whose tasks an agent is to propose."""
    configured = ConfigurePolicy(actor=BOT, configured=replace(policy_from(Settings()), planner=planner))
    return goal.given(create(), configured, gates(gate_named()), order(*ALL))


def propose(attempt=1):
    """A planner begins."""
    return StartAgent(actor=BOT, started=some(AgentStarted, agent=f"{PLAN}:{attempt}", task=PLAN, attempt=attempt))


def test_a_planner_is_asked_before_anything_is_planned():
    assert wanted(planned_by().state) == (RunPlanner(attempt=1),)
    assert wanted(planned_by().given(propose()).state) == (RunPlanner(attempt=1),)
    assert wanted(planned_by(planner=None).state) == (MakePlan(),)


def test_a_planner_that_was_stopped_or_that_crashed_with_its_controller_is_asked_again():
    gone = AbortEffect(actor=BOT, obligation=f"agent:{PLAN}:1", reason="The controller is gone.")
    assert wanted(planned_by().given(propose(), gone).state) == (RunPlanner(attempt=2),)
    stopped = FinishAgent(actor=BOT, finished=some(AgentFinished, agent=f"{PLAN}:1", task=PLAN, outcome="stopped"))
    assert wanted(planned_by().given(propose(), stopped).state) == (RunPlanner(attempt=2),)


def test_a_planner_that_ended_by_itself_without_a_plan_leaves_it_to_the_controller():
    ended = FinishAgent(actor=BOT, finished=some(AgentFinished, agent=f"{PLAN}:1", task=PLAN, outcome="failed"))
    assert wanted(planned_by().given(propose(), ended).state) == (MakePlan(),)


def test_a_goal_with_a_planner_is_driven_to_its_end():
    world = Simulated()
    assert world.drive(planned_by()).gaps == ("integration.accepted",)
    assert names(world.performed)[:2] == ["RunPlanner", "RunAgent"]
