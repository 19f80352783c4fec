"""A gate: a command whose exit status says something about one tree, and the breaker that spares one that only fails."""

from typing import Literal

from immutables import Map
from msgspec.structs import replace

from omk.domain.attempts import attempt_key, without
from omk.domain.decider import Decider, Table
from omk.domain.event import Command, Digest, Event, Output, Recorded, Text, Time, Tree, Value, quoted
from omk.domain.instant import moment
from omk.domain.subjects.aborted import EffectAborted, aborted_key
from omk.domain.subjects.controller import ControllerStarted
from omk.domain.subjects.goal import GoalForked
from omk.domain.values import GateDefinition, GateOutcome, Guard
from omk.errors import Refused

# --- Events: the stored names. Change one only by adding a version. ---


class GatesConfigured(Event, tag="gates_configured.v1"):
    """The gates of this goal, and the files of the base commit that decide what they mean."""

    gates: tuple[GateDefinition, ...]
    guards: tuple[Guard, ...]


class GateStarted(Event, tag="gate_started.v1"):
    """A gate process waits to begin on *tree*; *pid* is null when nothing is to be run (skipped)."""

    gate: str
    attempt: int
    tree: Tree
    definition: Digest
    pid: int | None
    started: str | None


class GateRan(Event, tag="gate_ran.v1"):
    """What the gate's process said about *tree*; milliseconds; *environment* names variables, never values."""

    gate: str
    attempt: int
    outcome: GateOutcome
    tree: Tree
    definition: Digest
    exit_code: int | None
    signal: int | None
    duration_ms: int
    output: Output | None
    environment: tuple[str, ...]
    reason: Text | None


class BreakerOpened(Event, tag="breaker_opened.v1"):
    """The gate failed so often in a row that it is not run before *until*."""

    gate: str
    failures: int
    until: Time


class BreakerHalfOpened(Event, tag="breaker_half_opened.v1"):
    """The time to recover is over: *probes* runs of the gate may begin, and the first answer decides."""

    gate: str
    probes: int


class BreakerClosed(Event, tag="breaker_closed.v1"):
    """The gate may be run again."""

    gate: str


# --- State, and evolve: what we remember ---

BreakerState = Literal["closed", "open", "half_open"]
RED: frozenset[GateOutcome] = frozenset({"failed", "timed_out", "errored"})
"""The outcomes by which a gate objects."""
COUNTED: frozenset[GateOutcome] = RED | {"inconclusive"}
"""The failures that a breaker counts: all of them, whatever the gate printed. A gate that was skipped has not failed."""


class GateRun(Value):
    """The last answer of a gate; `reason` and the preview of `output` are quoted texts."""

    outcome: GateOutcome
    attempt: int
    tree: Tree
    definition: Digest
    exit_code: int | None
    signal: int | None
    duration_ms: int
    output: Output | None
    reason: str | None
    started_seq: int
    seq: int


class Gate(Value):
    """One gate: its definition, its newest answer, and counts of the others.

    `failures` are those in a row; `reds` those on the tree of the newest answer since the gate was last ordered. Its breaker is
    open until `breaker_until`, or half-open with so many `probes` left, since event `breaker_seq`.
    """

    definition: GateDefinition
    last: GateRun | None = None
    runs: int = 0
    attempts: int = 0
    failures: int = 0
    reds: int = 0
    breaker_until: Time | None = None
    probes: int | None = None
    breaker_seq: int = 0

    @property
    def breaker(self) -> BreakerState:
        """Whether the gate is run."""
        if self.breaker_until is not None:
            return "open"
        return "closed" if self.probes is None else "half_open"

    @property
    def is_held(self) -> bool:
        """Whether the breaker lets no run begin."""
        return self.breaker_until is not None or self.probes == 0

    def redefined(self, definition: GateDefinition) -> "Gate":
        """The gate by another definition: what failed before was not this one."""
        is_same = definition.digest == self.definition.digest
        return replace(self, definition=definition) if is_same else replace(_closed(self), definition=definition)


def _closed(gate: Gate) -> Gate:
    return replace(gate, failures=0, breaker_until=None, probes=None, breaker_seq=0)


class Started(Value):
    """A run that was announced and has not ended, and since which event."""

    event: GateStarted
    seq: int


