"""A gate's breaker moves with the gate's answers: that it opens or closes is decided together with what the gate said.

closed → open: as many failures in a row as the policy allows. open → half-open: the time to recover is over (`due.py`).
half-open → closed: a pass; → open: a failure. A person may close it at any time.
"""

from omk.domain.catalogue import SUBJECTS
from omk.domain.event import Event, Time
from omk.domain.state import GoalState
from omk.domain.subjects.gate import COUNTED, BreakerClosed, BreakerOpened, Gate, RecordGate
from omk.domain.values import GateOutcome


def answered(command: RecordGate, state: GoalState) -> list[Event]:
    """What a gate said, and how that moves its breaker; an answer that comes after a later one's moves nothing."""
    ran = command.ran
    events = SUBJECTS["gate"].decide(command, state.gate)
    gate = state.gate.by_name[ran.gate]
    is_late = gate.last is not None and ran.attempt < gate.last.attempt
    if not events or is_late:
        return events
    return [*events, *moved(gate, ran.outcome, threshold=state.policy.breaker_failures, until=command.until)]


def moved(gate: Gate, outcome: GateOutcome, *, threshold: int, until: Time | None) -> list[Event]:
    """The move that an answer makes; *threshold* failures in a row open the breaker *until* then (0: never)."""
    name = gate.definition.name
    if outcome == "passed":
        return [BreakerClosed(gate=name)] if gate.breaker == "half_open" else []
    if outcome not in COUNTED or gate.breaker == "open" or until is None:
        return []
    failures = gate.failures + 1
    is_over = gate.breaker == "half_open" or 0 < threshold <= failures
    return [BreakerOpened(gate=name, failures=failures, until=until)] if is_over else []
