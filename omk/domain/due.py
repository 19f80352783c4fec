"""What time alone brings about: the next instant at which something changes, and the commands its passing becomes."""

from omk.domain.event import Command, Time
from omk.domain.state import GoalState
from omk.domain.subjects.gate import HalfOpenBreaker
from omk.domain.subjects.task import ExpireLease, Task


def due(state: GoalState) -> Time | None:
    """The next instant at which time alone changes something; None: never."""
    leases = [one.lease_ends for one in _held(state) if one.lease_ends is not None]
    return min((*leases, *_breakers(state).values()), default=None)


def passed(state: GoalState, now: Time, actor: str) -> list[Command]:
    """The commands that the passing of time up to *now* has become, by *actor*."""
    over = (one for one in _held(state) if one.lease_ends is not None and one.lease_ends <= now)
    cool = (name for name, until in _breakers(state).items() if until <= now)
    probes = state.policy.breaker_probes
    return [
        *(ExpireLease(actor=actor, task=one.id, now=now) for one in over),
        *(HalfOpenBreaker(actor=actor, gate=name, now=now, probes=probes) for name in cool),
    ]


def _held(state: GoalState) -> list[Task]:
    """The tasks whose holder is still to be heard of, by name; one whose work is recorded has been."""
    held = (one for one in state.task.values() if one.holder is not None and one.id not in state.slice.waiting)
    return sorted(held, key=lambda one: one.id)


def _breakers(state: GoalState) -> dict[str, Time]:
    """The gates whose breaker is open, and until when."""
    gates = ((name, state.gate.by_name[name].breaker_until) for name in state.gate.order)
    return {name: until for name, until in gates if until is not None}
