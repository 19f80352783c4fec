"""Which events are bad news by themselves, whatever the verdict made of them."""

from omk.domain.subjects.agent import AgentDied, AgentFinished, ToolFinished
from omk.domain.subjects.delivery import ChangeRejected, MergeFailed
from omk.domain.subjects.gate import GateRan
from omk.domain.subjects.goal import GoalCancelled, GoalFailed
from omk.domain.subjects.landing import PullRequestMergeFailed
from omk.domain.subjects.publication import PullRequestFailed, PushFailed
from omk.domain.subjects.review import ReviewBlocked, ReviewErrored
from omk.domain.subjects.task import TaskFailed
from omk.domain.subjects.worktree import ScopeViolated
from omk.views.lines import word

BAD = (
    *(AgentDied, ChangeRejected, MergeFailed, GoalCancelled, GoalFailed),
    *(PushFailed, PullRequestFailed, PullRequestMergeFailed),
    *(ReviewBlocked, ReviewErrored, TaskFailed, ScopeViolated),
)
"""Kinds that are always bad news."""
GOOD: dict[type, str] = {GateRan: "passed", AgentFinished: "succeeded", ToolFinished: "succeeded"}
"""Kinds that are bad news if their outcome is another than this."""


def is_bad(event: object) -> bool:
    """Whether the event itself tells of something that went wrong."""
    if isinstance(event, (GateRan, AgentFinished, ToolFinished)):
        return event.outcome != GOOD[type(event)]
    return isinstance(event, BAD)


def ended_badly(event: object) -> str:
    """What a run of a gate or an agent came to, in words, if that was bad; empty for everything else."""
    match event:
        case GateRan() if is_bad(event):
            return f"gate {event.gate} {word(event.outcome)}"
        case AgentFinished() if is_bad(event):
            return f"agent run {event.task} {word(event.outcome)}"
        case AgentDied():
            return f"agent run {event.task} died"
        case _:
            return ""
