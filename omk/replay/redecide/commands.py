"""The command behind a record: the inverse of `decide`, for every kind of event somebody decides on.

Texts in it are the commitments that were recorded: `decide` asks no more of them than that they are there.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from omk.domain.event import Command, Event, Recorded, kind_of
from omk.domain.goal_decider import PlanGoal
from omk.domain.measuring import MeasureIteration
from omk.domain.plan import BEGUN
from omk.domain.proof.holds import executors
from omk.domain.state import GoalState
from omk.domain.subjects import (
    agent,
    budget,
    controller,
    delivery,
    gate,
    goal,
    landing,
    lease,
    policy,
    progress,
    proposal,
    publication,
    review,
    task,
    verdict,
    worktree,
)
from omk.domain.subjects import slice as slices
from omk.domain.subjects.aborted import EffectAborted
from omk.domain.work_decider import LandSlice
from omk.replay.redecide.ahead import Ahead


class Asked(NamedTuple):
    """A command that would record the next *span* records; None where the log ends before they tell which."""

    command: Command | None
    span: int = 1


def _claim(event: lease.TaskClaimed, record: Recorded) -> lease.ClaimTask:
    """Its time, which is not on record, was not after the record's: a lease that was over then is over now."""
    return lease.ClaimTask(actor=record.actor, task=event.task, worker=event.worker, now=record.at, lease_ends=event.lease_ends)


