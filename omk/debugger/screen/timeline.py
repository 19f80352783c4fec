"""The timeline as rows: a gutter of marks that need no colour, then the event as `omk replay` shows it."""

from omk.debugger.model.debugger import Debugger
from omk.debugger.model.outcomes import is_bad
from omk.debugger.model.search import has_text
from omk.debugger.model.survey import BOTH, CHANGED, CLOSED, OPENED
from omk.domain.event import Recorded
from omk.replay.pace import Pace
from omk.replay.timeline import timeline_entry
from omk.views.lines import Line, Span
from omk.views.timeline import entry_line

GUTTER = 6
BAD, HIT, FOUND, DROPPED, FALLEN = "✗", "●", "/", "x", "~"
"""The marks beside those of the verdict: a bad outcome; a breakpoint is hit, the text found; dropped, falls with it."""
_STYLES = {OPENED: "bad", CLOSED: "good", BOTH: "warn", CHANGED: "warn"}


def timeline_rows(debugger: Debugger, top: int, rows: int, width: int) -> list[Line]:
    """Rows *top* … of the timeline; row 0 is the moment before the first event."""
    first = debugger.tape.record(1)
    pace = Pace()
    if first is not None:
        pace.of(first)
    drawn = [_row(debugger, Span("    0            before the first event", "dim"))] if top == 0 else []
    last = min(debugger.head, top + rows - 1)
    records = debugger.tape.read(max(0, top - 1), last)
    return [*drawn, *(_event(debugger, record, pace.of(record)[0], width) for record in records)]


def _event(debugger: Debugger, record: Recorded, elapsed_ms: int, width: int) -> Line:
    spans = entry_line(timeline_entry(record), elapsed_ms, None, width - GUTTER)
    if record.seq in debugger.supposing.fallen:
        spans = tuple(Span(one.text, "struck") for one in spans)
    return _row(debugger, *spans, seq=record.seq, record=record)


def _row(debugger: Debugger, *spans: Span, seq: int = 0, record: Recorded | None = None) -> Line:
    here = seq == debugger.seq
    outcome = Span(BAD, "bad") if record is not None and is_bad(record.event) else Span(" ")
    marks = (_supposed(debugger, seq), _stop(debugger, record), _verdict(debugger, seq), outcome)
    row = (Span(">" if here else " ", "bold"), *marks, Span(" "), *spans)
    return tuple(Span(one.text, f"{one.style} here".strip()) for one in row) if here else row


def _supposed(debugger: Debugger, seq: int) -> Span:
    if seq in debugger.supposing.dropped:
        return Span(DROPPED, "bad")
    return Span(FALLEN, "warn") if seq in debugger.supposing.fallen else Span(" ")


def _stop(debugger: Debugger, record: Recorded | None) -> Span:
    if record is None:
        return Span(" ")
    if debugger.hits is not None and debugger.hits.seq == record.seq:
        return Span(HIT, "warn")
    needle = debugger.sought.casefold()
    return Span(FOUND, "name") if needle and has_text(record, needle) else Span(" ")


def _verdict(debugger: Debugger, seq: int) -> Span:
    mark = debugger.survey.marks.get(seq, " ")
    return Span(mark, _STYLES.get(mark, ""))
