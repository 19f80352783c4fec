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
    for name in state.gate.order:
        gate = state.gate.by_name[name]
        at = gate.started
        if at is not None:
            owed = Obligation(owner="controller", seq=gate.started_seq, pid=at.pid, started=at.started)
            yield f"gate:{name}:{at.attempt}", owed


def _work(state: "GoalState") -> Iterator[tuple[str, Obligation]]:
    for name, task in state.task.items():
        if task.status == "running":
            yield f"task:{name}:{task.attempts}", Obligation(owner="controller", seq=task.started_seq)
    for name, begun in state.review.running.items():
        yield f"review:{name}:{begun.attempt}", Obligation(owner="controller", seq=begun.seq)
    for name, place in state.worktree.open_worktrees.items():
        yield f"{BOOKKEEPING}:{name}:{place.number}", Obligation(owner="controller", seq=place.seq)


def _delivery(state: "GoalState") -> Iterator[tuple[str, Obligation]]:
    delivery, merge = state.delivery, state.delivery.merge
    if delivery.pull_request_open is not None:
        owed = Obligation(owner="external", seq=delivery.pull_request_open)
        yield f"pull_request:{delivery.pull_requests}", owed
    if merge is not None and merge.outcome == "started":
        yield f"merge:{merge.branch}:{delivery.merges}", Obligation(owner="controller", seq=merge.seq)
