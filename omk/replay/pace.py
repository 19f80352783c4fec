"""How long things took: since the first event, and between what was announced and its answer."""

from typing import Any

from omk.domain.event import Recorded
from omk.domain.instant import microseconds
from omk.domain.subjects.obligation import CLOSES, OPENS

_MINUTE = len("2026-11-22T10:15:")
_WHOLE = len("2026-11-22T10:15:00.123456Z")


class Pace:
    """Fed with records in order, it remembers when what is open was announced (in microseconds, as whole numbers)."""

    def __init__(self) -> None:
        self._first: int | None = None
        self._open: dict[str, int] = {}
        self._minute, self._minute_at = "", 0

    def of(self, record: Recorded) -> tuple[int, int | None]:
        """Milliseconds since the first event, and since what this one answers was announced (null: it answers nothing)."""
        now, event = self._microseconds(record.at), record.event
        if self._first is None:
            self._first = now
        elapsed = (now - self._first) // 1_000
        kind: Any = type(event)
        opens = OPENS.get(kind)
        if opens is not None:
            self._open[opens[1](event)] = now
            return elapsed, None
        closes = CLOSES.get(kind)
        closed = None if closes is None else closes(event)
        begun = None if closed is None else self._open.pop(closed, None)
        return elapsed, None if begun is None else (now - begun) // 1_000

    def _microseconds(self, at: str) -> int:
        """Since 1970. Most events are of the same minute as the one before, and a number is read faster than a time."""
        if len(at) != _WHOLE:
            return microseconds(at)
        minute = at[:_MINUTE]
        if minute != self._minute:
            self._minute_at = microseconds(f"{minute}00.000000Z")
            self._minute = minute
        return self._minute_at + int(at[17:19] + at[20:26])
