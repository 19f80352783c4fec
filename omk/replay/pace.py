"""How long things took: since the first event, and between what was announced and its answer."""

from datetime import datetime, timedelta

from omk.domain.event import Recorded
from omk.replay.timeline import obligation_closed, obligation_opened

_MILLISECOND = timedelta(milliseconds=1)


class Pace:
    """Fed with records in order, it remembers when what is open was announced."""

    def __init__(self) -> None:
        self._first: datetime | None = None
        self._open: dict[str, datetime] = {}

    def of(self, record: Recorded) -> tuple[int, int | None]:
        """Milliseconds since the first event, and since what this one answers was announced (null: it answers nothing)."""
        now = datetime.fromisoformat(record.at)
        self._first = self._first or now
        elapsed = _between(self._first, now)
        opened = obligation_opened(record.event)
        if opened is not None:
            self._open[opened] = now
            return elapsed, None
        closed = obligation_closed(record.event)
        begun = None if closed is None else self._open.pop(closed, None)
        return elapsed, None if begun is None else _between(begun, now)


def _between(start: datetime, end: datetime) -> int:
    return (end - start) // _MILLISECOND
