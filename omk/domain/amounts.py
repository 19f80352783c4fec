"""Amounts as people write and read them: whole numbers, spans of time, and money, which is never a float."""

import re
from decimal import Decimal

from omk.domain.duration import parse_duration
from omk.errors import Refused

MICRO = 1_000_000
NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
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


def number(text: str) -> Decimal | None:
    """A number of dollars as JSON and people write it, exactly; null for anything else, such as `1_000` or `-1`."""
    return Decimal(text) if NUMBER.fullmatch(text) else None


def micro_dollars(flag: str, text: str | None) -> int | None:
    """Dollars in whole micro-dollars."""
    if text is None:
        return None
    amount = number(text)
    if amount is None or amount == 0:
        raise Refused(f"{flag} must be a positive, finite number, not {text}.")
    if amount < Decimal(1) / MICRO:
        raise Refused(f"{flag} must be at least 0.000001, a millionth of a dollar, not {text}.")
    if amount > MOST // MICRO:
        raise Refused(f"{flag} must be at most {MOST // MICRO}, not {text}.")
    return int(amount * MICRO)


def dollars(micro_usd: int) -> str:
    """Millionths of a dollar as dollars, exactly: `$0.00`, `$1,234.5678`."""
    whole, rest = divmod(abs(micro_usd), MICRO)
    cents = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if micro_usd < 0 else ''}${whole:,}.{cents}"
