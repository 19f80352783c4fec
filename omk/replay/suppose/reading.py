"""Events as a person or another command writes them down: read from JSON into what `fill` completes."""

import json
from collections.abc import Iterator
from typing import Any

from omk.domain.proof.gaps import Missing
from omk.errors import Refused

_DECODE = json.JSONDecoder().raw_decode
FORMS = '{"kind": …, fields…}, {"kind": …, "where": {…}} or a record of an exported log'


def read_events(text: str, source: str) -> list[Missing]:
    """The events of JSON lines, of arrays, or of any JSON values one after another; *source* names it in errors.

    Raises Refused, in one line, for what is no event and where there is none.
    """
    found = [_event(value, source, number) for number, value in enumerate(_values(text, source), 1)]
    if not found:
        raise Refused(f"{source} holds no event. Write {FORMS}, one a line.")
    return found


def _values(text: str, source: str) -> Iterator[Any]:
    """Every value that is no array, and the items of every array."""
    place = _after_blanks(text, 0)
    while place < len(text):
        try:
            value, end = _DECODE(text, place)
        except (ValueError, RecursionError):
            line = text.count("\n", 0, place) + 1
            raise Refused(f"{source} is no JSON from line {line} on. Write {FORMS}, one a line.") from None
        yield from value if isinstance(value, list) else (value,)
        place = _after_blanks(text, end)


def _after_blanks(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n\ufeff":
        place += 1
    return place


def _event(value: Any, source: str, number: int) -> Missing:
    match value:
        case {"sealed": {"event": dict() as event}, "open": _}:
            return _event(event, source, number)
        case {"kind": str() as kind, "where": dict() as where}:
            return Missing(kind=kind, where=where)
        case {"kind": str() as kind}:
            return Missing(kind=kind, where={name: one for name, one in value.items() if name != "kind"})
        case _:
            raise Refused(f"Value {number} of {source} is no event. Write {FORMS}.")