ALONE: dict[type[Event], Callable[[Any, Recorded], Command]] = {
    goal.GoalPaused: lambda e, r: goal.PauseGoal(actor=r.actor, reason=e.reason),
    goal.GoalResumed: lambda _, r: goal.ResumeGoal(actor=r.actor),
    goal.GoalCancelled: lambda e, r: goal.CancelGoal(actor=r.actor, reason=e.reason),
    goal.GoalBlocked: lambda e, r: goal.BlockGoal(actor=r.actor, on=e.on, code=e.code, reason=e.reason),
    goal.GoalUnblocked: lambda _, r: goal.UnblockGoal(actor=r.actor),
    goal.GoalFailed: lambda e, r: goal.FailGoal(actor=r.actor, reason=e.reason),
    goal.DecisionRecorded: lambda e, r: goal.RecordDecision(actor=r.actor, answer=e.answer),
    proposal.TaskProposed: lambda e, r: proposal.ProposeTask(actor=r.actor, proposed=e),
    proposal.TaskAccepted: lambda e, r: proposal.AcceptTask(actor=r.actor, task=e.task),
    proposal.TaskRejected: lambda e, r: proposal.RejectTask(actor=r.actor, task=e.task, code=e.code, reason=e.reason),
    lease.TaskClaimed: _claim,
    lease.LeaseRenewed: lambda e, r: lease.RenewLease(
        actor=r.actor, task=e.task, fence=e.fence, now=r.at, lease_ends=e.lease_ends
    ),
    lease.LeaseExpired: lambda e, r: lease.ExpireLease(actor=r.actor, task=e.task, now=r.at),
    task.TaskStarted: lambda e, r: task.StartTask(actor=r.actor, task=e.task, worker=e.worker),
    task.TaskFinished: lambda e, r: task.FinishTask(actor=r.actor, task=e.task, attempt=e.attempt, tree=e.tree),
    task.TaskFailed: lambda e, r: task.FailTask(actor=r.actor, task=e.task, attempt=e.attempt, reason=e.reason),
    proposal.TaskExcused: lambda e, r: proposal.ExcuseTask(actor=r.actor, task=e.task, reason=e.reason),
    task.TaskRetried: lambda e, r: task.RetryTask(actor=r.actor, task=e.task, reason=e.reason),
    worktree.WorktreeOpened: lambda e, r: worktree.OpenWorktree(
        actor=r.actor, worktree=e.worktree, purpose=e.purpose, tree=e.tree
    ),
    worktree.WorktreeClosed: lambda e, r: worktree.CloseWorktree(actor=r.actor, worktree=e.worktree),
    worktree.FilesChanged: lambda e, r: worktree.RecordFiles(actor=r.actor, changed=e),
    worktree.CommitMade: lambda e, r: worktree.RecordCommit(actor=r.actor, made=e),
    worktree.MergeConflicted: lambda e, r: worktree.RecordConflict(actor=r.actor, conflicted=e),
    policy.PolicyConfigured: lambda e, r: policy.ConfigurePolicy(actor=r.actor, configured=e),
    slices.SliceRecorded: lambda e, r: slices.RecordSlice(actor=r.actor, made=e),
    slices.SliceMended: lambda e, r: slices.MendSlice(actor=r.actor, mended=e),
    slices.SliceConflicted: lambda e, r: slices.RejectSlice(actor=r.actor, conflicted=e),
    slices.WorkKept: lambda e, r: slices.KeepWork(actor=r.actor, kept=e),
    slices.OutsideTouched: lambda e, r: slices.NoteOutside(actor=r.actor, touched=e),
    agent.AgentStarted: lambda e, r: agent.StartAgent(actor=r.actor, started=e),
    agent.AgentSaid: lambda e, r: agent.RecordMessage(actor=r.actor, said=e),
    agent.ToolCalled: lambda e, r: agent.CallTool(actor=r.actor, called=e),
    agent.ToolFinished: lambda e, r: agent.FinishTool(actor=r.actor, finished=e),
    agent.PermissionAsked: lambda e, r: agent.AskPermission(actor=r.actor, asked=e),
    agent.PermissionAnswered: lambda e, r: agent.AnswerPermission(actor=r.actor, answered=e),
    agent.AgentFinished: lambda e, r: agent.FinishAgent(actor=r.actor, finished=e),
    agent.AgentDied: lambda e, r: agent.LoseAgent(actor=r.actor, died=e),
    gate.GatesConfigured: lambda e, r: gate.ConfigureGates(actor=r.actor, configured=e),
    gate.GateStarted: lambda e, r: gate.StartGate(actor=r.actor, started=e),
    gate.GateRan: lambda e, r: gate.RecordGate(actor=r.actor, ran=e),
    gate.BreakerOpened: lambda e, r: gate.OpenBreaker(actor=r.actor, gate=e.gate, until=e.until),
    gate.BreakerHalfOpened: lambda e, r: gate.HalfOpenBreaker(actor=r.actor, gate=e.gate, now=r.at, probes=e.probes),
    gate.BreakerClosed: lambda e, r: gate.CloseBreaker(actor=r.actor, gate=e.gate),
    review.ReviewStarted: lambda e, r: review.StartReview(actor=r.actor, started=e),
    review.ReviewPassed: lambda e, r: review.RecordReview(actor=r.actor, verdict=e),
    review.ReviewBlocked: lambda e, r: review.RecordReview(actor=r.actor, verdict=e),
    review.ReviewErrored: lambda e, r: review.RecordReview(actor=r.actor, verdict=e),
    review.ReviewNotApplicable: lambda e, r: review.RecordReview(actor=r.actor, verdict=e),
    review.WaiverGranted: lambda e, r: review.GrantWaiver(actor=r.actor, code=e.code, tree=e.tree, reason=e.reason),
    budget.BudgetSet: lambda e, r: budget.SetBudget(actor=r.actor, limits=e),
    budget.UsageReported: lambda e, r: budget.ReportUsage(actor=r.actor, usage=e),
    budget.BudgetExhausted: lambda e, r: budget.ExhaustBudget(actor=r.actor, exhausted=e),
    budget.BudgetExtended: lambda e, r: budget.ExtendBudget(actor=r.actor, extended=e),
    budget.TaskBudgetSet: lambda e, r: budget.SetTaskBudget(actor=r.actor, limits=e),
    delivery.ChangeAccepted: lambda e, r: delivery.AcceptChange(actor=r.actor, tree=e.tree, summary=e.summary),
    delivery.ChangeRejected: lambda e, r: delivery.RejectChange(actor=r.actor, tree=e.tree, reason=e.reason),
    delivery.MergeStarted: lambda e, r: delivery.StartMerge(actor=r.actor, started=e),
    delivery.ChangeMerged: lambda e, r: delivery.FinishMerge(actor=r.actor, answer=e),
    delivery.MergeFailed: lambda e, r: delivery.FinishMerge(actor=r.actor, answer=e),
    progress.IterationMeasured: lambda e, r: MeasureIteration(actor=r.actor, likeness=e.likeness),
    progress.StagnationDetected: lambda e, r: progress.DetectStagnation(actor=r.actor, detected=e),
    publication.PushStarted: lambda e, r: publication.StartPush(actor=r.actor, started=e),
    publication.BranchPushed: lambda e, r: publication.FinishPush(actor=r.actor, answer=e),
    publication.PushFailed: lambda e, r: publication.FinishPush(actor=r.actor, answer=e),
    publication.PullRequestRequested: lambda e, r: publication.RequestPullRequest(actor=r.actor, requested=e),
    publication.PullRequestOpened: lambda e, r: publication.RecordPullRequest(actor=r.actor, answer=e),
    publication.PullRequestFailed: lambda e, r: publication.RecordPullRequest(actor=r.actor, answer=e),
    landing.PullRequestChecked: lambda e, r: landing.RecordChecks(actor=r.actor, checked=e),
    landing.PullRequestMergeRequested: lambda e, r: landing.RequestLanding(actor=r.actor, requested=e),
    landing.PullRequestMerged: lambda e, r: landing.FinishLanding(actor=r.actor, answer=e),
    landing.PullRequestMergeFailed: lambda e, r: landing.FinishLanding(actor=r.actor, answer=e),
    verdict.ProofIssued: lambda e, r: verdict.IssueProof(actor=r.actor, issued=e),
    verdict.TextErased: lambda e, r: verdict.EraseText(actor=r.actor, erased=e),
    controller.ControllerStopped: lambda e, r: controller.StopController(actor=r.actor, controller=e.controller, reason=e.reason),
    EffectAborted: lambda e, r: controller.AbortEffect(actor=r.actor, obligation=e.obligation, reason=e.reason),
}
"""The command behind an event that a command records by itself."""


