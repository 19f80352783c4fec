"""What a fact rests on: for each kind of event, the seqs of the earlier facts that brought it about.

`causes` are empty only for a person's word or the start of a controller; a law tests it.
"""

from collections.abc import Callable
from typing import Any

from omk.domain.attempts import task_of
from omk.domain.event import Event
from omk.domain.plan import PLAN
from omk.domain.state import GoalState
from omk.domain.subjects.agent import AgentDied, AgentFinished, AgentSaid, AgentStarted, PermissionAsked, ToolCalled
from omk.domain.subjects.budget import BudgetExhausted, TaskBudgetSet, UsageReported
from omk.domain.subjects.controller import ControllerStarted
from omk.domain.subjects.delivery import ChangeAccepted, ChangeRejected, MergeStarted
from omk.domain.subjects.gate import BreakerHalfOpened, GateRan, GatesConfigured, GateStarted
from omk.domain.subjects.goal import (
    GoalBlocked,
    GoalConfigured,
    GoalPlanned,
    GoalUnblocked,
    OracleAssessed,
)
from omk.domain.subjects.landing import PullRequestChecked, PullRequestMergeRequested
from omk.domain.subjects.lease import LeaseExpired, LeaseRenewed, TaskClaimed
from omk.domain.subjects.obligation import CLOSES
from omk.domain.subjects.policy import PolicyConfigured
from omk.domain.subjects.progress import IterationMeasured, StagnationDetected
from omk.domain.subjects.proposal import TaskAccepted, TaskExcused, TaskProposed, TaskRejected
from omk.domain.subjects.publication import PullRequestRequested, PushStarted
from omk.domain.subjects.review import ReviewStarted, WaiverGranted
from omk.domain.subjects.slice import OutsideTouched, SliceConflicted, SliceMended, SliceRecorded, WorkKept
from omk.domain.subjects.task import TaskRetried, TaskStarted
from omk.domain.subjects.verdict import ProofIssued, TextErased
from omk.domain.subjects.worktree import (
    CommitMade,
    FilesChanged,
    MergeConflicted,
    ScopeViolated,
    WorktreeOpened,
    WorktreeRebased,
)

Causes = Callable[[Any, GoalState], "tuple[int, ...]"]


def _goal(_: Any, state: GoalState) -> tuple[int, ...]:
    return (state.goal.created_seq,)


def _tree(_: Any, state: GoalState) -> tuple[int, ...]:
    return (state.worktree.seq or state.worktree.base_seq,)


def _task(event: Any, state: GoalState) -> tuple[int, ...]:
    task = state.task.get(event.task) if event.task else None
    return (task.seq,) if task else _goal(event, state)


def _proposed(event: TaskProposed, state: GoalState) -> tuple[int, ...]:
    """What an agent proposes is recorded as its run ends, which is the last one then."""
    planner, runs = state.agent.last.get(PLAN), state.agent.last.values()
    if event.source == "agent" and state.agent.last:
        return (max(run.seq for run in runs),)
    return (planner.seq,) if event.source == "planner" and planner else _goal(event, state)


def _started(event: TaskStarted, state: GoalState) -> tuple[int, ...]:
    task = state.task.get(event.task)
    before = [state.task[name].seq for name in task.dependencies if name in state.task] if task else []
    return (*before, *_task(event, state))


def _agent(event: Any, state: GoalState) -> tuple[int, ...]:
    owed = state.obligation.get(f"agent:{event.agent}") if event.agent else None
    return (owed.seq,) if owed else _tree(event, state)


def _spent(event: UsageReported, state: GoalState) -> tuple[int, ...]:
    run = state.agent.last.get(task_of(event.agent))
    is_over = run is not None and run.agent == event.agent and run.outcome is not None
    return (run.seq,) if run is not None and is_over else _agent(event, state)


def _files(event: FilesChanged, state: GoalState) -> tuple[int, ...]:
    run = state.agent.last.get(event.task) if event.task else None
    made = state.slice.waiting.get(event.task) if event.task else None
    return (*_tree(event, state), *(one.seq for one in (run, made) if one))


def _slice(event: Any, state: GoalState) -> tuple[int, ...]:
    made = state.slice.waiting.get(event.task)
    return (*_tree(event, state), made.seq) if made else _worked(event, state)


def _worked(event: Any, state: GoalState) -> tuple[int, ...]:
    run = state.agent.last.get(event.task)
    return (run.seq,) if run else _task(event, state)


def _beside(event: OutsideTouched, state: GoalState) -> tuple[int, ...]:
    owed = (state.obligation.get(f"agent:{name}") for name in event.agents)
    return tuple(one.seq for one in owed if one) or _tree(event, state)


def _gate_started(event: Any, state: GoalState) -> tuple[int, ...]:
    return (state.gate.seq, *_tree(event, state))


def _recovered(event: BreakerHalfOpened, state: GoalState) -> tuple[int, ...]:
    gate = state.gate.by_name.get(event.gate)
    return (gate.breaker_seq,) if gate and gate.breaker_seq else _goal(event, state)


def _review_started(event: Any, state: GoalState) -> tuple[int, ...]:
    runs = (state.gate.by_name[name].last for name in state.gate.order) if event.review == "test" else ()
    return (*_tree(event, state), *(run.seq for run in runs if run))


