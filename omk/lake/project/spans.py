"""Rows on what is announced and answered: runs of agents and gates, tool calls, review passes, and reports of usage.

A row is made at the answer. What is still open at the end of a window gets a row of its own, which a later answer replaces.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

from omk.domain.event import Output, Recorded
from omk.domain.owed import obligations
from omk.domain.state import PARTS, GoalState
from omk.domain.subjects.aborted import EffectAborted
from omk.domain.subjects.agent import AgentDied, AgentFinished, Agents, AgentStarted, ToolCalled, ToolFinished
from omk.domain.subjects.budget import UsageReported
from omk.domain.subjects.gate import GateRan, GateStarted
from omk.domain.subjects.obligation import CLOSES, OPENS
from omk.domain.subjects.review import ReviewBlocked, ReviewErrored, ReviewNotApplicable, ReviewPassed, ReviewStarted

Row = tuple[Any, ...]
AGENT, GATE = PARTS.index("agent"), PARTS.index("gate")


class Announced(NamedTuple):
    """What announced something: its record, and whether that was in an earlier window."""

    record: Recorded
    is_late: bool


class Spans:
    """What is open of one goal, by obligation id, and how its agents were started, by seq."""

    def __init__(self) -> None:
        self.open: dict[str, Announced] = {}
        self.starts: dict[int, AgentStarted] = {}

    def begin(self, state: GoalState, record_of: Callable[[int], Recorded | None]) -> None:
        """Stand at a state whose records one can look up."""
        for name, owed in obligations(state).items():
            record = record_of(owed.seq) if name.partition(":")[0] in TABLE_OF else None
            if record is not None:
                self.open[name] = Announced(record, is_late=True)
        for seq in _starts(state.agent):
            record = record_of(seq)
            if record is not None and isinstance(record.event, AgentStarted):
                self.starts[seq] = record.event

    def rows(self, position: int, record: Recorded, parts: list[Any]) -> tuple[str, Row] | None:
        """The table and the row that *record* makes, if it makes one; *parts* are the slots after it.

        An answer makes one, and so does an announcement after which an earlier one, of the same name, stays open for ever.
        """
        event = record.event
        kind: Any = type(event)
        if kind not in TELLING:
            return None
        if kind in OPENS:
            if kind is AgentStarted:
                self.starts[record.seq] = cast("AgentStarted", event)
            name = OPENS[kind][1](event)
            before, self.open[name] = self.open.pop(name, None), Announced(record, is_late=False)
            return self._open_row(name, before, position, parts) if before is not None and not before.is_late else None
        if kind is UsageReported:
            return "usage", (*_place(position, record), *self._usage(cast("UsageReported", event), parts))
        name = CLOSES[kind](event)
        table = TABLE_OF.get(name.partition(":")[0])
        if table is None:
            return None
        begun = self.open.pop(name, None)
        if kind is EffectAborted and begun is None:
            return None
        told = ROWS[table](begun.record.event if begun else None, event, parts, self._started)
        return table, (*_place(position, record), *told, *_begun(begun))

    def open_rows(self, position: int, parts: list[Any]) -> list[tuple[str, Row]]:
        """The rows of what was announced in this window and is open at its end."""
        return [self._open_row(name, begun, position, parts) for name, begun in self.open.items() if not begun.is_late]

    def _open_row(self, name: str, begun: Announced, position: int, parts: list[Any]) -> tuple[str, Row]:
        table, record = TABLE_OF[name.partition(":")[0]], begun.record
        told = ROWS[table](record.event, None, parts, self._started)
        return table, (position, record.goal, record.seq, record.at, *told, *_begun(begun))

    def age(self, parts: list[Any]) -> None:
        """A window ends: what is open now was announced in an earlier one, and only the agents of the state are known on."""
        self.open = {name: Announced(begun.record, is_late=True) for name, begun in self.open.items()}
        seqs = _starts(parts[AGENT])
        self.starts = {seq: event for seq, event in self.starts.items() if seq in seqs}

    def _started(self, agent: str | None, parts: list[Any]) -> AgentStarted | None:
        """How an agent was started that is at work, or was the last one to work on a task."""
        agents = parts[AGENT]
        run = agents.running.get(agent)
        if run is not None:
            return self.starts.get(run.seq)
        seqs = (one.started_seq for one in agents.last.values() if one.agent == agent)
        return self.starts.get(max(seqs, default=0))

    def _usage(self, event: UsageReported, parts: list[Any]) -> Row:
        run = self._started(event.agent, parts)
        spent = (event.active_ms, event.tokens_in, event.tokens_out, event.tokens_cached, event.micro_usd)
        return (event.agent, run.task if run else None, run.driver if run else None, *spent)


def _starts(agents: Agents) -> set[int]:
    """The events that started the agents which the state knows of."""
    return {run.started_seq for run in agents.last.values()} | {run.seq for run in agents.running.values()}


def _place(position: int, record: Recorded) -> Row:
    return position, record.goal, record.seq, record.at


def _begun(begun: Announced | None) -> Row:
    return (None, None, False) if begun is None else (begun.record.seq, begun.record.at, begun.is_late)


def _output(output: Output | None) -> Row:
    return (None, None) if output is None else (output.digest, output.size)


Started = Callable[[str | None, list[Any]], AgentStarted | None]


def _agent(begun: AgentStarted | None, event: Any, _: list[Any], __: Started) -> Row:
    first = (begun.agent, begun.task, begun.attempt, begun.driver) if begun else (event.agent, event.task, None, None)
    if isinstance(event, AgentFinished):
        return *first, event.outcome, event.exit_code, event.signal, event.duration_ms, *_output(event.output)
    return *first, "died" if isinstance(event, AgentDied) else _ended(event), None, None, None, None, None


def _ended(event: object) -> str | None:
    """How something ended that gave no answer of its own: null while it is open."""
    return "aborted" if isinstance(event, EffectAborted) else None


def _gate(begun: GateStarted | None, event: Any, parts: list[Any], _: Started) -> Row:
    about = event if isinstance(event, GateRan) else begun
    name = about.gate if about else ""
    gate = parts[GATE].by_name.get(name)
    required, command = (gate.definition.required, gate.definition.command) if gate else (None, None)
    first = (name, about.attempt, required, command, about.tree, about.definition) if about else (None,) * 6
    if isinstance(event, GateRan):
        return *first, event.outcome, event.exit_code, event.signal, event.duration_ms, *_output(event.output)
    return *first, _ended(event), None, None, None, None, None


def _tool(begun: ToolCalled | None, event: Any, parts: list[Any], agents: Started) -> Row:
    about = begun or event
    run = agents(about.agent, parts)
    first = (about.tool, about.agent, run.task if run else None, begun.name if begun else None)
    if isinstance(event, ToolFinished):
        return *first, event.outcome, event.exit_code, event.duration_ms, event.output.size if event.output else None
    return *first, _ended(event), None, None, None


OUTCOMES: dict[Any, str] = {
    ReviewPassed: "passed",
    ReviewBlocked: "blocked",
    ReviewErrored: "errored",
    ReviewNotApplicable: "not_applicable",
}


def _review(begun: ReviewStarted | None, event: Any, _: list[Any], __: Started) -> Row:
    about = event if type(event) in OUTCOMES else begun
    outcome = OUTCOMES.get(type(event)) or _ended(event)
    first = (about.review, about.attempt, about.tree, about.base) if about else (None,) * 4
    return *first, outcome, event.total if isinstance(event, ReviewBlocked) else None


TABLE_OF = {"agent": "agents", "tool": "tools", "gate": "gates", "review": "reviews"}
"""The table of each sort of obligation."""
TELLING: frozenset[Any] = frozenset(
    (
        *(AgentStarted, ToolCalled, GateStarted, ReviewStarted),
        *(AgentFinished, AgentDied, ToolFinished, GateRan, *OUTCOMES, EffectAborted, UsageReported),
    )
)
"""The kinds that rows are made of."""
ROWS: dict[str, Callable[[Any, Any, list[Any], Started], Row]] = {
    "agents": _agent,
    "tools": _tool,
    "gates": _gate,
    "reviews": _review,
}
"""What makes the middle of a row of *announcement* and *answer*, either of which may be missing."""
