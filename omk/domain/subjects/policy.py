"""A policy: how the controller goes about a goal, beyond its settings. Read once, and recorded."""

from typing import Literal

from omk.domain.decider import Decider, Table
from omk.domain.event import Command, Event, Recorded, Value

Flaky = Literal["inconclusive", "passed"]

# --- Events: the stored names. Change one only by adding a version. ---


class Needs(Value):
    """A gate, and those that have to pass before it is run."""

    gate: str
    gates: tuple[str, ...]


class PolicyConfigured(Event, tag="policy_configured.v1"):
    """How the controller goes about this goal; times in milliseconds, money in micro-dollars, null is no limit.

    `planner` is the spec of the agent that proposes the tasks (null: the built-in plan). A red gate is run again up to
    `rerun_failed` times on the same tree, and `flaky` is what a pass after that counts as. `breaker_failures` in a row open a
    gate's breaker (0: never) for `breaker_recovery_ms`; then `breaker_probes` runs are let through. `stagnation_window`
    attempts without progress, after `stagnation_warmup` others, stop the loop (0: never). `approve` lists the patterns of
    `--approve pattern`. `remote` is where branches are pushed.
    """

    lease_ms: int
    planner: str | None
    max_tasks: int
    task_time_ms: int | None
    task_tokens: int | None
    task_micro_usd: int | None
    gates_at_once: int
    needs: tuple[Needs, ...]
    rerun_failed: int
    flaky: Flaky
    breaker_failures: int
    breaker_recovery_ms: int
    breaker_probes: int
    stagnation_warmup: int
    stagnation_window: int
    stagnation_metrics: int
    approve: tuple[str, ...]
    remote: str


# --- State, and evolve: what we remember ---


class Policy(Value):
    """The policy in force; a goal that was never given one has these values, as it had before there were policies."""

    lease_ms: int = 300_000
    planner: str | None = None
    max_tasks: int = 0
    task_time_ms: int | None = None
    task_tokens: int | None = None
    task_micro_usd: int | None = None
    gates_at_once: int = 1
    needs: tuple[Needs, ...] = ()
    rerun_failed: int = 0
    flaky: Flaky = "inconclusive"
    breaker_failures: int = 0
    breaker_recovery_ms: int = 30_000
    breaker_probes: int = 1
    stagnation_warmup: int = 3
    stagnation_window: int = 0
    stagnation_metrics: int = 3
    approve: tuple[str, ...] = ()
    remote: str = "origin"
    seq: int = 0

    def needs_of(self, gate: str) -> tuple[str, ...]:
        """The gates that have to pass before *gate* is run."""
        return next((one.gates for one in self.needs if one.gate == gate), ())


def configured(_: Policy, event: PolicyConfigured, record: Recorded) -> Policy:
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return Policy(**fields, seq=record.seq)


EVOLVE: Table = {PolicyConfigured: configured}

# --- Commands, and decide: what may be asked, and what we answer ---


class ConfigurePolicy(Command, frozen=True):
    """Set how the controller goes about the goal."""

    configured: PolicyConfigured


PolicyCommand = ConfigurePolicy


def decide(command: PolicyCommand, policy: Policy) -> list[Event]:
    """The events that answer *command*."""
    event = command.configured
    same = policy.seq and all(getattr(event, name) == getattr(policy, name) for name in event.__struct_fields__)
    return [] if same else [event]


POLICY = Decider(initial=Policy(), decide=decide, evolve=EVOLVE, commands=(ConfigurePolicy,))
