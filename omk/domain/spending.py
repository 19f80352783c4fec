"""Spending: how near a goal and its tasks are to their limits, counting what agents spend at this very moment.

Time is the time agents are at work: with two of them at once it runs twice as fast, and without any it stands still.
"""

from collections.abc import Mapping
from typing import NamedTuple

from omk.domain.amounts import dollars
from omk.domain.duration import SECOND, show_span
from omk.domain.event import Command, Event, Time
from omk.domain.instant import microseconds
from omk.domain.state import GoalState
from omk.domain.subjects.agent import Running
from omk.domain.subjects.budget import BudgetExtended, Dimension, TaskBudgetSet, added, require_more
from omk.domain.subjects.task import EXECUTOR
from omk.domain.values import Limits, Spent
from omk.errors import Refused

MILLISECOND = 1_000
"""In microseconds."""


NEVER: Mapping[str, int] = {}
"""That no agent's time was slept through."""
MORE: dict[str, str] = {"time": "--add-time 10m", "tokens": "--add-tokens 100000", "usd": "--add-usd 5"}
"""The flag that adds to what may be spent in a dimension."""


class Reached(NamedTuple):
    """A limit that is used up, in its dimension's unit."""

    dimension: Dimension
    limit: int
    used: int

    @property
    def words(self) -> str:
        """The limit and what was used of it, for people: `tokens, 1,250 of 1,000`."""
        return f"{self.dimension}, {amount_of(self.dimension, self.used)} of {amount_of(self.dimension, self.limit)}"

    @property
    def flag(self) -> str:
        """What adds to it."""
        return MORE[self.dimension]


def amount_of(dimension: Dimension, count: int) -> str:
    """An amount of a dimension in words: `1.2 s`, `1,200`, `$0.012`."""
    match dimension:
        case "time":
            return show_span(count)
        case "tokens":
            return f"{count:,}"
        case "usd":
            return dollars(count)


def reached(limits: Limits, spent: Spent) -> Reached | None:
    """The first limit that is used up."""
    pairs: tuple[tuple[Dimension, int | None, int], ...] = (
        ("time", limits.time_ms, spent.time_ms),
        ("tokens", limits.tokens, spent.tokens),
        ("usd", limits.micro_usd, spent.micro_usd),
    )
    full = (Reached(dimension, limit, used) for dimension, limit, used in pairs if limit is not None and used >= limit)
    return next(full, None)


def noted(state: GoalState) -> Reached | None:
    """The limit of the goal that is on record as used up."""
    out = state.budget.exhausted
    return None if out is None else Reached(out.dimension, out.limit, out.used)


# --- A task's own limits ---


def limits_of(state: GoalState, task: str) -> Limits:
    """What may be spent on a task: what it was given, else what the policy gives to each, and no longer than it asked for."""
    given, policy, known = state.budget.of_task.get(task), state.policy, state.task.get(task)
    if given is not None:
        return given
    asked = known.budget_seconds * SECOND if known and known.budget_seconds else None
    times = [limit for limit in (policy.task_time_ms, asked) if limit is not None]
    return Limits(time_ms=min(times, default=None), tokens=policy.task_tokens, micro_usd=policy.task_micro_usd)


def spent_on(state: GoalState, task: str) -> Spent:
    """What agents have reported to have spent on a task."""
    return state.budget.by_task.get(task) or Spent()


def task_reached(state: GoalState, task: str, now: Time | None = None, slept: Mapping[str, int] = NEVER) -> Reached | None:
    """Which limit of its own the task has used up; up to *now*, its running agent counts, too."""
    spent = spent_on(state, task)
    return reached(limits_of(state, task), spent if now is None else until(now, spent, at_work(state, task), slept))


class ExtendTaskBudget(Command, frozen=True):
    """Add to the limits of one task. Asked twice it adds twice, as for a goal."""

    task: str
    extended: BudgetExtended


def task_extended(command: ExtendTaskBudget, state: GoalState) -> list[Event]:
    """The task's new limits: what is added is added to what was spent, if that is more than the limit."""
    more, name = command.extended, command.task
    require_more(more)
    known = sorted(task.id for task in state.task.values() if task.role == EXECUTOR)
    if name not in known:
        raise Refused(f"There is no task {name} that agents work on. Tasks: {', '.join(known) or 'none yet'}.")
    limits, spent = limits_of(state, name), spent_on(state, name)
    new = Limits(
        time_ms=added(limits.time_ms, spent.time_ms, more.time_ms),
        tokens=added(limits.tokens, spent.tokens, more.tokens),
        micro_usd=added(limits.micro_usd, spent.micro_usd, more.micro_usd),
    )
    if new == limits:
        return []  # where there is no limit, there is nothing to extend
    return [TaskBudgetSet(task=name, time_ms=new.time_ms, tokens=new.tokens, micro_usd=new.micro_usd)]


# --- While agents are at work ---


def at_work(state: GoalState, task: str | None = None) -> dict[str, Running]:
    """The agents that run, on one task or on all."""
    return {name: one for name, one in state.agent.running.items() if one.at and task in {None, one.of}}


def until(now: Time, spent: Spent, running: Mapping[str, Running], slept: Mapping[str, int] = NEVER) -> Spent:
    """What was spent once those who run have worked until *now*, but for the milliseconds each of them *slept*."""
    end = microseconds(now)
    more = sum(max(0, end - microseconds(one.at) - slept.get(name, 0) * MILLISECOND) for name, one in running.items())
    return Spent(
        time_ms=spent.time_ms + more // MILLISECOND,
        tokens_in=spent.tokens_in,
        tokens_out=spent.tokens_out,
        tokens_cached=spent.tokens_cached,
        micro_usd=spent.micro_usd,
    )


def goal_reached(state: GoalState, now: Time, slept: Mapping[str, int] = NEVER) -> Reached | None:
    """Which limit of the goal is used up by *now*."""
    return reached(state.budget.limits, until(now, state.budget.spent, at_work(state), slept))
