"""What comes of asking again: a difference, as plain values that say what was recorded and what would be done today."""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from omk.domain.event import Recorded, kind_of
from omk.domain.text import TEXT, Shape, below, text_shape

Kind = Literal["choice", "decision", "verdict"]
Plain = dict[str, Any]
WORDS = "(text)"
"""What stands for free text: its commitment is salted, so that the same words never look the same twice."""


class Difference(Struct, frozen=True):
    """At record *seq* today's controller would do something else.

    *question* says what was asked again; *expected* is what was recorded, *actual* what would be done today (null:
    nothing).
    """

    seq: int
    at: str
    kind: str
    question: Kind
    expected: Plain | None
    actual: Plain | None


class Question(Struct, frozen=True):
    """Something that was asked again; *difference* is None where the answer is the recorded one.

    A *note* is no difference: it says why nobody can tell.
    """

    seq: int
    question: Kind
    difference: Difference | None = None
    note: str | None = None


def differing(record: Recorded, question: Kind, expected: Plain | None, actual: Plain | None) -> Question:
    """The question at *record*, answered otherwise."""
    difference = Difference(record.seq, record.at, kind_of(record.event), question, expected, actual)
    return Question(record.seq, question, difference)


def plain_event(event: Any) -> Plain:
    """An event as plain values, its kind first, with `(text)` for each free text."""
    kind: type = type(event)
    fields: Plain = _without_words(msgspec.to_builtins(event), text_shape(kind))
    return {"kind": kind_of(event), **fields}


def _without_words(value: Any, shape: Shape) -> Any:
    match value:
        case str() if shape == TEXT:
            return WORDS
        case dict() if shape:
            return {key: _without_words(item, below(shape, key)) for key, item in value.items()}
        case list() | tuple() if shape:
            return [_without_words(item, below(shape, place)) for place, item in enumerate(value)]
        case _:
            return value
