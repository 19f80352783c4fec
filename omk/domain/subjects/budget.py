"""A budget: what a goal may spend, and what it has spent."""

from typing import Literal, NamedTuple

from immutables import Map
from msgspec.structs import replace

from omk.domain.attempts import task_of, without
from omk.domain.decider import Decider, Table
from omk.domain.event import Command, Event, Recorded, Value
from omk.domain.subjects.aborted import EffectAborted, aborted_key
from omk.domain.subjects.agent import AgentDied, AgentFinished, AgentStarted
from omk.domain.subjects.goal import GoalForked
from omk.domain.values import Limits, Spent
from omk.errors import Refused

Dimension = Literal["time", "tokens", "usd"]

# --- Events: the stored names. Change one only by adding a version. ---


class BudgetSet(Event, tag="budget_set.v1"):
    """The limits: active milliseconds, tokens, micro-dollars; null is no limit."""

    time_ms: int | None
    tokens: int | None
    micro_usd: int | None


class UsageReported(Event, tag="usage_reported.v1"):
    """What *agent* spent since its last report; *report* counts the reports of the goal."""

    report: int
    agent: str
    active_ms: int
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    micro_usd: int


class BudgetExhausted(Event, tag="budget_exhausted.v1"):
    """The limit of a dimension is used up, in that dimension's unit."""

    dimension: Dimension
    limit: int
    used: int


class BudgetExtended(Event, tag="budget_extended.v1"):
    """A person added to the limits, in their units."""

    time_ms: int
    tokens: int
    micro_usd: int


class TaskBudgetSet(Event, tag="task_budget_set.v1"):
    """The limits of one task, instead of what the policy gives to each; in the units of a goal's limits, null is none."""

    task: str
    time_ms: int | None
    tokens: int | None
    micro_usd: int | None


# --- State, and evolve: what we remember ---


class Exhausted(Value):
    """The dimension that ran out, and since when."""

    dimension: Dimension
    limit: int
    used: int
    seq: int


class Budget(Value):
    """Limits and sums, in milliseconds, tokens and micro-dollars; what a fork inherits is counted apart.

    `of_task` are the limits that tasks were given, `by_task` and `by_driver` what was spent on each and through each,
    `drivers` what drives the newest agent of a task, `by_agent` what each running agent has reported so far.
    """

    time_ms: int | None = None
    tokens: int | None = None
    micro_usd: int | None = None
    used_ms: int = 0
    used_tokens: int = 0
    used_tokens_in: int = 0
    used_tokens_out: int = 0
    used_tokens_cached: int = 0
    used_micro_usd: int = 0
    reports: int = 0
    inherited_ms: int = 0
    inherited_tokens: int = 0
    inherited_micro_usd: int = 0
    exhausted: Exhausted | None = None
    of_task: Map[str, Limits] = Map()
    by_task: Map[str, Spent] = Map()
    by_driver: Map[str, Spent] = Map()
    drivers: Map[str, str] = Map()
    by_agent: Map[str, Spent] = Map()
    seq: int = 0

    @property
    def limits(self) -> Limits:
        """What the goal may spend."""
        return Limits(time_ms=self.time_ms, tokens=self.tokens, micro_usd=self.micro_usd)

    @property
    def spent(self) -> Spent:
        """What the goal has spent itself."""
        return Spent(
            time_ms=self.used_ms,
            tokens_in=self.used_tokens_in,
            tokens_out=self.used_tokens_out,
            tokens_cached=self.used_tokens_cached,
            micro_usd=self.used_micro_usd,
        )

    @property
    def is_within(self) -> bool:
        """Whether no limit is reached."""
        if self.exhausted is not None:
            return False
        return not any(self.reached)

    @property
    def reached(self) -> "Limited":
        """Which limits are reached, whether that was noted or not."""
        return Limited(
            time=self.time_ms is not None and self.used_ms >= self.time_ms,
            tokens=self.tokens is not None and self.used_tokens >= self.tokens,
            usd=self.micro_usd is not None and self.used_micro_usd >= self.micro_usd,
        )


class Limited(NamedTuple):
    """Whether something holds of the limit of each dimension."""

    time: bool
    tokens: bool
    usd: bool


def limited(budget: Budget, event: BudgetSet, record: Recorded) -> Budget:
    return replace(budget, time_ms=event.time_ms, tokens=event.tokens, micro_usd=event.micro_usd, seq=record.seq)


def used(budget: Budget, event: UsageReported, record: Recorded) -> Budget:
    task = task_of(event.agent)
    driver = budget.drivers.get(task, "")
    by_agent = budget.by_agent
    return replace(
        budget,
        used_ms=budget.used_ms + event.active_ms,
        used_tokens=budget.used_tokens + event.tokens_in + event.tokens_out + event.tokens_cached,
        used_tokens_in=budget.used_tokens_in + event.tokens_in,
        used_tokens_out=budget.used_tokens_out + event.tokens_out,
        used_tokens_cached=budget.used_tokens_cached + event.tokens_cached,
        used_micro_usd=budget.used_micro_usd + event.micro_usd,
        reports=event.report,
        by_task=budget.by_task.set(task, plus(budget.by_task.get(task), event)),
        by_driver=budget.by_driver.set(driver, plus(budget.by_driver.get(driver), event)),
        by_agent=by_agent.set(event.agent, plus(by_agent[event.agent], event)) if event.agent in by_agent else by_agent,
        seq=record.seq,
    )


