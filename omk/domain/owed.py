"""What a goal owes: everything announced and not yet answered, gathered from the subjects that remember it."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from omk.domain.subjects.obligation import BOOKKEEPING, Obligation, Obligations, Owner

if TYPE_CHECKING:
    from omk.domain.state import GoalState

Owed = Iterator[tuple[str, Obligation]]


def obligations(state: "GoalState") -> Obligations:
    """The open obligations by id (`<subject>:<name>:<attempt>`), in the order they were announced."""
    found = [pair for gather in OWED.values() for pair in gather(state)]
    return dict(sorted(found, key=lambda pair: pair[1].seq))


def _agents(state: "GoalState") -> Owed:
    for name, run in state.agent.running.items():
        yield f"agent:{name}", Obligation(owner="agent", seq=run.seq, pid=run.pid, started=run.started)


def _tools(state: "GoalState") -> Owed:
    for name, call in state.agent.tools.items():
        owner: Owner = "agent" if call.of else "controller"
        yield f"tool:{name}", Obligation(owner=owner, seq=call.seq, pid=call.pid, started=call.started)


def _permissions(state: "GoalState") -> Owed:
    for name, asking in state.agent.permissions.items():
        yield f"permission:{name}", Obligation(owner="operator", seq=asking.seq)


def _gates(state: "GoalState") -> Owed:
    for key, begun in state.gate.running.items():
        at = begun.event
        yield f"gate:{key}", Obligation(owner="controller", seq=begun.seq, pid=at.pid, started=at.started)


def _tasks(state: "GoalState") -> Owed:
    for name, task in state.task.items():
        for one in task.running:
            yield f"task:{name}:{one.attempt}", Obligation(owner="controller", seq=one.seq)


def _reviews(state: "GoalState") -> Owed:
    for key, begun in state.review.running.items():
        yield f"review:{key}", Obligation(owner="controller", seq=begun.seq)


def _worktrees(state: "GoalState") -> Owed:
    for key, place in state.worktree.open_worktrees.items():
        yield f"{BOOKKEEPING}:{key}", Obligation(owner="controller", seq=place.seq)


def _published(state: "GoalState") -> Owed:
    for name, seq in state.publication.open.items():
        yield name, Obligation(owner="external", seq=seq)


def _landed(state: "GoalState") -> Owed:
    for name, seq in state.landing.open.items():
        yield name, Obligation(owner="external", seq=seq)


def _merges(state: "GoalState") -> Owed:
    for key, seq in state.delivery.merging.items():
        yield f"merge:{key}", Obligation(owner="controller", seq=seq)


OWED: dict[str, Callable[["GoalState"], Owed]] = {
    "agent.running": _agents,
    "agent.tools": _tools,
    "agent.permissions": _permissions,
    "gate.running": _gates,
    "task": _tasks,
    "review.running": _reviews,
    "worktree.open_worktrees": _worktrees,
    "delivery.merging": _merges,
    "publication.open": _published,
    "landing.open": _landed,
}
"""The one field of the state that each sort of obligation is gathered from, and how."""