class Gates(Value):
    """All gates in the order they were configured, and the runs that are open (`tests:2`), of gates that are gone too."""

    order: tuple[str, ...] = ()
    by_name: Map[str, Gate] = Map()
    running: Map[str, Started] = Map()
    guards: tuple[Guard, ...] = ()
    seq: int = 0

    @property
    def is_busy(self) -> bool:
        """Whether a run is open."""
        return bool(self.running)

    def at_work(self, name: str) -> Started | None:
        """The newest run of a gate, if it is open."""
        gate = self.by_name.get(name) if self.running else None
        return self.running.get(attempt_key(name, gate.attempts)) if gate else None


def configured(gates: Gates, event: GatesConfigured, record: Recorded) -> Gates:
    known = gates.by_name
    by_name = {one.name: known[one.name].redefined(one) if one.name in known else Gate(definition=one) for one in event.gates}
    order = tuple(by_name)  # each once, whatever a log says: there is one gap per code
    return replace(gates, order=order, by_name=Map(by_name), guards=event.guards, seq=record.seq)


def _change(gates: Gates, name: str, **fields: object) -> Gates:
    gate = gates.by_name.get(name)
    return gates if gate is None else replace(gates, by_name=gates.by_name.set(name, replace(gate, **fields)))


def started(gates: Gates, event: GateStarted, record: Recorded) -> Gates:
    key = attempt_key(event.gate, event.attempt)
    gates = replace(gates, running=gates.running.set(key, Started(event=event, seq=record.seq)))
    return _change(_probed(gates, event, -1), event.gate, attempts=event.attempt)


def _probed(gates: Gates, event: GateStarted, more: int) -> Gates:
    """So many probes *more*, if the run is one."""
    gate = gates.by_name.get(event.gate)
    if gate is None or gate.probes is None or event.pid is None:
        return gates
    return _change(gates, event.gate, probes=max(gate.probes + more, 0))


def ran(gates: Gates, event: GateRan, record: Recorded) -> Gates:
    key = attempt_key(event.gate, event.attempt)
    begun, gates = gates.running.get(key), replace(gates, running=without(gates.running, key))
    gate = gates.by_name.get(event.gate)
    if gate is None:
        return gates
    if gate.last is not None and event.attempt < gate.last.attempt:
        return _change(gates, event.gate, runs=gate.runs + 1)
    run = GateRun(
        outcome=event.outcome,
        attempt=event.attempt,
        tree=event.tree,
        definition=event.definition,
        exit_code=event.exit_code,
        signal=event.signal,
        duration_ms=event.duration_ms,
        output=event.output and replace(event.output, preview=quoted(record, event.output.preview) or ""),
        reason=quoted(record, event.reason),
        started_seq=begun.seq if begun else 0,
        seq=record.seq,
    )
    more = 1 if event.outcome in COUNTED else 0
    failures = 0 if event.outcome == "passed" else gate.failures + more
    is_same = gate.last is not None and (gate.last.tree, gate.last.definition) == (event.tree, event.definition)
    reds = (gate.reds if is_same else 0) + (event.outcome in RED)
    return _change(gates, event.gate, last=run, runs=gate.runs + 1, failures=failures, reds=reds)


def breaker_opened(gates: Gates, event: BreakerOpened, record: Recorded) -> Gates:
    return _change(gates, event.gate, breaker_until=event.until, probes=None, breaker_seq=record.seq)


def breaker_half_opened(gates: Gates, event: BreakerHalfOpened, record: Recorded) -> Gates:
    return _change(gates, event.gate, breaker_until=None, probes=event.probes, breaker_seq=record.seq)


def breaker_closed(gates: Gates, event: BreakerClosed, record: Recorded) -> Gates:
    gate = gates.by_name.get(event.gate)
    return gates if gate is None else replace(gates, by_name=gates.by_name.set(event.gate, _closed(gate)))


def aborted(gates: Gates, event: EffectAborted, record: Recorded) -> Gates:
    """The run is over without an answer; a probe that was stopped has said nothing, and may be made again."""
    begun = gates.running.get(key := aborted_key(event, "gate"))
    if begun is None:
        return gates
    gate = gates.by_name.get(begun.event.gate)
    is_probe = gate is not None and begun.seq > gate.breaker_seq
    gates = _probed(gates, begun.event, 1) if is_probe else gates
    return replace(gates, running=without(gates.running, key))


