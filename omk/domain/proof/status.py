"""The status of a goal: derived, never assigned (design 4), and while folding judged again only when it has to be."""

from omk.domain.proof.standing import Judge
from omk.domain.proof.watcher import Watcher
from omk.domain.state import GoalState
from omk.domain.wanted import ASK, REQUEST_READS, asked, controlling

FINAL = frozenset({"cancelled", "failed_infra"})
"""The statuses that nothing leads out of."""


def status_of(state: GoalState, *, is_ready: bool) -> str:
    """The status that follows from the state and from whether no rule has a gap."""
    return _judged(state, is_ready=is_ready)[0]


def _judged(state: GoalState, *, is_ready: bool) -> tuple[str, int]:
    """The status, and how many rows of what may be wanted had to be asked to know it."""
    ruling = controlling(state)
    if ruling is not None or is_ready:
        return ruling or "ready", 0
    rows, effects = asked(state)
    return "running" if effects else "not_ready", rows


def _reads(rows: int) -> list[str]:
    return [*REQUEST_READS, *(read for row in ASK[:rows] for read in row.reads)]


class Status:
    """The status of what *judge* has folded so far; asks again only what it followed from last."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._watchers = [Watcher(_reads(rows)) for rows in range(len(ASK) + 1)]
        self._followed: Watcher | None = None
        self._is_ready = False
        self._status = ""

    def now(self) -> str:
        """The status as of the last record that the judge has heard of."""
        parts, is_ready = self._judge.parts, not self._judge.open
        if self._followed is None or is_ready != self._is_ready or self._followed.changed(parts):
            self._status, rows = _judged(self._judge.state, is_ready=is_ready)
            self._followed, self._is_ready = self._watchers[rows], is_ready
            self._followed.changed(parts)
        return self._status
