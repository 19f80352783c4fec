"""The status machine of the goal, as a table: what each status takes, what it refuses, and what it becomes."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from omk.domain.event import Command
from omk.domain.state import evolve, fold
from omk.domain.subjects.agent import AgentStarted, PermissionAsked
from omk.domain.subjects.budget import BudgetExhausted, BudgetExtended, BudgetSet, ExhaustBudget, ExtendBudget, SetBudget
from omk.domain.subjects.controller import ControllerStarted
from omk.domain.subjects.delivery import MergeStarted, RejectChange, StartMerge
from omk.domain.subjects.gate import ConfigureGates, GatesConfigured, GateStarted
from omk.domain.subjects.goal import (
    BlockGoal,
    CancelGoal,
    FailGoal,
    ForkGoal,
    PauseGoal,
    RecordDecision,
    ResumeGoal,
    UnblockGoal,
)
from omk.domain.subjects.lease import TaskClaimed
from omk.domain.subjects.publication import PullRequestRequested
from omk.domain.subjects.review import GrantWaiver, ReviewStarted
from omk.domain.subjects.task import TaskStarted
from omk.domain.wanted import controlling
from tests.histories import histories
from tests.noise import answers, commands
from tests.scenario import (
    ANN,
    BOT,
    PROVEN,
    READY,
    Story,
    accept,
    create,
    gate_named,
    gate_run,
    goal,
    order,
    plan,
    record,
    review_run,
    some,
    tree,
    work,
)

OUT = ExhaustBudget(actor=BOT, exhausted=some(BudgetExhausted))
LIMITS = SetBudget(actor=ANN, limits=some(BudgetSet))
VAGUE = (create(testable=False), LIMITS)
MADE = (PROVEN[0], LIMITS, *PROVEN[1:])
FROM: dict[str, Story] = {
    "not_ready": goal.given(*MADE),
    "running": goal.given(*MADE[:-1], order("execute", "verify", "review")),
    "ready": goal.given(READY[0], LIMITS, *READY[1:]),
    "paused": goal.given(*MADE, PauseGoal(actor=ANN)),
    "blocked_on_human": goal.given(*VAGUE),
    "blocked_on_external": goal.given(*MADE, BlockGoal(actor=BOT, on="external", code="external.ci", reason="Down.")),
    "cancelled": goal.given(*MADE, CancelGoal(actor=ANN)),
    "failed_infra": goal.given(*MADE, FailGoal(actor=BOT, reason="The disk is full.")),
    "needs_more_budget": goal.given(*MADE, OUT),
}
COMMANDS: dict[str, Command] = {
    "execute": order("execute", name="c-2"),
    "verify": order("verify", name="c-2"),
    "review": order("review", name="c-2"),
    "pause": PauseGoal(actor=ANN),
    "resume": ResumeGoal(actor=ANN),
    "cancel": CancelGoal(actor=ANN),
    "decide": RecordDecision(actor=ANN, answer="It greets."),
    "unblock": UnblockGoal(actor=BOT),
    "budget": ExtendBudget(actor=ANN, extended=some(BudgetExtended)),
    "accept": accept(),
    "reject": RejectChange(actor=ANN, tree=tree("done"), reason="It greets twice."),
    "merge": StartMerge(actor=ANN, started=some(MergeStarted, tree=tree("done"))),
}

# One row per status, one column per command: what it becomes (`same`: what it is), `refused`, or `nothing` to record.
# A merge that has begun is owed: the goal is ready again when it has ended.
TABLE = """
from                 execute verify  review  pause   resume    cancel    decide    unblock   budget    accept  reject    merge
not_ready            running running running paused  nothing   cancelled refused   nothing   not_ready ready   not_ready refused
running              running running running paused  nothing   cancelled refused   nothing   running   running running   refused
ready                refused refused refused refused nothing   refused   refused   nothing   refused   nothing not_ready not_ready
paused               refused refused refused nothing not_ready cancelled refused   nothing   paused    refused refused   refused
blocked_on_human     refused refused refused paused  nothing   cancelled not_ready nothing   same    refused refused   refused
blocked_on_external  refused refused refused paused  nothing   cancelled refused   not_ready same    refused refused   refused
cancelled            refused refused refused refused refused   nothing   refused   nothing   refused   refused refused   refused
failed_infra         refused refused refused same    refused   cancelled refused   nothing   same      refused refused   refused
needs_more_budget    refused refused refused paused  nothing   cancelled refused   nothing   not_ready same    same      refused
"""
HEAD, *ROWS = [line.split() for line in TABLE.strip().splitlines()]
CASES = [(row[0], command, becomes) for row in ROWS for command, becomes in zip(HEAD[1:], row[1:], strict=True)]


def test_the_table_has_every_status_and_every_command():
    assert [row[0] for row in ROWS] == list(FROM)
    assert HEAD[1:] == list(COMMANDS)


@pytest.mark.parametrize("status", FROM)
def test_each_story_has_the_status_it_goes_by(status):
    assert FROM[status].proof.status == status


@pytest.mark.parametrize(("status", "command", "becomes"), CASES, ids=["-".join(case) for case in CASES])
def test_the_table_is_kept(status, command, becomes):
    asked = COMMANDS[command]
    if command in {"accept", "reject"}:
        asked = replace(asked, tree=FROM[status].state.worktree.tree)
    story = FROM[status].when(asked)
    if becomes == "refused":
        assert story.refusal is not None, [one.event for one in story.new]
        assert story.state == FROM[status].state
    elif becomes == "nothing":
        story.then_nothing()
    else:
        assert story.refusal is None, story.refusal
        assert story.new
        assert story.proof.status == (status if becomes == "same" else becomes)


LEAVE: dict[str, Command] = {
    "pause": PauseGoal(actor=ANN),
    "cancel": CancelGoal(actor=ANN),
    "block": BlockGoal(actor=BOT, on="external", code="external.ci", reason="Down."),
    "fail": FailGoal(actor=BOT, reason="The disk is full."),
    "exhaust": OUT,
}
STOPPED = ("paused", "blocked_on_human", "blocked_on_external", "cancelled", "failed_infra", "needs_more_budget")
WORK: dict[str, Command] = {
    "plan": plan(),
    "begin": work()[0],
    "agent": work()[1],
    "gate": gate_run(attempt=2)[0],
    "pass": review_run("code", attempt=2)[0],
    "gates": ConfigureGates(actor=BOT, configured=GatesConfigured(gates=(gate_named("lint"),), guards=())),
}


@pytest.mark.parametrize(("status", "name"), list(product(STOPPED, WORK)))
def test_a_goal_that_is_stopped_takes_no_work(status, name):
    planned = bool(FROM[status].state.goal.planned_seq)
    story = FROM[status].when(WORK[name])
    if name == "plan" and planned:
        story.then_nothing()
    elif name == "gates" and not FROM[status].state.gate.seq:
        assert story.new  # the first gates belong to the goal's creation
    else:
        story.then_refused(because="needs more budget" if status == "needs_more_budget" else f"is {status}")


@pytest.mark.parametrize("status", ["paused", "blocked_on_human", "cancelled", "failed_infra"])
def test_a_goal_that_is_stopped_is_not_waived(status):
    now = FROM[status].state.worktree.tree
    waive = GrantWaiver(actor=ANN, code="review.code", tree=now, reason="I looked.")
    FROM[status].when(waive).then_refused(because=f"is {status}")


BEGUN = (
    *(AgentStarted, GateStarted, ReviewStarted, TaskStarted, TaskClaimed, PermissionAsked),
    *(ControllerStarted, MergeStarted, PullRequestRequested),
)
"""What is recorded when work begins."""


@settings(max_examples=300)
@given(histories(), st.sampled_from([None, *LEAVE]), st.lists(commands(), max_size=8))
def test_no_work_begins_after_a_controlling_status(records, leave, asked):
    state = fold(records)
    for command in ([] if leave is None else [LEAVE[leave]]) + asked:
        ruling = controlling(state)
        for event in answers(command, state) or ():
            assert ruling is None or not isinstance(event, BEGUN), (ruling, event)
            state = evolve(state, record(event, state, actor=command.actor))


@settings(max_examples=200)
@given(histories(), st.lists(commands(), max_size=8))
def test_only_a_persons_answer_leads_out_of_what_blocks_on_a_human(records, asked):
    block = BlockGoal(actor=BOT, on="human", code="goal.testable", reason="It is vague.")
    state = fold(records)
    for command in [block, *(one for one in asked if not isinstance(one, ForkGoal))]:  # a fork is another goal
        blocked = state.goal.blocked
        for event in answers(command, state) or ():
            state = evolve(state, record(event, state, actor=command.actor))
        if blocked is not None and blocked.on == "human" and state.goal.blocked is None:
            assert isinstance(command, RecordDecision)
            assert command.actor.startswith("person:")
