"""What if: some events had not happened, and nothing that rests on them. Folded by the real fold, stored nowhere."""

from collections.abc import Set as AbstractSet
from threading import Lock

from omk.debugger.model.survey import Survey, within_reach
from omk.debugger.model.tape import Tape
from omk.debugger.model.work import PIECE, Work
from omk.domain.proof.standing import Judge
from omk.replay.moment import Moment
from omk.replay.suppose.supposed import refold, spread, supposing

SPACING = 64
"""A moment is kept each so many events, so that stepping back folds at most so many."""


class Supposing:
    """The events left out by hand (`dropped`), all that fall with them (`fallen`), and the moments that follow.

    Another supposition is another object, so that a thread that still works on this one does it no harm.
    """

    def __init__(self, tape: Tape, survey: Survey, dropped: frozenset[int] = frozenset()) -> None:
        self.tape, self.survey, self.dropped = tape, survey, dropped
        self.start = min(dropped, default=1) - 1
        self._fallen, self._gathered = set(dropped), self.start
        self._ahead: tuple[int, Judge] | None = None
        self._kept: dict[int, Moment] = {}
        self._lock = Lock()

    @property
    def fallen(self) -> AbstractSet[int]:
        """What was left out and what rests on it, as far as is known; it only grows."""
        return self._fallen

    def toggled(self, seq: int) -> "Supposing":
        """The supposition in which event *seq* is left out, too, or is not."""
        return Supposing(self.tape, self.survey, self.dropped ^ {seq})

    def concerns(self, seq: int) -> bool:
        """Whether the verdict after event *seq* is a hypothetical one."""
        return bool(self.dropped) and seq > self.start

    def moment(self, seq: int) -> Work:
        """The moment after event *seq* if none of the fallen events had happened."""
        yield from self._gather()
        yield from within_reach(self.tape, self.survey, self.start)
        at, judge = self._begun(seq)
        while at < seq:
            end = min(seq, (at // SPACING + 1) * SPACING)
            fallen = self.fallen
            refold(judge, (supposing(one) for one in self.tape.read(at, end) if one.seq not in fallen))
            at = end
            if at % SPACING == 0:
                self._kept[at] = _moment(self.tape, judge, at)
            if at % PIECE == 0:
                yield at
        moment = _moment(self.tape, judge, seq)
        self._ahead = (seq, judge)
        return moment

    def _gather(self) -> Work:
        """Find all that rests on what was left out, up to the head."""
        while self.dropped and self._gathered < self.tape.head:
            end = min(self._gathered + PIECE, self.tape.head)
            spread(self.tape.read(self._gathered, end), self._fallen)
            self._gathered = max(self._gathered, end)
            yield end

    def _begun(self, seq: int) -> tuple[int, Judge]:
        """A place up to *seq*, and a judge that has come there; nobody else gets the same one."""
        with self._lock:
            ahead, self._ahead = self._ahead, None
        places = [place for place in list(self._kept) if place <= seq]
        if ahead is not None and max([*places, self.start]) <= ahead[0] <= seq:
            return ahead
        if not places:
            return self.start, self.tape.history.judge_at(self.start)
        kept = self._kept[max(places)]
        return max(places), Judge(kept.state, kept.standing)


def _moment(tape: Tape, judge: Judge, seq: int) -> Moment:
    return Moment(judge.state, judge.standing, tape.record(seq))
