"""A store whose log grows: a handful of goals by turns, each an endless history of agents at work."""

import random
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from benchmarks import history
from omk.domain.event import Event
from omk.log.codec import Entry, seal
from omk.log.open import open_log
from omk.log.protocol import Log

TURN = 250


class Growing:
    """A new SQLite store in *folder*; the same *seed* makes the same records whenever they are appended."""

    def __init__(self, folder: Path, *, goals: int = 4, seed: int = 7) -> None:
        log = open_log(None, folder=folder, create=True)
        assert log is not None
        self.folder, self.log = folder, log
        self._goals = [_Growing(f"goal-20260101-000000-000-{seed:04d}{number:04d}", seed + number) for number in range(goals)]
        self._turn = 0

    def grow(self, count: int) -> None:
        """Append so many records."""
        while count > 0:
            goal = self._goals[self._turn % len(self._goals)]
            taken = min(count, TURN)
            goal.append(self.log, taken)
            count -= taken
            self._turn += 1

    def record(self, event: Event) -> None:
        """Append this event to the first goal."""
        goal = self._goals[0]
        goal.events = chain([("person:bench", event)], goal.events)
        goal.append(self.log, 1)


class _Growing:
    def __init__(self, goal: str, seed: int) -> None:
        self.goal, self.seq, self.prev = goal, 0, ""
        self._dice = random.Random(seed)
        self.events: Iterator[tuple[str, Event]] = history.events(self._dice)

    def append(self, log: Log, count: int) -> None:
        entries: list[Entry] = []
        before = self.seq
        for actor, event in islice(self.events, count):
            self.seq += 1
            entry = seal(
                event,
                goal=self.goal,
                seq=self.seq,
                at=history._time(self.seq),
                actor=actor,
                causes=(self.seq - 1,) if self.seq > 1 else (),
                prev=self.prev,
                salt=lambda: self._dice.randbytes(16),
            )
            self.prev = entry.record.digest
            entries.append(entry)
        log.append(self.goal, entries, after=before)
