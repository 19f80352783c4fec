"""The effect that a record shows the controller to have chosen, and the one that is wanted first."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from omk.domain.effects import (
    AcceptByPolicy,
    AwaitBreaker,
    AwaitChecks,
    BeginTask,
    Effect,
    EndTask,
    MakePlan,
    MakeReview,
    MeasurePass,
    MergeByPolicy,
    MergePullRequest,
    MergeSlice,
    OpenPullRequest,
    RunAgent,
    RunGate,
    RunPlanner,
    StopLoop,
    TryAgain,
)
from omk.domain.event import Command
from omk.domain.goal_decider import PlanGoal
from omk.domain.measuring import MeasureIteration
from omk.domain.plan import PLAN
from omk.domain.state import GoalState
from omk.domain.subjects.agent import StartAgent
from omk.domain.subjects.delivery import AUTO, AcceptChange, StartMerge
from omk.domain.subjects.gate import StartGate
from omk.domain.subjects.landing import RecordChecks, RequestLanding
from omk.domain.subjects.progress import DetectStagnation
from omk.domain.subjects.publication import RequestPullRequest, StartPush
from omk.domain.subjects.review import StartReview
from omk.domain.subjects.slice import RejectSlice
from omk.domain.subjects.task import CONTROLLER, EXECUTOR, FailTask, FinishTask, RetryTask, StartTask, TaskStarted
from omk.domain.subjects.worktree import RebaseChange, RecordCommit, RecordConflict
from omk.domain.wanted import wanted
from omk.domain.work_decider import LandSlice
from omk.replay.redecide.difference import Plain

NAMES: Mapping[type[Effect], str] = {
    MakePlan: "make_plan",
    RunPlanner: "run_planner",
    RunAgent: "run_agent",
    MergeSlice: "merge_slice",
    BeginTask: "begin_task",
    RunGate: "run_gate",
    AwaitBreaker: "await_breaker",
    MakeReview: "make_review",
    EndTask: "end_task",
    MeasurePass: "measure_pass",
    StopLoop: "stop_loop",
    AcceptByPolicy: "accept_by_policy",
    TryAgain: "try_again",
    MergeByPolicy: "merge_by_policy",
    OpenPullRequest: "open_pull_request",
    AwaitChecks: "await_checks",
    MergePullRequest: "merge_pull_request",
}


def chosen(command: Command, event: object, state: GoalState) -> Plain | None:  # noqa: PLR0911 - one arm per sort of effect
    """The effect that *command*, of which *event* was recorded, begins or ends; None if no controller chose it.

    It says as much of the effect as is on record: the codes for which a task failed or is tried again are free text.
    """
    if not command.actor.startswith(("controller:", AUTO)):
        return None
    match command:
        case PlanGoal():
            return {"effect": NAMES[MakePlan]}
        case StartGate() | StartReview() | StartAgent() | MeasureIteration() | DetectStagnation():
            return _of_itself(command)
        case AcceptChange(actor=actor) if actor == AUTO:
            return {"effect": NAMES[AcceptByPolicy]}
        case RebaseChange() | RecordConflict() | RecordCommit() | StartMerge():
            return {"effect": NAMES[_delivering(state)]}
        case StartPush() | RequestPullRequest() | RecordChecks() | RequestLanding():
            return _of_publishing(command)
        case LandSlice() | RejectSlice():
            task = command.changed.task if isinstance(command, LandSlice) else command.conflicted.task
            return {"effect": NAMES[MergeSlice], "task": task}
        case StartTask() | FinishTask() | FailTask() | RetryTask():
            return _of_task(command, event, state)
        case _:
            return None


def _delivering(state: GoalState) -> type[Effect]:
    """The effect that puts the change on another base: the one that brings it to where it goes."""
    settings, files = state.goal.settings, state.worktree
    if settings is None or settings.delivery == "local":
        return MergeByPolicy
    is_shown = files.base is not None and state.publication.shows(files.tree, files.base.commit)
    return MergePullRequest if is_shown else OpenPullRequest


def _of_publishing(command: StartPush | RequestPullRequest | RecordChecks | RequestLanding) -> Plain:
    match command:
        case StartPush(started=push):
            return plain_effect(OpenPullRequest(tree=push.tree))
        case RequestPullRequest():
            return {"effect": NAMES[OpenPullRequest]}
        case RecordChecks(checked=checks):
            return plain_effect(AwaitChecks(commit=checks.commit))
        case RequestLanding(requested=landing):
            return plain_effect(MergePullRequest(commit=landing.commit))


def _of_itself(command: StartGate | StartReview | StartAgent | MeasureIteration | DetectStagnation) -> Plain:
    match command:
        case MeasureIteration():
            return {"effect": NAMES[MeasurePass]}
        case DetectStagnation(detected=found):
            return plain_effect(StopLoop(cause=found.cause))
        case StartGate(started=gate):
            return plain_effect(RunGate(gate=gate.gate, attempt=gate.attempt))
        case StartReview(started=review):
            return plain_effect(MakeReview(review=review.review, attempt=review.attempt))
        case StartAgent(started=agent) if agent.task == PLAN:
            return plain_effect(RunPlanner(attempt=agent.attempt))
        case StartAgent(started=agent):
            return plain_effect(RunAgent(task=agent.task, attempt=agent.attempt))


def _of_task(command: StartTask | FinishTask | FailTask | RetryTask, event: object, state: GoalState) -> Plain | None:
    name = command.task
    task = state.task.get(name)
    is_executor = task is not None and task.role == EXECUTOR
    match command:
        case StartTask(worker=worker) if worker == CONTROLLER:
            return {"effect": NAMES[BeginTask], "task": name}
        case StartTask():
            attempt = event.attempt if isinstance(event, TaskStarted) else None
            return {"effect": NAMES[RunAgent], "task": name, "attempt": attempt}
        case RetryTask():
            return {"effect": NAMES[TryAgain if is_executor else BeginTask], "task": name}
        case FinishTask() | FailTask():
            outcome = "finished" if isinstance(command, FinishTask) else "failed"
            return None if is_executor else {"effect": NAMES[EndTask], "task": name, "outcome": outcome}


def all_wanted(state: GoalState) -> list[Plain]:
    """What today's controller would do, all at once; what it would do first stands first."""
    return [plain_effect(effect) for effect in wanted(state)]


def plain_effect(effect: Effect) -> Plain:
    """An effect as plain values."""
    fields: dict[str, Any] = {name: msgspec.to_builtins(getattr(effect, name)) for name in effect.__struct_fields__}
    if isinstance(effect, EndTask):
        fields["outcome"] = "failed" if effect.gaps else "finished"
    return {"effect": NAMES[type(effect)], **fields}


def is_alike(chosen_then: Plain, wanted_now: Sequence[Plain]) -> bool:
    """Whether what was chosen is among what is wanted, as far as it is on record."""
    return any(chosen_then.items() <= one.items() for one in wanted_now)