def ordered(gates: Gates, event: ControllerStarted, record: Recorded) -> Gates:
    """A new order: what was red on this tree before is not held against the gate."""
    red = [] if event.resumes is not None else [name for name, gate in gates.by_name.items() if gate.reds]
    for name in red:
        gates = _change(gates, name, reds=0)
    return gates


def forked(gates: Gates, event: GoalForked, record: Recorded) -> Gates:
    """Nothing of the parent's runs, and no breaker of it is open: a probe of the parent's answers nothing here."""
    for name, gate in gates.by_name.items():
        gates = gates if gate.breaker == "closed" else replace(gates, by_name=gates.by_name.set(name, _closed(gate)))
    return replace(gates, running=Map())


EVOLVE: Table = {
    GoalForked: forked,
    EffectAborted: aborted,
    ControllerStarted: ordered,
    GatesConfigured: configured,
    GateStarted: started,
    GateRan: ran,
    BreakerOpened: breaker_opened,
    BreakerHalfOpened: breaker_half_opened,
    BreakerClosed: breaker_closed,
}

# --- Commands, and decide: what may be asked, and what we answer ---


class ConfigureGates(Command, frozen=True):
    """Set the gates of the goal."""

    configured: GatesConfigured


class StartGate(Command, frozen=True):
    """Record that a gate process stands ready."""

    started: GateStarted


class RecordGate(Command, frozen=True):
    """Record what a gate said; a breaker that opens by it is open *until* then (null: none opens)."""

    ran: GateRan
    until: Time | None = None


class OpenBreaker(Command, frozen=True):
    """Stop running a gate that only fails: the answer of a gate asks for it by itself, this only where a log is decided again."""

    gate: str
    until: Time


class HalfOpenBreaker(Command, frozen=True):
    """Let *probes* runs of a gate begin, for it is *now* time."""

    gate: str
    now: Time
    probes: int


class CloseBreaker(Command, frozen=True):
    """Let the gate run again."""

    gate: str


GateCommand = ConfigureGates | StartGate | RecordGate | OpenBreaker | HalfOpenBreaker | CloseBreaker


def decide(command: GateCommand, gates: Gates) -> list[Event]:
    """The events that answer *command*; `Refused` when it may not be."""
    match command:
        case ConfigureGates(configured=event):
            names = [one.name for one in event.gates]
            if len(set(names)) < len(names):
                raise Refused(f"Each gate needs a name of its own: {', '.join(names)}.")
            now = tuple(gates.by_name[name].definition for name in gates.order)
            if gates.seq and now == event.gates and gates.guards == event.guards:
                return []
            busy = [name for name in gates.order if gates.at_work(name)]
            if busy:
                raise Refused(f"Gate {', '.join(busy)} is at work. Configure gates when it has ended.")
            return [event]
        case StartGate(started=event):
            return _start(event, gates)
        case RecordGate(ran=event):
            _gate(gates, event.gate)
            return [event] if attempt_key(event.gate, event.attempt) in gates.running else []
        case OpenBreaker(gate=name, until=until):
            gate = _gate(gates, name)
            return [] if gate.breaker == "open" else [BreakerOpened(gate=name, failures=gate.failures, until=until)]
        case HalfOpenBreaker(gate=name, now=now, probes=probes):
            opens = _gate(gates, name).breaker_until
            if opens is not None and now < opens:
                raise Refused(f"The breaker of gate {name} is open until {moment(opens)}.")
            return [] if opens is None else [BreakerHalfOpened(gate=name, probes=probes)]
        case CloseBreaker(gate=name):
            return [] if _gate(gates, name).breaker == "closed" else [BreakerClosed(gate=name)]


def _start(event: GateStarted, gates: Gates) -> list[Event]:
    """A run is announced once, and only if the breaker lets it; where nothing is to be run it has no say."""
    gate = _gate(gates, event.gate)
    if gates.at_work(event.gate) or event.attempt <= gate.attempts:
        return []
    if gate.is_held and event.pid is not None:
        until = f"open until {moment(gate.breaker_until)}" if gate.breaker_until else "half-open, and its probes are used up"
        raise Refused(f"The breaker of gate {event.gate} is {until}.")
    return [event]


def _gate(gates: Gates, name: str) -> Gate:
    gate = gates.by_name.get(name)
    if gate is None:
        raise Refused(f"There is no gate {name}. Gates: {', '.join(gates.order) or 'none'}.")
    return gate


GATE = Decider(initial=Gates(), decide=decide, evolve=EVOLVE, commands=GateCommand.__args__)
