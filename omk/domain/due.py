"""What time alone brings about: the commands that its passing becomes."""

from collections.abc import Mapping

from omk.domain.event import Command, Time
from omk.domain.spending import NEVER, goal_reached, task_reached
from omk.domain.state import GoalState
from omk.domain.subjects.budget import BudgetExhausted, ExhaustBudget
from omk.domain.subjects.gate import HalfOpenBreaker
from omk.domain.subjects.lease import ExpireLease
from omk.domain.subjects.task import Task
from omk.domain.wanted import controlling


def passed(state: GoalState, now: Time, actor: str, slept: Mapping[str, int] = NEVER) -> list[Command]:
    """The commands that the passing of time up to *now* has become, by *actor*; *slept* tells what was no agent's time."""
    over = (one for one in _held(state) if one.lease_ends is not None and one.lease_ends <= now)
    cool = (name for name, until in _breakers(state).items() if until <= now)
    probes = state.policy.breaker_probes
    out = None if controlling(state) else goal_reached(state, now, slept)
    used_up = [BudgetExhausted(dimension=out.dimension, limit=out.limit, used=out.used)] if out is not None else []
    return [
        *(ExpireLease(actor=actor, task=one.id, now=now) for one in over),
        *(HalfOpenBreaker(actor=actor, gate=name, now=now, probes=probes) for name in cool),
        *(ExhaustBudget(actor=actor, exhausted=one) for one in used_up),
    ]


def cut_off(state: GoalState, now: Time, slept: Mapping[str, int] = NEVER) -> frozenset[str]:
    """The agents that have to end, because they have used up by *now* what their own task may spend."""
    running = state.agent.running.items()
    known = ((name, one.of) for name, one in running if one.of in state.task)  # a planner is before any task
    return frozenset(name for name, task in known if task and task_reached(state, task, now, slept) is not None)


def _held(state: GoalState) -> list[Task]:
    """The tasks whose holder is still to be heard of, by name; one whose work is recorded has been."""
    held = (one for one in state.task.values() if one.holder is not None and one.id not in state.slice.waiting)
    return sorted(held, key=lambda one: one.id)


def _breakers(state: GoalState) -> dict[str, Time]:
    """The gates whose breaker is open, and until when."""
    gates = ((name, state.gate.by_name[name].breaker_until) for name in state.gate.order)
    return {name: until for name, until in gates if until is not None}
