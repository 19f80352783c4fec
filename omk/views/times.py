"""Spans of time in words that fit a column."""

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000


def took(milliseconds: int | None) -> str:
    """`12 ms`, `3.4 s`, `2m05s`, `1h07m`, `3d04h`; empty for null."""
    if milliseconds is None:
        return ""
    if milliseconds < _SECOND:
        return f"{milliseconds} ms"
    if milliseconds < _MINUTE:
        return f"{milliseconds // 100 / 10:.1f} s"  # rounded down: 59.96 s is not 60.0 s
    if milliseconds < _HOUR:
        return f"{milliseconds // _MINUTE}m{milliseconds % _MINUTE // _SECOND:02}s"
    if milliseconds < _DAY:
        return f"{milliseconds // _HOUR}h{milliseconds % _HOUR // _MINUTE:02}m"
    return f"{milliseconds // _DAY}d{milliseconds % _DAY // _HOUR:02}h"


def moment(at: str | None) -> str:
    """A recorded time to the second: `2026-11-22 10:15:00 UTC`."""
    return f"{at[:10]} {at[11:19]} UTC" if at else "before the first event"
