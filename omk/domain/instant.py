"""Instants as whole microseconds, to reckon with: the texts they are recorded as only sort."""

from datetime import datetime, timedelta

from omk.domain.event import Time

EPOCH, MICROSECOND = datetime.fromisoformat("1970-01-01T00:00:00Z"), timedelta(microseconds=1)


def microseconds(time: Time) -> int:
    """Microseconds since 1970 began, in UTC."""
    return (datetime.fromisoformat(time) - EPOCH) // MICROSECOND


def moment(time: Time) -> str:
    """A recorded time to the second, as people read it: `2026-11-22 10:15:00 UTC`."""
    return f"{time[:10]} {time[11:19]} UTC"
