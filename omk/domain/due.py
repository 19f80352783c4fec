"""What time alone brings about: the next instant at which something changes, and the commands its passing becomes."""

from omk.domain.event import Command, Time
from omk.domain.spending import at_work, goal_reached, limits_of, runs_out, spent_on, task_reached
from omk.domain.state import GoalState
from omk.domain.subjects.budget import BudgetExhausted, ExhaustBudget
from omk.domain.subjects.task import ExpireLease, Task
from omk.domain.wanted import controlling


def due(state: GoalState) -> Time | None:
    """The next instant at which time alone changes something; None: never."""
    leases = [one.lease_ends for one in _held(state) if one.lease_ends is not None]
    return min((time for time in (*leases, *_limits(state)) if time is not None), default=None)


def _limits(state: GoalState) -> list[Time | None]:
    """When the goal's budget runs out, and those of the tasks that agents work on."""
    if controlling(state):
        return []
    tasks = {one.of for one in at_work(state) if one.of}
    own = [runs_out(state, limits_of(state, name), spent_on(state, name), at_work(state, name)) for name in sorted(tasks)]
    return [runs_out(state, state.budget.limits, state.budget.spent, at_work(state)), *own]


def passed(state: GoalState, now: Time, actor: str) -> list[Command]:
    """The commands that the passing of time up to *now* has become, by *actor*."""
    over = (one for one in _held(state) if one.lease_ends is not None and one.lease_ends <= now)
    commands: list[Command] = [ExpireLease(actor=actor, task=one.id, now=now) for one in over]
    out = None if controlling(state) else goal_reached(state, now)
    if out is not None:
        exhausted = BudgetExhausted(dimension=out.dimension, limit=out.limit, used=out.used)
        commands.append(ExhaustBudget(actor=actor, exhausted=exhausted))
    return commands


def cut_off(state: GoalState, now: Time) -> frozenset[str]:
    """The agents that have to end, because they have used up by *now* what their own task may spend."""
    running = state.agent.running.items()
    return frozenset(name for name, one in running if one.of and task_reached(state, one.of, now) is not None)


def _held(state: GoalState) -> list[Task]:
    """The tasks whose holder is still to be heard of; one whose work is recorded has been."""
    return [one for one in state.task.values() if one.holder is not None and one.id not in state.slice.waiting]
