"""Durations as people write them (`90s`, `10m`, `2h`, `1d`), kept as whole milliseconds."""

import re

from omk.errors import Refused

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LONGEST = 2**63 - 1  # milliseconds; fits the widest integer of every store

UNITS = {"d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND}
SHAPE = re.compile(r"([0-9]{1,19})([smhd]?)", re.IGNORECASE)


def parse_duration(text: str) -> int:
    """Milliseconds of `<integer>[s|m|h|d]`; without a unit the number counts seconds. Raises `Refused`."""
    found = SHAPE.fullmatch(text.strip())
    milliseconds = int(found[1]) * UNITS[found[2].lower() or "s"] if found else LONGEST + 1
    if milliseconds > LONGEST:
        raise Refused(f"invalid duration '{text}': write a whole number and a unit: s, m, h or d, as in 90s.")
    return milliseconds


def show_duration(milliseconds: int) -> str:
    """The duration in the largest unit that divides it, as `parse_duration` reads it; `1500ms` below a second."""
    if milliseconds == 0:
        return "0s"
    for unit, size in UNITS.items():
        if milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def show_span(milliseconds: int) -> str:
    """How long something took, for people, wherever omk says it: `340 ms`, `1.2 s`, `3m04s`, `2h05m`, `1d03h`."""
    if milliseconds < 0:
        return f"-{show_span(-milliseconds)}"
    if milliseconds < SECOND:
        return f"{milliseconds} ms"
    if milliseconds < MINUTE:
        return f"{milliseconds // 100 / 10:.1f} s"  # rounded down: 59.96 s is not 60.0 s
    if milliseconds < HOUR:
        return f"{milliseconds // MINUTE}m{milliseconds % MINUTE // SECOND:02}s"
    if milliseconds < DAY:
        return f"{milliseconds // HOUR}h{milliseconds % HOUR // MINUTE:02}m"
    return f"{milliseconds // DAY}d{milliseconds % DAY // HOUR:02}h"
