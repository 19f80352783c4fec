"""A history from its end to its beginning, in stretches between checkpoints, of which the quiet ones need not be read."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from omk.domain.event import Recorded, kind_of
from omk.replay.history import History
from omk.replay.moment import Moment
from omk.replay.query.follow import ALWAYS, STANDING, touches

FOREVER = 2**62
"""A seq that no history reaches."""
EVERY = ALWAYS | {STANDING}
"""Reads for which every event counts."""


class Mark(NamedTuple):
    """A checkpoint that the log agrees with: its place and moment, and the kinds of the events after event *after*."""

    seq: int
    moment: Moment
    kinds: Mapping[str, int]
    after: int


class Stretch(NamedTuple):
    """The events after *begin* and up to *end*; *start* is the moment before them.

    *finish*, the moment after them, is there where no kind in it touches what is read: nothing can have changed if both
    moments say the same. `kinds` counts the events by their stored names, where a checkpoint at its end has counted them.
    """

    begin: int
    end: int
    start: Moment
    finish: Moment | None = None
    kinds: Mapping[str, int] | None = None


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
        counted = here.kinds if here is not None and (here.seq, here.after) == (end, before.seq) else None
        yield Stretch(before.seq, end, before.moment, kinds=counted)
        end, here = before.seq, before


def records_of(history: History, stretch: Stretch, reads: frozenset[str]) -> Iterable[Recorded]:
    """The events of a stretch that may change what is read: those of the kinds that do, if as many are found as were counted.

    Otherwise all of them, verified, which says what is wrong.
    """
    kinds = frozenset(kind for kind in stretch.kinds or () if touches((kind,), reads))
    if stretch.kinds is not None and not reads & EVERY:
        found = list(history.pick(kinds, stretch.begin, stretch.end))
        if Counter(kind_of(one.event) for one in found) == {kind: stretch.kinds[kind] for kind in kinds}:
            return found
    return history.read(stretch.begin, stretch.end)


def head_of(history: History) -> int:
    """The seq of the last event there is."""
    known = _mark(history, FOREVER)
    seq = 0 if known is None else known.seq
    for record in history.read(seq, None):
        seq = record.seq
    return seq


def _mark(history: History, seq: int) -> Mark | None:
    known = history.believed(seq)
    if known is None:
        return None
    moment = Moment(known.state, known.standing, history.record(known.seq))
    return Mark(known.seq, moment, known.kinds, known.after)
