"""Amounts that only a command takes."""

import math

from omk.errors import Refused


def speed(flag: str, value: float | None) -> float | None:
    """How many times as fast, or none at all."""
    if value is not None and not 0 < value < math.inf:
        raise Refused(f"{flag} must be a positive, finite number, not {value}.")
    return value
