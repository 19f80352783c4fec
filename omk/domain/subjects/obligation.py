"""An obligation: something announced and not yet answered. A crash leaves it open; recovery closes it by name.

Every subject remembers what of its own is open; here is how that is named, and which kinds open and close it.

Its id is `<subject>:<name>:<attempt>`, which is also the key that makes an external effect idempotent.
"""

from collections.abc import Callable
from typing import Any, Literal

from omk.domain.event import Event, Value
from omk.domain.subjects.aborted import EffectAborted
from omk.domain.subjects.agent import (
    AgentDied,
    AgentFinished,
    AgentStarted,
    PermissionAnswered,
    PermissionAsked,
    ToolCalled,
    ToolFinished,
)
from omk.domain.subjects.delivery import ChangeMerged, MergeFailed, MergeStarted
from omk.domain.subjects.gate import GateRan, GateStarted
from omk.domain.subjects.landing import (
    PullRequestMerged,
    PullRequestMergeFailed,
    PullRequestMergeRequested,
    landing_id,
)
from omk.domain.subjects.publication import (
    BranchPushed,
    PullRequestFailed,
    PullRequestOpened,
    PullRequestRequested,
    PushFailed,
    PushStarted,
    pull_request_id,
    push_id,
)
from omk.domain.subjects.review import (
    ReviewBlocked,
    ReviewErrored,
    ReviewNotApplicable,
    ReviewPassed,
    ReviewStarted,
)
from omk.domain.subjects.task import TaskFailed, TaskFinished, TaskStarted
from omk.domain.subjects.worktree import WorktreeClosed, WorktreeOpened

Owner = Literal["agent", "controller", "operator", "external"]
BOOKKEEPING = "worktree"
"""Obligations of this subject never count for status or `obligations.closed`."""


class Obligation(Value):
    """Who owes the answer, since which event, and the process that is at it, if it is one."""

    owner: Owner
    seq: int
    pid: int | None = None
    started: str | None = None


Obligations = dict[str, Obligation]
Name = Callable[[Any], str]


def _gate(event: GateStarted | GateRan) -> str:
    return f"gate:{event.gate}:{event.attempt}"


def _task(event: TaskStarted | TaskFinished | TaskFailed) -> str:
    return f"task:{event.task}:{event.attempt}"


def _agent(event: AgentStarted | AgentFinished | AgentDied) -> str:
    return f"agent:{event.agent}"


def _tool(event: ToolCalled | ToolFinished) -> str:
    return f"tool:{event.tool}"


def _permission(event: PermissionAsked | PermissionAnswered) -> str:
    return f"permission:{event.permission}"


def _worktree(event: WorktreeOpened | WorktreeClosed) -> str:
    return f"{BOOKKEEPING}:{event.worktree}:{event.number}"


def _review(event: ReviewStarted | ReviewPassed | ReviewBlocked | ReviewErrored | ReviewNotApplicable) -> str:
    return f"review:{event.review}:{event.attempt}"


def _pull_request(event: PullRequestRequested | PullRequestOpened | PullRequestFailed) -> str:
    return pull_request_id(event.attempt)


def _push(event: PushStarted | BranchPushed | PushFailed) -> str:
    return push_id(event.attempt)


def _landing(event: PullRequestMergeRequested | PullRequestMerged | PullRequestMergeFailed) -> str:
    return landing_id(event.attempt)


def _merge(event: MergeStarted | ChangeMerged | MergeFailed) -> str:
    return f"merge:{event.branch}:{event.attempt}"


OPENS: dict[type[Event], tuple[Owner, Name]] = {
    TaskStarted: ("controller", _task),
    AgentStarted: ("agent", _agent),
    ToolCalled: ("agent", _tool),
    PermissionAsked: ("operator", _permission),
    WorktreeOpened: ("controller", _worktree),
    GateStarted: ("controller", _gate),
    ReviewStarted: ("controller", _review),
    PushStarted: ("external", _push),
    PullRequestRequested: ("external", _pull_request),
    PullRequestMergeRequested: ("external", _landing),
    MergeStarted: ("controller", _merge),
}

CLOSES: dict[type[Event], Name] = {
    TaskFinished: _task,
    TaskFailed: _task,
    AgentFinished: _agent,
    AgentDied: _agent,
    ToolFinished: _tool,
    PermissionAnswered: _permission,
    WorktreeClosed: _worktree,
    GateRan: _gate,
    ReviewPassed: _review,
    ReviewBlocked: _review,
    ReviewErrored: _review,
    ReviewNotApplicable: _review,
    BranchPushed: _push,
    PushFailed: _push,
    PullRequestOpened: _pull_request,
    PullRequestFailed: _pull_request,
    PullRequestMerged: _landing,
    PullRequestMergeFailed: _landing,
    ChangeMerged: _merge,
    MergeFailed: _merge,
    EffectAborted: lambda event: str(event.obligation),
}
