"""Checkpoints kept in memory where a fold has passed, so that going back costs a few thousand events at most."""

from bisect import bisect_right
from collections import Counter

from omk.domain.checkpoint import Checkpoint
from omk.domain.proof.standing import Judge

SPACING = 4_096


class Ladder:
    """Checkpoints in order, one each `SPACING` events; several threads may look while one adds."""

    def __init__(self) -> None:
        self._seqs: list[int] = []
        self._rungs: dict[int, Checkpoint] = {}

    def nearest(self, seq: int) -> Checkpoint | None:
        """The last checkpoint at or before an event, if there is one."""
        place = bisect_right(self._seqs, seq)
        return self._rungs[self._seqs[place - 1]] if place else None

    def add(self, judge: Judge, kinds: Counter[str]) -> None:
        """Keep what *judge* knows as the next rung; *kinds* counts the events since the one before."""
        state, after = judge.state, self._seqs[-1] if self._seqs else 0
        rung = Checkpoint(seq=state.seq, head=state.head, state=state, standing=judge.standing, kinds=dict(kinds), after=after)
        self._rungs[state.seq] = rung
        self._seqs.append(state.seq)
