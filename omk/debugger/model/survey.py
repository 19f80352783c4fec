"""One pass over the whole history, in pieces: it notes where the verdict changed, and leaves checkpoints behind."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from threading import Lock

from omk.debugger.model.ladder import SPACING
from omk.debugger.model.tape import Tape
from omk.debugger.model.work import PIECE, Work
from omk.domain.event import Recorded, kind_of
from omk.domain.proof.status import Status
from omk.replay.history import Verdict

_NAMED = 3
REACH = 8_192
"""How many events are folded without a word: what stored checkpoints lie apart at most."""


class Survey:
    """Every change of the verdict in events 1..`seq`; `go_on` takes it further. Several threads may."""

    def __init__(self, tape: Tape) -> None:
        self.tape, self.seq = tape, 0
        self.changes: dict[int, Verdict] = {}
        self._seqs: list[int] = []
        self._judge = tape.history.judge()
        self._judged = Status(self._judge)
        self._codes: frozenset[str] = frozenset()
        self._kinds: Counter[str] = Counter()
        self._status = ""
        self._records: Iterator[Recorded] = iter(())
        self._lock = Lock()

    def go_on(self) -> int:
        """Look at one more piece; the event it has come to."""
        with self._lock:
            for _ in range(PIECE):
                record = next(self._records, None)
                if record is None:
                    if self.seq >= self.tape.head:
                        break
                    self._records = iter(self.tape.source.read(self.seq, self.tape.head))
                    continue
                self._add(record)
        return self.seq

    def reach(self, seq: int) -> Work:
        """Go on until event *seq* is surveyed."""
        while self.seq < min(seq, self.tape.head):
            yield self.go_on()

    def after(self, seq: int) -> Work:
        """The first event after *seq* that changed the verdict, or None."""
        while not (self._seqs and self._seqs[-1] > seq):
            if self.seq >= self.tape.head:
                return None
            yield self.go_on()
        return self._seqs[bisect_right(self._seqs, seq)]

    def before(self, seq: int) -> Work:
        """The last event before *seq* that changed the verdict, or None."""
        yield from self.reach(seq - 1)
        place = bisect_left(self._seqs, seq)
        return self._seqs[place - 1] if place else None

    def _add(self, record: Recorded) -> None:
        has_moved, status = self._judge.add(record), self._judged.now()
        if has_moved or status != self._status:
            codes = frozenset(self._judge.open)
            opened, closed = tuple(sorted(codes - self._codes)), tuple(sorted(self._codes - codes))
            self.changes[record.seq] = Verdict(record.seq, record.at, kind_of(record.event), status, opened, closed)
            self._seqs.append(record.seq)
            self._codes, self._status = codes, status
        self.seq = record.seq
        self._kinds[kind_of(record.event)] += 1
        if record.seq % SPACING == 0:
            self.tape.ladder.add(self._judge, self._kinds)
            self._kinds.clear()


def within_reach(tape: Tape, survey: Survey, seq: int) -> Work:
    """Let the survey pass by first if event *seq* is far from every checkpoint: it leaves some behind."""
    if tape.distance(seq) > REACH:
        yield from survey.reach(seq)


def told(change: Verdict) -> str:
    """A change of the verdict in one line: `opened gate.tests; closed plan.valid; not ready`."""
    parts = [f"{word} {_names(codes)}" for word, codes in (("opened", change.opened), ("closed", change.closed)) if codes]
    return "; ".join([*parts, change.status.replace("_", " ")])


def _names(codes: Sequence[str]) -> str:
    more = f" and {len(codes) - _NAMED} more" if len(codes) > _NAMED else ""
    return ", ".join(codes[:_NAMED]) + more
