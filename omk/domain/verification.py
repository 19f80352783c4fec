"""Which gates are to be run now, and what a run of one counts as.

A gate is run once those it needs have answered, and again while it is red and the policy lets it; none is run that its breaker
holds. Where something it needs has not passed, it is not run either, but skipped.
"""

from typing import NamedTuple

from omk.domain.event import Time, Tree
from omk.domain.proof.holds import gate_passed, is_fresh
from omk.domain.state import GoalState
from omk.domain.subjects.gate import RED, Gate
from omk.domain.subjects.policy import Policy
from omk.domain.values import GateOutcome


class Turn(NamedTuple):
    """The gates whose turn it is: those that may be run, or are; and those that only time lets run, with the time."""

    free: tuple[str, ...]
    held: tuple[tuple[str, Time], ...]


def turn(state: GoalState, since: int) -> Turn:
    """Whose turn it is among the gates that owe an answer to what was asked at event *since*."""
    owing = [name for name in state.gate.order if owes(state, name, since)]
    ready = [name for name in owing if set(state.policy.needs_of(name)).isdisjoint(owing)]
    free = tuple(name for name in ready if _may_begin(state, name))
    gates = ((name, state.gate.by_name[name].breaker_until) for name in ready if name not in free)
    return Turn(free=free, held=tuple((name, until) for name, until in gates if until is not None))


def owes(state: GoalState, name: str, since: int) -> bool:
    """Whether the gate has not yet answered, or answered red and is to be asked again."""
    gate = state.gate.by_name[name]
    last = gate.last
    if last is None or state.gate.at_work(name) or last.started_seq < since or not is_fresh(state, gate):
        return True
    return last.outcome in RED and 0 < gate.reds <= state.policy.rerun_failed


def _may_begin(state: GoalState, name: str) -> bool:
    """Whether nothing holds the gate; where nothing is to be run, its breaker does not."""
    gate = state.gate.by_name[name]
    is_free = not gate.is_held or state.gate.at_work(name) is not None
    return is_free or gate.definition.skipped or bool(unmet(state, name))


def unmet(state: GoalState, name: str) -> tuple[str, ...]:
    """The gates that this one needs and that have not passed on the tree; one that is not configured is no need any more."""
    needs = (need for need in state.policy.needs_of(name) if need in state.gate.order)
    return tuple(need for need in needs if gate_passed(state, f"gate.{need}") is None)


def why_skipped(state: GoalState, name: str) -> str | None:
    """Why the gate is not to be run but recorded as skipped; None: it is to be run."""
    if state.gate.by_name[name].definition.skipped:
        return "The configuration skips this gate."
    lacking = unmet(state, name)
    return f"It needs {' and '.join(lacking)}, which did not pass on this tree." if lacking else None


def counts_as(gate: Gate, outcome: GateOutcome, tree: Tree, policy: Policy) -> tuple[GateOutcome, str | None]:
    """What a run on *tree* counts as, and why: a pass after a red run there is none, unless the policy says so."""
    last, digest = gate.last, gate.definition.digest
    reds = gate.reds if last is not None and (last.tree, last.definition) == (tree, digest) else 0
    if outcome != "passed" or not policy.rerun_failed or not reds:
        return outcome, None
    times = "once" if reds == 1 else f"{reds} times"
    if policy.flaky == "passed":
        return "passed", f"It was red on this tree {times} before it passed; the policy takes the pass."
    return "inconclusive", f"It passed, but was red on this tree {times} before."
