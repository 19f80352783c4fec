"""Times and spans of time in words that fit a column."""

from omk.domain.duration import show_span
from omk.domain.instant import moment as instant_moment


def took(milliseconds: int | None) -> str:
    """`12 ms`, `3.4 s`, `2m05s`, `1h07m`, `3d04h`; empty for null."""
    return "" if milliseconds is None else show_span(milliseconds)


def moment(at: str | None) -> str:
    """A recorded time to the second: `2026-11-22 10:15:00 UTC`."""
    return instant_moment(at) if at else "before the first event"
