"""What a goal owes: everything announced and not yet answered, gathered from the subjects that remember it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from omk.domain.subjects.obligation import BOOKKEEPING, Obligation, Obligations, Owner

if TYPE_CHECKING:
    from omk.domain.state import GoalState


def obligations(state: "GoalState") -> Obligations:
    """The open obligations by id (`<subject>:<name>:<attempt>`), in the order they were announced."""
    found = [*_processes(state), *_work(state), *_delivery(state)]
    return dict(sorted(found, key=lambda pair: pair[1].seq))


def _processes(state: "GoalState") -> Iterator[tuple[str, Obligation]]:
    agents = state.agent
    for name, run in agents.running.items():
        yield f"agent:{name}", Obligation(owner="agent", seq=run.seq, pid=run.pid, started=run.started)
    for name, call in agents.tools.items():
        owner: Owner = "agent" if call.of else "controller"
        yield f"tool:{name}", Obligation(owner=owner, seq=call.seq, pid=call.pid, started=call.started)
    for name, asking in agents.permissions.items():
        yield f"permission:{name}", Obligation(owner="operator", seq=asking.seq)
    for key, begun in state.gate.running.items():
        at = begun.event
        yield f"gate:{key}", Obligation(owner="controller", seq=begun.seq, pid=at.pid, started=at.started)


def _work(state: "GoalState") -> Iterator[tuple[str, Obligation]]:
    for name, task in state.task.items():
        for one in task.running:
            yield f"task:{name}:{one.attempt}", Obligation(owner="controller", seq=one.seq)
    for key, begun in state.review.running.items():
        yield f"review:{key}", Obligation(owner="controller", seq=begun.seq)
    for key, place in state.worktree.open_worktrees.items():
        yield f"{BOOKKEEPING}:{key}", Obligation(owner="controller", seq=place.seq)


def _delivery(state: "GoalState") -> Iterator[tuple[str, Obligation]]:
    for key, seq in state.delivery.asking.items():
        yield f"pull_request:{key}", Obligation(owner="external", seq=seq)
    for key, seq in state.delivery.merging.items():
        yield f"merge:{key}", Obligation(owner="controller", seq=seq)
