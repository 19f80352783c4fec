"""Amounts given as flags: whole numbers, spans of time, and money, which is never a float."""

import math
from decimal import Decimal, InvalidOperation

from omk.domain.duration import parse_duration
from omk.errors import Refused

MICRO = 1_000_000
MOST = 2**53
"""Whole numbers up to here are the same number in every language that reads our JSON."""


def positive(flag: str, value: int | None) -> int | None:
    """A number above zero, or none at all."""
    if value is not None and value <= 0:
        raise Refused(f"{flag} must be greater than zero, not {value}.")
    if value is not None and value > MOST:
        raise Refused(f"{flag} must be at most {MOST}, not {value}.")
    return value


def within(flag: str, value: int | None, least: int, most: int) -> int | None:
    """A number from *least* to *most*, or none at all."""
    if value is not None and not least <= value <= most:
        raise Refused(f"{flag} must be a number from {least} to {most}, not {value}.")
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
    if span > MOST:
        raise Refused(f"{flag} must be at most {MOST} milliseconds, not {text}.")
    return span


def micro_dollars(flag: str, text: str | None) -> int | None:
    """Dollars in whole micro-dollars."""
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount < Decimal(1) / MICRO:
        raise Refused(f"{flag} must be a positive, finite number, not {text}.")
    if amount > MOST // MICRO:
        raise Refused(f"{flag} must be at most {MOST // MICRO}, not {text}.")
    return int(amount * MICRO)


def speed(flag: str, value: float | None) -> float | None:
    """How many times as fast, or none at all."""
    if value is not None and not 0 < value < math.inf:
        raise Refused(f"{flag} must be a positive, finite number, not {value}.")
    return value
