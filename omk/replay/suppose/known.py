"""The fields of an event that might come next, and where the state knows them from."""

from collections.abc import Callable
from typing import Any

import msgspec

from omk.domain.attempts import attempt_key
from omk.domain.event import Event
from omk.domain.proof.rules import VERSION
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
from omk.replay.suppose import meant
from omk.replay.suppose.meant import NEVER, NOTHING, NOWHERE, SOME, Where

Know = Callable[[Where, GoalState], Any]
REVIEWS: tuple[type[Event], ...] = (
    review.ReviewStarted,
    review.ReviewPassed,
    review.ReviewBlocked,
    review.ReviewErrored,
    review.ReviewNotApplicable,
)


def field(event: type[Event], name: str, where: Where, state: GoalState) -> Any:
    """The value of a field that *where* does not give. Raises LookupError if the state knows nothing of it."""
    known = OF_KIND.get((event, name)) or OF_ANY[name]
    return msgspec.to_builtins(known(where, state))


def _is(value: Any) -> Know:
    return lambda _, __: value


def _extension(name: str) -> Know:
    return lambda _, state: meant.exceeded(state).get(name, 0)


def _limit(name: str, otherwise: Any = 0) -> Know:
    return lambda _, state: getattr(state.budget.exhausted, name, otherwise)


def _fence(more: int) -> Know:
    return lambda where, state: getattr(state.task.get(meant.task_of(where, state)), "fence", 0) + more


def _first(names: Callable[[GoalState], Any]) -> Know:
    return lambda _, state: min(names(state), default=SOME)


OF_KIND: dict[tuple[type[Event], str], Know] = {
    (agent.AgentStarted, "agent"): lambda where, state: attempt_key(meant.task_of(where, state), meant.run_attempt(where, state)),
    (agent.AgentStarted, "attempt"): meant.run_attempt,
    (agent.AgentSaid, "agent"): meant.any_agent,
    (agent.AgentSaid, "number"): lambda _, state: state.agent.messages + 1,
    (agent.PermissionAsked, "agent"): meant.any_agent,
    (agent.ToolFinished, "tool"): _first(lambda state: state.agent.tools),
    (agent.PermissionAnswered, "permission"): _first(lambda state: state.agent.permissions),
    (agent.PermissionAnswered, "agent"): meant.any_agent,
    (agent.PermissionAnswered, "answer"): _is("allowed"),
    (budget.UsageReported, "agent"): meant.any_agent,
    (budget.UsageReported, "report"): lambda _, state: state.budget.reports + 1,
    **{(budget.BudgetExtended, name): _extension(name) for name in ("time_ms", "tokens", "micro_usd")},
    (budget.BudgetExhausted, "dimension"): _limit("dimension", "time"),
    (budget.BudgetExhausted, "limit"): _limit("limit"),
    (budget.BudgetExhausted, "used"): _limit("used"),
    (controller.ControllerStarted, "controller"): lambda _, state: f"c-{state.controller.starts + 1}",
    (controller.ControllerStopped, "controller"): lambda _, state: state.controller.last or SOME,
    (delivery.MergeStarted, "attempt"): lambda _, state: state.delivery.merges + 1,
    (delivery.ChangeMerged, "attempt"): lambda _, state: state.delivery.merges or 1,
    (delivery.MergeFailed, "attempt"): lambda _, state: state.delivery.merges or 1,
    (publication.PushStarted, "attempt"): lambda _, state: state.publication.pushes + 1,
    (publication.PullRequestRequested, "attempt"): lambda _, state: state.publication.pull_requests + 1,
    (landing.PullRequestMergeRequested, "attempt"): lambda _, state: state.landing.merges + 1,
    (publication.BranchPushed, "attempt"): lambda _, state: state.publication.pushes or 1,
    (publication.PushFailed, "attempt"): lambda _, state: state.publication.pushes or 1,
    (publication.PullRequestOpened, "attempt"): lambda _, state: state.publication.pull_requests or 1,
    (publication.PullRequestFailed, "attempt"): lambda _, state: state.publication.pull_requests or 1,
    (landing.PullRequestMerged, "attempt"): lambda _, state: state.landing.merges or 1,
    (landing.PullRequestMergeFailed, "attempt"): lambda _, state: state.landing.merges or 1,
    (publication.PushStarted, "base"): lambda where, state: meant.base_of(where, state).commit,
    (landing.PullRequestChecked, "outcome"): _is("passed"),
    (gate.GateStarted, "attempt"): meant.gate_attempt,
    (gate.GateRan, "attempt"): meant.gate_attempt,
    (gate.GateRan, "outcome"): _is("passed"),
    (goal.GoalForked, "goal"): lambda _, state: state.goal.id or SOME,
    (goal.OracleAssessed, "testable"): _is(value=True),
    (goal.OracleAssessed, "checks"): lambda _, state: state.goal.oracle.checks if state.goal.oracle else (),
    **{(kind, "attempt"): meant.review_attempt for kind in REVIEWS},
    **{(kind, "base"): meant.base_tree_of for kind in REVIEWS},
    (review.WaiverGranted, "code"): meant.code_to_waive,
    (policy.PolicyConfigured, "approve"): _is(()),
    (progress.IterationMeasured, "gates"): _is(()),
    **{(kind, "base"): meant.tree_of for kind in (slices.SliceRecorded, slices.SliceConflicted, slices.WorkKept)},
    **{(kind, "attempt"): meant.task_attempt for kind in (slices.SliceRecorded, slices.SliceConflicted, slices.WorkKept)},
    (proposal.TaskProposed, "role"): _is(task.EXECUTOR),
    (proposal.TaskProposed, "acceptance"): _is(("It is as supposed.",)),
    (proposal.TaskRejected, "code"): _is("task.rejected"),
    (task.TaskStarted, "attempt"): meant.next_task_attempt,
    (task.TaskRetried, "attempt"): meant.next_task_attempt,
    (task.TaskFinished, "attempt"): meant.task_attempt,
    (task.TaskFailed, "attempt"): meant.task_attempt,
    (lease.TaskClaimed, "fence"): _fence(1),
    (verdict.ProofIssued, "status"): _is("not_ready"),
    (worktree.FilesChanged, "changes"): meant.own_changes,
    (worktree.WorktreeRebased, "changes"): meant.net_changes,
    (worktree.WorktreeOpened, "number"): lambda _, state: state.worktree.worktrees + 1,
    (worktree.WorktreeClosed, "number"): meant.worktree_number,
    (EffectAborted, "obligation"): _first(lambda state: state.obligation),
}
"""The fields of one kind of event."""

