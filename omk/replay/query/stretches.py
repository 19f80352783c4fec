"""A history from its end to its beginning, in stretches between checkpoints, of which the quiet ones need not be read."""

from collections.abc import Iterator
from typing import NamedTuple

from omk.replay.history import History
from omk.replay.moment import Moment
from omk.replay.query.follow import touches

FOREVER = 2**62
"""A seq that no history reaches."""


class Mark(NamedTuple):
    """A checkpoint that the log agrees with: its place and moment, and the kinds of the events after event *after*."""

    seq: int
    moment: Moment
    kinds: frozenset[str]
    after: int


class Stretch(NamedTuple):
    """The events after *begin* and up to *end*; *start* is the moment before them.

    *finish*, the moment after them, is there where no kind in it touches what is read: nothing can have changed if both
    moments say the same.
    """

    begin: int
    end: int
    start: Moment
    finish: Moment | None = None


def stretches(history: History, reads: frozenset[str], begin: int, end: int) -> Iterator[Stretch]:
    """The stretches that the events after *begin* and up to *end* consist of, the last one first."""
    here = _mark(history, end)
    while end > begin:
        if here is not None and here.seq == end and here.after >= begin and not touches(here.kinds, reads):
            before = _mark(history, here.after)
            if here.after == 0 or (before is not None and before.seq == here.after):
                start = history.moment(0) if before is None else before.moment
                yield Stretch(here.after, end, start, here.moment)
                end, here = here.after, before
                continue
        before = here if here is None or here.seq < end else _mark(history, end - 1)
        if before is None or before.seq <= begin:
            yield Stretch(begin, end, history.moment(begin))
            return
        yield Stretch(before.seq, end, before.moment)
        end, here = before.seq, before


def head_of(history: History) -> int:
    """The seq of the last event there is."""
    known = _mark(history, FOREVER)
    seq = 0 if known is None else known.seq
    for record in history.read(seq, None):
        seq = record.seq
    return seq


def _mark(history: History, seq: int) -> Mark | None:
    """The last checkpoint at or before *seq* that was made after the record that stands in the log."""
    while seq > 0:
        known = history.nearest(seq)
        if known is None or not 0 < known.seq <= seq:
            return None
        record = history.record(known.seq)
        is_ours = (known.state.seq, known.state.head) == (known.seq, known.head)
        if is_ours and record is not None and record.digest and record.digest == known.head:
            return Mark(known.seq, Moment(known.state, known.standing, record), known.kinds, known.after)
        seq = known.seq - 1
    return None
