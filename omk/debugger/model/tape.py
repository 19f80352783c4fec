"""What the debugger reads: one goal's records in any order, a few windows of them kept around where one looks."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from threading import Lock

from omk.debugger.model.ladder import SPACING, Ladder
from omk.domain.checkpoint import Checkpoint
from omk.domain.event import Recorded
from omk.domain.text import resolve
from omk.replay.documents import Blob, Document
from omk.replay.history import History

WINDOW, KEPT = 512, 32
NEAR = 4 * WINDOW
"""A longer span than this is read as a stream and not kept."""
BEHIND, AHEAD = 17, 2
"""How many windows before and after the one where one looks are worth having: what a cursor may fold while one steps."""
Patch = Callable[[str, str], bytes]
"""The unified difference of two trees, by their ids. Raises an OmkError, in one line, where the code is not to be had."""


class Tape:
    """Records 1..`head` of a goal. Several threads may read it; `head` grows only by `grow`."""

    def __init__(self, source: History, head: int, *, blob: Blob = lambda _: None, patch: Patch | None = None) -> None:
        self.source, self.head, self.blob, self.patch = source, head, blob, patch
        self.goal = source.goal
        self.ladder = Ladder()
        self.history = History(source.goal, self.read, self.nearest)
        self._kept: OrderedDict[int, tuple[Recorded, ...]] = OrderedDict()
        self._lock = Lock()

    def read(self, after: int, upto: int | None = None) -> Iterable[Recorded]:
        """The records with *after* < seq <= *upto* (null: all up to the head)."""
        last = self.head if upto is None else min(upto, self.head)
        if last <= after:
            return ()
        return self.source.read(after, last) if last - after > NEAR else self._windowed(after, last)

    def record(self, seq: int) -> Recorded | None:
        """One record, or None."""
        return next(iter(self.read(seq - 1, seq)), None) if seq > 0 else None

    def resolved(self, document: Document) -> Document:
        """The document with its texts in place of their commitments."""
        found: Document = resolve(document, self.record)
        return found

    def nearest(self, seq: int) -> Checkpoint | None:
        """The last checkpoint at or before an event, from memory or from where the source keeps its own."""
        rung = self.ladder.nearest(seq)
        if rung is not None and seq - rung.seq < SPACING:
            return rung
        stored = self.source.nearest(seq)
        return max((one for one in (rung, stored) if one is not None), key=lambda one: one.seq, default=None)

    def distance(self, seq: int) -> int:
        """How many events must be folded to stand after event *seq*."""
        begin = self.nearest(seq) if seq else None
        return seq - (begin.seq if begin else 0)

    def grow(self) -> int:
        """Take in what was appended since; how many records that were."""
        before = self.head
        for record in self.source.read(before, None):
            self.head = record.seq
        return self.head - before

    def _windowed(self, after: int, last: int) -> Iterator[Recorded]:
        for number in range(after // WINDOW, (last - 1) // WINDOW + 1):
            for record in self._window(number):
                if after < record.seq <= last:
                    yield record

    def lacks(self, seq: int) -> tuple[int, int] | None:
        """The windows around event *seq* that stepping from there will ask for and that are not read yet: first, last."""
        here = max(0, seq - 1) // WINDOW
        last = max(0, self.head - 1) // WINDOW
        near = range(max(0, here - BEHIND), min(last, here + AHEAD) + 1)
        missing = [number for number in near if len(self._kept.get(number, ())) < self._size(number)]
        return (missing[0], missing[-1]) if missing else None

    def fetch(self, first: int, last: int) -> None:
        """Read these windows, all at once: in a file of lines each reading begins at its beginning."""
        records = tuple(self.source.read(first * WINDOW, min((last + 1) * WINDOW, self.head)))
        for number in range(first, last + 1):
            start = (number - first) * WINDOW
            self._keep(number, records[start : start + WINDOW])

    def _size(self, number: int) -> int:
        return max(0, min(WINDOW, self.head - number * WINDOW))

    def _window(self, number: int) -> tuple[Recorded, ...]:
        known, size = self._kept.get(number, ()), self._size(number)
        if len(known) < size:
            start = number * WINDOW
            known = (*known, *self.source.read(start + len(known), start + size))
        self._keep(number, known)
        return known

    def _keep(self, number: int, records: tuple[Recorded, ...]) -> None:
        with self._lock:
            self._kept[number] = records
            self._kept.move_to_end(number)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