OF_ANY: dict[str, Know] = {
    "agent": meant.agent_of,
    "task": meant.task_of,
    "gate": meant.gate_of,
    "review": meant.review_of,
    "tree": meant.tree_of,
    "old": meant.tree_of,
    "base": meant.base_of,
    "definition": meant.definition_of,
    "outcome": _is("succeeded"),
    "code": lambda _, state: (state.goal.blocked.code if state.goal.blocked else None) or "goal.testable",
    "on": lambda _, state: (state.goal.blocked.on if state.goal.blocked else None) or "human",
    "tasks": lambda _, state: sorted(state.task),
    "fence": _fence(0),
    "lease_ends": lambda _, state: state.at or NEVER,
    "until": lambda _, state: state.at or NEVER,
    "gates": meant.gates_of,
    "guards": lambda _, state: state.gate.guards,
    "guarded": lambda _, state: state.worktree.guarded,
    "unreadable": lambda _, state: state.worktree.unreadable,
    "oracle": lambda _, state: state.goal.oracle.kind if state.goal.oracle else "greenfield",
    "attempt": _is(1),
    "attempts": _is(1),
    "max_attempts": _is(1),
    "max_agents": _is(1),
    "approve": _is("safe"),
    "accept": _is("manual"),
    "merge": _is("manual"),
    "delivery": _is("local"),
    "branch": meant.branch_of,
    "before": lambda where, state: meant.base_of(where, state).commit,
    "commit": meant.commit_of,
    "theirs": _is(NOWHERE),
    "worktree": meant.worktree_of,
    "steps": _is(("execute", "verify", "review")),
    "rules": _is(VERSION),
    "seq": lambda _, state: state.seq,
    "head": _is(NOTHING),
    "verdict": _is(NOTHING),
    "digest": _is(NOTHING),
}
"""The fields of every other kind, by name."""
