"""Amounts given as flags: whole numbers, spans of time, and money, which is never a float."""

from decimal import Decimal, InvalidOperation

from omk.domain.duration import parse_duration
from omk.errors import Refused

MICRO = 1_000_000


def positive(flag: str, value: int | None) -> int | None:
    """A number above zero, or none at all."""
    if value is not None and value <= 0:
        raise Refused(f"{flag} must be greater than zero, not {value}.")
    return value


def milliseconds(flag: str, text: str | None, *, least: int = 0) -> int | None:
    """A span of time such as `30m` in milliseconds, at least *least*."""
    if text is None:
        return None
    try:
        span = parse_duration(text)
    except Refused as error:
        raise Refused(f"invalid {flag}: {error}") from error
    if span < least:
        raise Refused(f"{flag} must be greater than zero, not {text}.")
    return span


def micro_dollars(flag: str, text: str | None) -> int | None:
    """Dollars in whole micro-dollars."""
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount * MICRO < 1:
        raise Refused(f"{flag} must be a positive, finite number, not {text}.")
    return int(amount * MICRO)