# --- What one command records together ---


def _creation(ahead: Ahead, actor: str, _: GoalState) -> Asked | None:
    match [ahead.event(place) for place in range(3)]:
        case goal.GoalCreated() as created, goal.GoalConfigured() as configured, goal.OracleAssessed() as assessed:
            command = goal.CreateGoal(actor=actor, created=created, configured=configured, assessed=assessed)
            return Asked(command, 3 + (not assessed.testable and isinstance(ahead.event(3), goal.GoalBlocked)))
        case (_, None, _) | (_, goal.GoalConfigured(), None) if ahead.at(2) is None:
            return Asked(None, 2)
        case _:
            return None


def _fork(ahead: Ahead, actor: str, _: GoalState) -> Asked | None:
    match ahead.event(0), ahead.event(1):
        case goal.GoalForked() as forked, goal.OracleAssessed() as assessed:
            command = goal.ForkGoal(actor=actor, forked=forked, assessed=assessed)
            return Asked(command, 2 + (not assessed.testable and isinstance(ahead.event(2), goal.GoalBlocked)))
        case _, None if ahead.at(1) is None:
            return Asked(None)
        case _:
            return None


def _planning(ahead: Ahead, actor: str, _: GoalState) -> Asked | None:
    proposed: list[proposal.TaskProposed] = []
    place = 0
    while isinstance(event := ahead.event(place), proposal.TaskProposed | proposal.TaskAccepted):
        proposed += [event] if isinstance(event, proposal.TaskProposed) else []
        place += 1
    if not isinstance(event, goal.GoalPlanned) or not {one.task for one in proposed} <= set(event.tasks):
        return None  # a proposal of its own
    place += 1
    while isinstance(event := ahead.event(place), task.TaskStarted | task.TaskFinished) and event.task in BEGUN:
        place += 1
    return Asked(PlanGoal(actor=actor, tasks=tuple(proposed)), place)


def _answer(ahead: Ahead, actor: str, _: GoalState) -> Asked | None:
    decided, unblocked = ahead.event(0), ahead.event(1)
    if not isinstance(decided, goal.DecisionRecorded) or not isinstance(unblocked, goal.GoalUnblocked):
        return None
    return Asked(goal.RecordDecision(actor=actor, answer=decided.answer), 2)


