"""What time alone brings about: the next instant at which something changes, and the commands its passing becomes."""

from omk.domain.event import Command, Time
from omk.domain.state import GoalState
from omk.domain.subjects.task import ExpireLease, Task


def due(state: GoalState) -> Time | None:
    """The next instant at which time alone changes something; None: never."""
    return min((one.lease_ends for one in _held(state) if one.lease_ends is not None), default=None)


def passed(state: GoalState, now: Time, actor: str) -> list[Command]:
    """The commands that the passing of time up to *now* has become, by *actor*."""
    over = (one for one in _held(state) if one.lease_ends is not None and one.lease_ends <= now)
    return [ExpireLease(actor=actor, task=one.id, now=now) for one in over]


def _held(state: GoalState) -> list[Task]:
    """The tasks whose holder is still to be heard of, by name; one whose work is recorded has been."""
    held = (one for one in state.task.values() if one.holder is not None and one.id not in state.slice.waiting)
    return sorted(held, key=lambda one: one.id)
