"""Records as they come, with a look at those that follow: what was recorded together is asked about together."""

from collections import deque
from collections.abc import Iterable

from omk.domain.event import Recorded


class Ahead:
    """The records that nobody has taken yet."""

    def __init__(self, records: Iterable[Recorded]) -> None:
        self._rest = iter(records)
        self._seen: deque[Recorded] = deque()

    def at(self, place: int) -> Recorded | None:
        """The record so many places on (0: the next one), None beyond the end."""
        while len(self._seen) <= place:
            record = next(self._rest, None)
            if record is None:
                return None
            self._seen.append(record)
        return self._seen[place]

    def event(self, place: int) -> object:
        """The event there, if the same actor recorded it as the next one; else None."""
        first, record = self.at(0), self.at(place)
        return record.event if first is not None and record is not None and record.actor == first.actor else None

    def take(self, count: int) -> list[Recorded]:
        """The next records, at most so many; they are gone then."""
        return [self._seen.popleft() for place in range(count) if self.at(0) is not None]
