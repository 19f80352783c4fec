"""The step: the event one stands after, what it says, and everything it changed."""

from collections.abc import Hashable, Iterator
from typing import Any, cast

import msgspec

from omk.debugger.model.changes import step_changes
from omk.debugger.model.debugger import Debugger
from omk.debugger.screen.tree import brief, leaf
from omk.domain.event import Recorded, Unknown, kind_of, quoted
from omk.domain.text import below, text_shape
from omk.domain.words import counted
from omk.replay.moment import Moment
from omk.replay.printable import shortened
from omk.replay.query.values import path_text
from omk.views.lines import Line, Span, cells, heading, line, padded, word, wrapped

_WIDEST, _LEAD = 34, 16


def step_lines(debugger: Debugger, width: int) -> list[Line]:
    """Envelope, changes of the verdict, changes of the state, and the event's own fields."""
    now, record = debugger.moment, debugger.tape.record(debugger.seq)
    if now is None or record is None:
        return [line(), line(Span("  Before the first event nothing has happened. j steps to it.", "dim"))]
    before = debugger.moment_at(debugger.seq - 1)
    return [
        *_envelope(record, width),
        *verdict_lines(before, now),
        *change_lines(before, now, width),
        *_fields(debugger, record, width),
    ]


def _envelope(record: Recorded, width: int) -> list[Line]:
    rests = f"rests on {', '.join(map(str, record.causes))}" if record.causes else "rests on no event"
    first = line(Span(f" event {record.seq}", "bold"), "  ", Span(kind_of(record.event), "name"), Span(f"  {rests}", "dim"))
    return [first, *wrapped(f"{record.at} by {record.actor}", width, indent="  ", style="dim")]


def verdict_lines(before: Moment, now: Moment) -> list[Line]:
    """Which gaps the step opened and closed, and how the status changed."""
    was, are = set(before.standing.open), set(now.standing.open)
    lines = [line("  + opened ", Span(code, "bad")) for code in sorted(are - was)]
    lines += [line("  - closed ", Span(code, "good")) for code in sorted(was - are)]
    if before.status != now.status:
        lines.append(line(f"  ! status {word(before.status)} -> ", Span(word(now.status), "bold")))
    return [*heading("Verdict"), *lines] if lines else []


def change_lines(before: Moment, now: Moment, width: int) -> list[Line]:
    """Each path that changed: old -> new. What is within a gap that opened or closed is only counted."""
    whole = set(before.standing.open) ^ set(now.standing.open)
    gone = tuple(path_text(("gaps", code)) for code in whole)
    changes = step_changes(before, now)
    told = [one for one in changes if not (gone and one.path.startswith(gone))]
    if not changes:
        return [*heading("Changes (0)"), line(Span("  nothing that the state remembers", "dim"))]
    column = min(_WIDEST, width // 2, max((cells(one.path) for one in told), default=0))
    lines = [one for path, old, new in told for one in _change(path, f"{brief(old)} -> {brief(new)}", column, width)]
    left = len(changes) - len(told)
    more = [line(Span(f"  and {counted(left, 'field')} of gaps that opened or closed", "dim"))] if left else []
    return [*heading(f"Changes ({len(changes)})"), *lines, *more]


def _change(path: str, change: str, column: int, width: int) -> list[Line]:
    """In one line if there is room for it, else in as many as it needs."""
    if cells(path) <= column and column + 4 + cells(change) <= width:
        return [line("  ", Span(padded(path, column), "name"), "  ", change)]
    return [line("  ", Span(path, "name")), *wrapped(change, width, indent="    ")]


def _fields(debugger: Debugger, record: Recorded, width: int) -> Iterator[Line]:
    """The event's fields, with their texts."""
    if isinstance(record.event, Unknown):
        yield from heading("A kind this omk does not know")
        yield from wrapped(record.event.raw.decode("utf-8", "replace"), width, indent="  ")
        return
    told = msgspec.to_builtins(record.event)
    told.pop("kind", None)
    document = debugger.tape.resolved(_quoting(record, told, text_shape(cast("Hashable", type(record.event)))))
    yield from heading("The event")
    for name, value in _flat(document, ""):
        yield from _field(name, value, width)


def _field(name: str, value: Any, width: int) -> list[Line]:
    text = leaf(value) if not isinstance(value, str) else " ".join(shortened(value, 2_000).split()) or '""'
    lead = f"  {padded(name, 12)}  "
    if cells(lead) + cells(text) <= width:
        return [line(Span(lead, "name"), text)]
    first, *rest = wrapped(text, width, indent=" " * _LEAD)
    if cells(lead) > _LEAD:
        return [line(Span(lead.rstrip(), "name")), first, *rest]
    return [line(Span(lead, "name"), *first[1:]), *rest]


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _flat(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for place, item in enumerate(value):
            yield from _flat(item, f"{path}[{place}]")
    else:
        yield path, value


def _quoting(record: Recorded, value: Any, shape: Any) -> Any:
    """The fields with each sealed text as a view resolves it."""
    if shape is None:
        return value
    if isinstance(value, dict):
        return {name: _quoting(record, item, below(shape, name)) for name, item in value.items()}
    if isinstance(value, list):
        return [_quoting(record, item, below(shape, place)) for place, item in enumerate(value)]
    return quoted(record, value) if isinstance(value, str) else value
