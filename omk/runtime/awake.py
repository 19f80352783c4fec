"""The machine may sleep, or its clock be set, while agents are at work: time in which nobody worked, and nothing is spent."""

from collections.abc import Iterable

from omk.agents.process import milliseconds
from omk.domain.instant import microseconds
from omk.domain.spending import MILLISECOND
from omk.runtime import edge

TOLERANCE_MS = 1_000
"""What two readings of two clocks may differ by that were not made at the very same time."""


class Awake:
    """Compares the clock on the wall, which records tell, with one that only runs while the machine does.

    `slept` has the milliseconds by which the records' times of each agent are too long (negative: too short).
    """

    def __init__(self) -> None:
        self.slept: dict[str, int] = {}
        self._ahead = _wall_ahead()

    def look(self, running: Iterable[str]) -> None:
        """Notice what happened since the last look, in which the agents *running* were at work."""
        ahead = _wall_ahead()
        gap = ahead - self._ahead
        if abs(gap) > TOLERANCE_MS:
            self._ahead = ahead
            for agent in running:
                self.slept[agent] = self.slept.get(agent, 0) + gap


def _wall_ahead() -> int:
    return microseconds(edge.now()) // MILLISECOND - milliseconds()
