"""A cursor: stands anywhere in a history and goes from there either way, one event at a time or in leaps."""

from bisect import bisect_right, insort
from itertools import islice

from omk.domain.proof.standing import Judge
from omk.errors import NotFound
from omk.replay.history import History
from omk.replay.moment import Moment

SPACING = 512
"""A moment is kept each so many events, so that a step back folds at most so many."""
SEGMENT = 8_192
"""How far to fold from what is kept before looking whether the history knows a nearer checkpoint."""
KEPT = 128
"""How many moments are kept, besides one for each segment; they share what did not change between them."""
SHARE = 64
"""How many events of what lies behind are folded along with each step."""


class Cursor:
    """Says for any event what `History.moment` says, and is quick about the events near the last one asked for."""

    def __init__(self, history: History, *, spacing: int = SPACING, segment: int = SEGMENT, kept: int = KEPT) -> None:
        self.history, self.spacing, self.segment, self.kept = history, spacing, segment, kept
        self._moments: dict[int, Moment] = {}
        self._places: list[int] = []
        self._judge = history.judge()
        self._behind = self._judge
        self._seq = self._low = -1

    def moment(self, seq: int) -> Moment:
        """The moment after event *seq* (0: before the first). Raises NotFound beyond the end."""
        is_leap, self._seq = abs(seq - self._seq) > 1, seq
        moment = self._moments.get(seq) or self._reached(seq)
        self._look_behind(seq, is_leap=is_leap)
        return moment

    def _reached(self, seq: int) -> Moment:
        judge = self._judge
        if not max(self._before(seq), seq - self.segment) <= _seq(judge) <= seq:
            judge = self._judge = self._begun(seq)
        self._fold(judge, seq)
        if _seq(judge) != seq:
            raise NotFound(f"Position {seq} is outside of {self.history.goal}, which has events 0..{_seq(judge)}.")
        return self._moments.get(seq) or Moment(judge.state, judge.standing, judge.last or self.history.record(seq))

    def _begun(self, seq: int) -> Judge:
        """The judge at the last event up to *seq* from which the fold can go on: one kept here or by the history."""
        place = self._before(seq)
        if place < 0 or seq - place > self.segment:
            judge = self.history.begun(seq)
            if _seq(judge) > place:
                self._keep(judge)
                return judge
        moment = self._moments[place]
        return Judge(moment.state, moment.standing)

    def _fold(self, judge: Judge, upto: int) -> None:
        """Go on to event *upto*, and keep a moment each few events."""
        seq = _seq(judge)
        records = iter(self.history.read(seq, upto) if seq < upto else ())
        while some := list(islice(records, self.spacing - seq % self.spacing)):
            judge.add_all(some)
            seq = some[-1].seq
            if seq % self.spacing == 0:
                self._keep(judge)

    def _keep(self, judge: Judge) -> None:
        """Keep this moment; when there are too many, forget the one that is farthest from where the cursor stands."""
        seq = _seq(judge)
        if seq in self._moments:
            return
        insort(self._places, seq)
        self._moments[seq] = Moment(judge.state, judge.standing, judge.last or self.history.record(seq))
        if len(self._places) > self.kept + self._places[-1] // self.segment + 1:
            first, last = next(filter(self._is_loose, self._places)), next(filter(self._is_loose, reversed(self._places)))
            far = max(first, last, key=lambda place: abs(place - self._seq))
            self._places.remove(far)
            del self._moments[far]

    def _is_loose(self, place: int) -> bool:
        """Whether it may be forgotten: one of each segment may not."""
        return place % self.segment != 0

    def _before(self, seq: int) -> int:
        """The last place up to *seq* of which a moment is kept; -1 if there is none."""
        found = bisect_right(self._places, seq)
        return self._places[found - 1] if found else -1

    def _look_behind(self, seq: int, *, is_leap: bool) -> None:
        """Fold a little of what lies before, so that no step back ever has to fold a whole segment at once."""
        low = self._lowest(seq)
        ahead = seq - low
        if low <= 0 or ahead > self.segment // 2:
            return
        if low != self._low or _seq(self._behind) >= low:
            self._behind, self._low = self._begun(low - 1), low
        begin = _seq(self._behind)
        left = low - begin
        all_of_it = is_leap and ahead * SHARE < left
        self._fold(self._behind, low if all_of_it else min(low, begin + max(SHARE, left // max(ahead, 1) + 1)))

    def _lowest(self, seq: int) -> int:
        """The place down to which there is always a kept moment close by."""
        low = self._before(seq)
        while 0 <= low - (place := self._before(low - 1)) <= self.spacing and place >= 0:
            low = place
        return low


def _seq(judge: Judge) -> int:
    """The last event that the judge has heard of."""
    return judge.start.seq if judge.last is None else judge.last.seq