def plus(spent: Spent | None, event: UsageReported) -> Spent:
    """What was spent, with one report more."""
    spent = spent or Spent()
    return Spent(
        time_ms=spent.time_ms + event.active_ms,
        tokens_in=spent.tokens_in + event.tokens_in,
        tokens_out=spent.tokens_out + event.tokens_out,
        tokens_cached=spent.tokens_cached + event.tokens_cached,
        micro_usd=spent.micro_usd + event.micro_usd,
    )


def began(budget: Budget, event: AgentStarted, record: Recorded) -> Budget:
    return replace(
        budget,
        drivers=budget.drivers.set(event.task, event.driver),
        by_agent=budget.by_agent.set(event.agent, Spent()),
    )


def ended(budget: Budget, event: AgentFinished | AgentDied, record: Recorded) -> Budget:
    return replace(budget, by_agent=without(budget.by_agent, event.agent))


def aborted(budget: Budget, event: EffectAborted, record: Recorded) -> Budget:
    return replace(budget, by_agent=without(budget.by_agent, aborted_key(event, "agent")))


def task_limited(budget: Budget, event: TaskBudgetSet, record: Recorded) -> Budget:
    limits = Limits(time_ms=event.time_ms, tokens=event.tokens, micro_usd=event.micro_usd)
    return replace(budget, of_task=budget.of_task.set(event.task, limits), seq=record.seq)


def exhausted(budget: Budget, event: BudgetExhausted, record: Recorded) -> Budget:
    out = Exhausted(dimension=event.dimension, limit=event.limit, used=event.used, seq=record.seq)
    return replace(budget, exhausted=out)


def extended(budget: Budget, event: BudgetExtended, record: Recorded) -> Budget:
    more = replace(
        budget,
        time_ms=added(budget.time_ms, budget.used_ms, event.time_ms),
        tokens=added(budget.tokens, budget.used_tokens, event.tokens),
        micro_usd=added(budget.micro_usd, budget.used_micro_usd, event.micro_usd),
        exhausted=None,
        seq=record.seq,
    )
    out = budget.exhausted
    if out is None or not getattr(more.reached, out.dimension):
        return more
    return replace(more, exhausted=out)  # its limit was not extended, so it still rules


def forked(budget: Budget, event: GoalForked, record: Recorded) -> Budget:
    return Budget(
        time_ms=budget.time_ms,
        tokens=budget.tokens,
        micro_usd=budget.micro_usd,
        reports=budget.reports,
        inherited_ms=budget.inherited_ms + budget.used_ms,
        inherited_tokens=budget.inherited_tokens + budget.used_tokens,
        inherited_micro_usd=budget.inherited_micro_usd + budget.used_micro_usd,
        of_task=budget.of_task,
        seq=record.seq,
    )


def added(limit: int | None, spent: int, more: int) -> int | None:
    """A limit that was extended: what is added is added to what was spent, if that is more than the limit."""
    if limit is None or not more:
        return limit
    return max(limit, spent) + more


EVOLVE: Table = {
    GoalForked: forked,
    BudgetSet: limited,
    UsageReported: used,
    BudgetExhausted: exhausted,
    BudgetExtended: extended,
    TaskBudgetSet: task_limited,
    AgentStarted: began,
    AgentFinished: ended,
    AgentDied: ended,
    EffectAborted: aborted,
}

# --- Commands, and decide: what may be asked, and what we answer ---


class SetBudget(Command, frozen=True):
    """Set the limits once."""

    limits: BudgetSet


class ReportUsage(Command, frozen=True):
    """Add to what was spent."""

    usage: UsageReported


class ExhaustBudget(Command, frozen=True):
    """Say which limit is used up."""

    exhausted: BudgetExhausted


class ExtendBudget(Command, frozen=True):
    """Add to the limits. Asked twice it adds twice: a person may well mean the same amount again."""

    extended: BudgetExtended


class SetTaskBudget(Command, frozen=True):
    """Set the limits of one task: `ExtendTaskBudget` reckons them, this is asked only where a log is decided again."""

    limits: TaskBudgetSet


BudgetCommand = SetBudget | ReportUsage | ExhaustBudget | ExtendBudget | SetTaskBudget


def decide(command: BudgetCommand, budget: Budget) -> list[Event]:
    """The events that answer *command*; `Refused` when it may not be."""
    match command:
        case SetBudget(limits=event):
            same = (budget.time_ms, budget.tokens, budget.micro_usd) == (event.time_ms, event.tokens, event.micro_usd)
            return [] if same else [event]
        case ReportUsage(usage=event):
            return [event] if event.report > budget.reports else []
        case ExhaustBudget(exhausted=event):
            return [] if budget.exhausted else [event]
        case ExtendBudget(extended=event):
            require_more(event)
            return [event] if _is_more(budget, event) else []  # where there is no limit, there is nothing to extend
        case SetTaskBudget(limits=event):
            limits = Limits(time_ms=event.time_ms, tokens=event.tokens, micro_usd=event.micro_usd)
            return [] if budget.of_task.get(event.task) == limits else [event]


def _is_more(budget: Budget, event: BudgetExtended) -> bool:
    pairs = ((budget.time_ms, event.time_ms), (budget.tokens, event.tokens), (budget.micro_usd, event.micro_usd))
    return any(limit is not None and count for limit, count in pairs)


def require_more(event: BudgetExtended) -> None:
    """Raise `Refused` for an extension by nothing."""
    if not (event.time_ms or event.tokens or event.micro_usd):
        raise Refused("Provide at least one budget extension: --add-time, --add-tokens or --add-usd.")


BUDGET = Decider(initial=Budget(), decide=decide, evolve=EVOLVE, commands=BudgetCommand.__args__)
