"""Search in the timeline: the text of its lines, whatever the case, read as far as the next one that has it."""

from omk.debugger.model.tape import Tape
from omk.debugger.model.work import PIECE, Work
from omk.domain.event import Recorded
from omk.replay.timeline import timeline_entry


def has_text(record: Recorded, needle: str) -> bool:
    """Whether the record's line holds *needle*, which is in lower case (casefolded)."""
    entry = timeline_entry(record)
    return needle in f"{entry.seq} {entry.kind} {entry.actor} {entry.summary}".casefold()


def forward(tape: Tape, text: str, after: int) -> Work:
    """The first event after *after* whose line holds *text*, or None."""
    needle = text.casefold()
    for record in tape.source.read(after, tape.head) if after < tape.head else ():
        if has_text(record, needle):
            return record.seq
        if record.seq % PIECE == 0:
            yield record.seq
    return None


def backward(tape: Tape, text: str, before: int) -> Work:
    """The last event before *before* whose line holds *text*, or None."""
    needle, end = text.casefold(), before - 1
    while end > 0:
        start = max(0, end - PIECE)
        for record in reversed(list(tape.read(start, end))):
            if has_text(record, needle):
                return record.seq
        end = start
        yield end
    return None
