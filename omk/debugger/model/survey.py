"""One pass over the whole history, in pieces: it notes where there is something to see, and leaves checkpoints behind."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from threading import Lock

from omk.debugger.model.ladder import SPACING
from omk.debugger.model.outcomes import ended_badly
from omk.debugger.model.tape import Tape
from omk.debugger.model.work import PIECE, Work
from omk.domain.event import Recorded, kind_of
from omk.replay.history import Turning, Verdict
from omk.views.lines import word

_NAMED = 3
BOOKKEEPING = frozenset({"obligations.closed"})
"""Gaps that open and close whenever something is at work: they mark no event and stop nobody."""
OPENED, CLOSED, BOTH, CHANGED = "+", "-", "±", "!"
"""What a change of the verdict did: opened gaps, closed gaps, both, or changed the status alone."""
REACH = 8_192
"""How many events are folded without a word: what stored checkpoints lie apart at most."""


class Survey:
    """Every change of the verdict in events 1..`seq`, the mark of each that matters, and the runs that ended badly.

    `go_on` takes it further. Several threads may.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape, self.seq = tape, 0
        self.changes: dict[int, Verdict] = {}
        self.marks: dict[int, str] = {}
        self.ended: dict[int, str] = {}
        self._seqs: list[int] = []
        self._judge = tape.history.judge()
        self._turning = Turning(self._judge)
        self._kinds: Counter[str] = Counter()
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
        """The first event after *seq* that changed the verdict, or is a run that ended badly; or None."""
        while not (self._seqs and self._seqs[-1] > seq):
            if self.seq >= self.tape.head:
                return None
            yield self.go_on()
        return self._seqs[bisect_right(self._seqs, seq)]

    def before(self, seq: int) -> Work:
        """The last event before *seq* that changed the verdict, or is a run that ended badly; or None."""
        yield from self.reach(seq - 1)
        place = bisect_left(self._seqs, seq)
        return self._seqs[place - 1] if place else None

    def told(self, seq: int) -> str:
        """In one line why one stops at an event that was surveyed."""
        change, ended = self.changes.get(seq), self.ended.get(seq)
        return "; ".join([*([ended] if ended else []), *([told(change)] if change and seq in self.marks else [])])

    def _add(self, record: Recorded) -> None:
        before = self._turning.status
        change = self._turning.add(record)
        if change is not None:
            self.changes[record.seq] = change
            if mark := marked(change, before):
                self.marks[record.seq] = mark
        if ended := ended_badly(record.event):
            self.ended[record.seq] = ended
        if record.seq in self.marks or ended:
            self._seqs.append(record.seq)
        self.seq = record.seq
        self._kinds[kind_of(record.event)] += 1
        if record.seq % SPACING == 0:
            self.tape.ladder.add(self._judge, self._kinds)
            self._kinds.clear()


def within_reach(tape: Tape, survey: Survey, seq: int) -> Work:
    """Let the survey pass by first if event *seq* is far from every checkpoint: it leaves some behind."""
    if tape.distance(seq) > REACH:
        yield from survey.reach(seq)


def marked(change: Verdict, before: str) -> str:
    """The mark of a change of the verdict, *before* which the status was another or the same; empty if it is bookkeeping."""
    match bool({*change.opened} - BOOKKEEPING), bool({*change.closed} - BOOKKEEPING):
        case True, True:
            return BOTH
        case True, False:
            return OPENED
        case False, True:
            return CLOSED
        case _:
            return CHANGED if change.status != before else ""


def told(change: Verdict) -> str:
    """A change of the verdict in one line: `opened gate.tests; closed plan.valid; not ready`."""
    sides = (("opened", change.opened), ("closed", change.closed))
    named = [(name, [code for code in codes if code not in BOOKKEEPING]) for name, codes in sides]
    return "; ".join([*(f"{name} {_names(codes)}" for name, codes in named if codes), word(change.status)])


def _names(codes: Sequence[str]) -> str:
    more = f" and {len(codes) - _NAMED} more" if len(codes) > _NAMED else ""
    return ", ".join(codes[:_NAMED]) + more