def _files(ahead: Ahead, actor: str, state: GoalState) -> Asked | None:
    match ahead.event(0), ahead.event(1):
        case worktree.FilesChanged() as changed, after if changed.task in state.slice.waiting:
            violated = isinstance(after, worktree.ScopeViolated)
            return Asked(LandSlice(actor=actor, changed=changed), 1 + violated)
        case worktree.FilesChanged() as changed, worktree.WorktreeRebased() as rebased:
            return Asked(worktree.RebaseChange(actor=actor, changed=changed, rebased=rebased), 2)
        case worktree.FilesChanged() as changed, worktree.ScopeViolated(paths=paths):
            return Asked(worktree.RecordFiles(actor=actor, changed=changed, outside=paths), 2)
        case worktree.FilesChanged(task=None), None if ahead.at(1) is None:
            return Asked(None)  # worktree_rebased may have been next
        case _:
            return None


def _reclaim(ahead: Ahead, _: str, __: GoalState) -> Asked | None:
    expired, claimed, record = ahead.event(0), ahead.event(1), ahead.at(1)
    if not isinstance(expired, lease.LeaseExpired) or not isinstance(claimed, lease.TaskClaimed) or record is None:
        return None
    return Asked(_claim(claimed, record), 2) if claimed.task == expired.task else None


def _start(ahead: Ahead, actor: str, state: GoalState) -> Asked | None:
    started, place = ahead.event(0), 1
    if not isinstance(started, controller.ControllerStarted):
        return None
    names = {one.id for one in executors(state)} if "execute" in started.steps and started.resumes is None else set()
    while isinstance(event := ahead.event(place), task.TaskRetried) and event.task in names:
        names.discard(event.task)
        place += 1
    return Asked(controller.StartController(actor=actor, started=started, alive=False), place)


def _gate(ahead: Ahead, actor: str, state: GoalState) -> Asked | None:
    ran, moved, record = ahead.event(0), ahead.event(1), ahead.at(0)
    if not isinstance(ran, gate.GateRan) or record is None:
        return None
    if ahead.at(1) is None and state.policy.breaker_failures:
        return Asked(None)  # its breaker may have moved next
    is_moved = isinstance(moved, gate.BreakerOpened | gate.BreakerClosed) and moved.gate == ran.gate
    until = moved.until if is_moved and isinstance(moved, gate.BreakerOpened) else record.at
    return Asked(gate.RecordGate(actor=actor, ran=ran, until=until), 1 + is_moved)


TOGETHER: dict[type[Event], Callable[[Ahead, str, GoalState], Asked | None]] = {
    goal.GoalCreated: _creation,
    goal.GoalForked: _fork,
    proposal.TaskProposed: _planning,
    goal.DecisionRecorded: _answer,
    worktree.FilesChanged: _files,
    gate.GateRan: _gate,
    lease.LeaseExpired: _reclaim,
    controller.ControllerStarted: _start,
}
"""The command behind an event that begins what one command records together; None where it does not."""

WITHIN: dict[type[Event], str] = {
    goal.GoalCreated: "goal_configured and oracle_assessed right after it",
    goal.GoalConfigured: "goal_created right before it",
    goal.OracleAssessed: "goal_configured or goal_forked right before it",
    goal.GoalForked: "oracle_assessed right after it",
    goal.GoalPlanned: "the task_proposed and task_accepted of its tasks right before it",
    worktree.ScopeViolated: "files_changed right before it",
    worktree.WorktreeRebased: "files_changed right before it",
}
"""Events that no command records by themselves, and what they are recorded together with."""


def command_behind(ahead: Ahead, state: GoalState) -> Asked | str:
    """The command that would record what comes next, or the sentence that says why there is none."""
    record = ahead.at(0)
    if record is None:
        return Asked(None, 0)
    kind: Any = type(record.event)
    if kind in TOGETHER and (asked := TOGETHER[kind](ahead, record.actor, state)) is not None:
        return asked
    if kind in ALONE:
        return Asked(ALONE[kind](record.event, record))
    name = kind_of(record.event).rpartition(".v")[0]
    if kind in WITHIN:
        return f"{name} is never recorded without {WITHIN[kind]}."
    return f"This omk does not know {name}."