def _evidence(_: Any, state: GoalState) -> tuple[int, ...]:
    gates = [state.gate.by_name[name].last for name in state.gate.order]
    reviews = list(state.review.by_pass.values())
    return (*_tree(_, state), *(one.seq for one in (*gates, *reviews) if one))


def _pass(event: Any, state: GoalState) -> tuple[int, ...]:
    return (*_evidence(event, state), *(run.seq for run in state.agent.last.values()))


def _history(event: Any, state: GoalState) -> tuple[int, ...]:
    return tuple(one.seq for one in state.progress.history) or _evidence(event, state)


def _retried(event: TaskRetried, state: GoalState) -> tuple[int, ...]:
    return (*_task(event, state), *_evidence(event, state))


def _planned(event: GoalPlanned, state: GoalState) -> tuple[int, ...]:
    return tuple(state.task[name].seq for name in event.tasks if name in state.task) or _goal(event, state)


def _blocked(event: Any, state: GoalState) -> tuple[int, ...]:
    if event.on == "external":
        return (state.seq,)  # what has just failed
    return (state.goal.oracle.seq,) if state.goal.oracle else _goal(event, state)


def _unblocked(event: Any, state: GoalState) -> tuple[int, ...]:
    answers = tuple(one.seq for one in state.goal.decisions[-1:]) if event.on == "human" else ()
    return answers or ((state.goal.blocked.seq,) if state.goal.blocked else _goal(event, state))


def _budget(event: Any, state: GoalState) -> tuple[int, ...]:
    return (state.budget.seq,) if state.budget.seq else _goal(event, state)


def _task_budget(event: TaskBudgetSet, state: GoalState) -> tuple[int, ...]:
    return (*_task(event, state), *((state.budget.seq,) if state.budget.seq else ()))


def _accepted(event: Any, state: GoalState) -> tuple[int, ...]:
    return (*_evidence(event, state),)


def _merge(event: Any, state: GoalState) -> tuple[int, ...]:
    word = state.delivery.acceptance
    return (*_tree(event, state), *((word.seq,) if word else ()))


def _pull_request(event: Any, state: GoalState) -> tuple[int, ...]:
    pushed = state.publication.pushed
    return (pushed.seq,) if pushed else _merge(event, state)


def _asked(event: Any, state: GoalState) -> tuple[int, ...]:
    asked = state.publication.pull_request
    return (asked.seq,) if asked else _pull_request(event, state)


def _landing(event: Any, state: GoalState) -> tuple[int, ...]:
    checks = state.landing.checks
    return (*_asked(event, state), *_merge(event, state), *((checks.seq,) if checks else ()))


def _judged(event: ProofIssued, _: GoalState) -> tuple[int, ...]:
    return (event.seq,)


def _none(_: Any, __: GoalState) -> tuple[int, ...]:
    return ()


def _answered(event: Any, state: GoalState) -> tuple[int, ...]:
    owed = state.obligation.get(CLOSES[type(event)](event))
    return (owed.seq,) if owed else _goal(event, state)


CAUSES: dict[type[Event], Causes] = {
    **dict.fromkeys(CLOSES, _answered),
    GoalConfigured: _goal,
    OracleAssessed: _goal,
    GatesConfigured: _goal,
    GoalBlocked: _blocked,
    GoalUnblocked: _unblocked,
    GoalPlanned: _planned,
    TaskProposed: _proposed,
    TaskAccepted: _task,
    TaskRejected: _task,
    TaskStarted: _started,
    TaskRetried: _retried,
    AgentStarted: _task,
    AgentSaid: _agent,
    ToolCalled: _agent,
    PermissionAsked: _agent,
    AgentFinished: _answered,
    AgentDied: _answered,
    WorktreeOpened: _tree,
    FilesChanged: _files,
    ScopeViolated: _tree,
    SliceRecorded: _worked,
    SliceMended: _slice,
    SliceConflicted: _slice,
    WorkKept: _worked,
    OutsideTouched: _beside,
    PolicyConfigured: _goal,
    TaskExcused: _task,
    TaskClaimed: _task,
    LeaseRenewed: _task,
    LeaseExpired: _task,
    CommitMade: _tree,
    WorktreeRebased: _tree,
    MergeConflicted: _tree,
    GateStarted: _gate_started,
    GateRan: _answered,
    BreakerHalfOpened: _recovered,
    ReviewStarted: _review_started,
    WaiverGranted: _tree,
    UsageReported: _spent,
    BudgetExhausted: _budget,
    IterationMeasured: _pass,
    StagnationDetected: _history,
    TaskBudgetSet: _task_budget,
    ChangeAccepted: _accepted,
    ChangeRejected: _accepted,
    MergeStarted: _merge,
    PushStarted: _merge,
    PullRequestRequested: _pull_request,
    PullRequestChecked: _asked,
    PullRequestMergeRequested: _landing,
    ControllerStarted: _none,
    ProofIssued: _judged,
    TextErased: lambda event, _: (event.seq,),
}
"""The kinds that rest on something of their own; every other kind rests on the record before it."""


def causes_of(event: Event, state: GoalState, actor: str) -> tuple[int, ...]:
    """The ascending seqs that *event*, about to follow *state*, rests on."""
    rule = CAUSES.get(type(event))
    if rule is None:
        seqs: tuple[int, ...] = () if actor.startswith("person:") else (state.seq,)
    else:
        seqs = rule(event, state)
    return tuple(sorted({seq for seq in seqs if 0 < seq <= state.seq}))
