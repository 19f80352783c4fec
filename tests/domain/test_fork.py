"""A fork begins with another goal's files and evidence, and owes work of its own."""

import pytest
from hypothesis import given
from msgspec.structs import replace

from omk.domain.effects import RunAgent
from omk.domain.forking import unforkable
from omk.domain.plan import EXECUTE
from omk.domain.proof.standing import judge
from omk.domain.state import INITIAL, fold
from omk.domain.subjects.budget import BudgetExhausted, BudgetSet
from omk.domain.subjects.goal import (
    DecisionRecorded,
    ForkGoal,
    GoalBlocked,
    GoalForked,
    GoalPaused,
    OracleAssessed,
)
from omk.domain.subjects.progress import StagnationDetected
from omk.domain.subjects.review import GrantWaiver
from omk.domain.subjects.worktree import CommitMade, ScopeViolated, WorktreeRebased
from omk.domain.wanted import wanted
from tests.histories import histories
from tests.scenario import (
    ANN,
    READY,
    WORKED,
    accept,
    create,
    done,
    files,
    gate_named,
    gate_run,
    gates,
    goal,
    order,
    plan,
    record,
    reviews,
    some,
    tree,
    two_tasks,
    work,
)

WORDS = create().assessed
FORK = ForkGoal(actor=ANN, forked=some(GoalForked, prompt="Do it another way."), assessed=WORDS)


def test_a_fork_of_a_ready_goal_owes_the_agents_work_a_change_and_a_word():
    parent = goal.given(*READY)
    assert parent.proof.status == "ready"
    child = parent.given(FORK)
    assert child.gaps == ("agent.executed", "files.changed", "integration.accepted")
    assert child.proof.status == "not_ready"
    assert child.state.worktree.tree == parent.state.worktree.tree
    assert child.state.worktree.paths == parent.state.worktree.paths


def test_a_fork_is_ready_by_evidence_of_its_own():
    child = goal.given(*READY, FORK, order(name="c-2"), *work(attempt=2), files("done", "more"), done(attempt=2, at="more"))
    assert "gate.tests" in child.gaps
    proven = child.given(*gate_run(at="more", attempt=2), *reviews(at="more", attempt=2), accept("more"))
    assert proven.proof.status == "ready"


def test_the_attempts_of_a_fork_go_on_counting():
    child = goal.given(*WORKED, FORK, order(name="c-2"))
    assert wanted(child.state) == (RunAgent(task=EXECUTE, attempt=2),)


def test_an_agent_that_changes_nothing_does_not_make_a_fork_ready():
    child = goal.given(*READY, FORK, order(name="c-2"), *work(attempt=2), done(attempt=2), accept())
    assert child.gaps == ("files.changed",)


@given(histories())
def test_no_fork_is_ready_by_itself_and_none_owes_an_answer(records):
    child = judge([*records, record(FORK.forked, fold(records))])
    assert "agent.executed" in child.standing.open
    assert not child.state.obligation
    assert not child.state.worktree.owners


def test_the_task_of_a_fork_has_the_forks_words():
    parent = goal.given(*WORKED)
    child = parent.given(FORK)
    assert child.state.task[EXECUTE].description == child.state.goal.prompt != parent.state.task[EXECUTE].description
    both = goal.given(create(), gates(gate_named()), two_tasks())
    kept = both.given(FORK).state.task
    assert [kept[name].description for name in ("t1", "t2")] == [both.state.task[name].description for name in ("t1", "t2")]


def test_a_fork_of_a_goal_without_a_plan_takes_one():
    child = goal.given(create(), gates(gate_named()), FORK, plan())
    assert child.state.task[EXECUTE].status == "pending"


@pytest.mark.parametrize(
    "steps",
    [
        (GoalPaused(reason="later"),),
        (some(GoalBlocked),),
        (some(DecisionRecorded),),
        (some(StagnationDetected),),
        (some(BudgetExhausted),),
        (GrantWaiver(actor=ANN, code="review.code", tree=tree("done"), reason="fine"),),
        (some(CommitMade),),
    ],
)
def test_what_was_said_of_the_parent_is_not_said_of_the_fork(steps):
    child = goal.given(*READY, *steps, FORK).state
    plain = goal.given(*READY, FORK).state
    kept = replace(child.goal, **{one: getattr(plain.goal, one) for one in ("created_at", "created_seq", "oracle")})
    assert kept == replace(plain.goal, prompt=child.goal.prompt)
    assert child.review.waivers == plain.review.waivers
    assert child.worktree.commits == ()
    assert child.budget.is_within


def test_the_words_of_a_fork_are_assessed_anew():
    words = some(OracleAssessed, testable=False, reason="'better' cannot be tested.")
    vague = goal.given(*WORKED).when(replace(FORK, assessed=words))
    blocked = GoalBlocked(on="human", code="goal.testable", reason="'better' cannot be tested.")
    vague.then(FORK.forked, words, blocked)
    assert vague.proof.status == "blocked_on_human"
    clear = goal.given(create(testable=False), gates(gate_named()), FORK)
    assert "goal.testable" not in clear.gaps
    assert clear.proof.status == "not_ready"


def test_a_goal_cannot_be_forked_before_it_has_fully_begun():
    goal.when(FORK).then_refused(because="does not exist yet")
    for steps in ((create(),), (create().created, create().configured)):
        goal.given(*steps).when(FORK).then_refused(because="its beginning (words, settings, assessment, gates)")
    assert unforkable(INITIAL) is not None


def test_a_goal_cannot_be_forked_within_its_plan():
    begun = goal.given(create(), gates(gate_named()))
    whole = begun.given(plan())
    for count in range(len(begun.records) + 1, len(whole.records)):
        state = fold(whole.records[:count])
        assert unforkable(state) == "its plan is not complete there"
    assert unforkable(whole.state) is None


@pytest.mark.parametrize("following", [BudgetSet, ScopeViolated, WorktreeRebased])
def test_a_goal_cannot_be_forked_within_what_was_recorded_as_one(following):
    assert unforkable(goal.given(*WORKED).state, some(following)) == "the next event belongs to that one"
