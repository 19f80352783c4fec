"""Styled lines: what a view makes and a printer draws. Spans of text with a style, nothing that knows a terminal."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

STYLES = ("", "bold", "dim", "good", "bad", "warn", "name", "badge-good", "badge-bad", "badge-warn")
_GOOD = {"ready", "passed", "accepted", "merged", "done", "succeeded", "allowed", "not_applicable", "waived"}
_BAD = {"failed", "blocked", "errored", "timed_out", "rejected", "failed_infra", "cancelled", "refused", "stopped"}
WORD = re.compile(
    r"""
    (?<!\S) [(`'"]? omk [ ][a-z]+ (?:                        # a command: its verb, and then
        [ ] (?: goal-\S+ | latest\S* | [a-z-]+\.[\w.-]+         # goals, codes of gaps,
            | --[a-z-]+ (?: [ ] (?!-) \S+ )? )                 # and flags with their values
    )* \S* | \S+
    """,
    re.VERBOSE,
)
"""What a line is not broken within: a word, or a command of omk."""
_QUIET = {"never", "pending", "skipped", "proposed"}


class Span(NamedTuple):
    """A piece of text in one of `STYLES`."""

    text: str
    style: str = ""


Line = tuple[Span, ...]
BLANK: Line = ()


def line(*parts: str | Span) -> Line:
    """A line of spans and unstyled text."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts)


def word(value: str) -> str:
    """`not_ready` as people write it."""
    return value.replace("_", " ")


def task_word(status: str) -> str:
    """The status of a task as people write it: one that is `blocked` is so because its last attempt failed."""
    return "failed" if status == "blocked" else word(status)


def style_of(outcome: str) -> str:
    """How an outcome or a status looks."""
    if outcome in _GOOD:
        return "good"
    if outcome in _BAD:
        return "bad"
    return "dim" if outcome in _QUIET else "warn"


def badge(status: str) -> Span:
    """The status, so that one sees it first."""
    return Span(f" {word(status).upper()} ", f"badge-{style_of(status)}".replace("badge-dim", "badge-warn"))


def heading(text: str) -> list[Line]:
    """A blank line and a heading."""
    return [BLANK, line(Span(text, "bold"))]


def cells(text: str) -> int:
    """How many columns of a terminal *text* takes."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(character) for character in text)


def _cells_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def cut(text: str, width: int) -> str:
    """*text* in at most *width* columns, `…` at the end where something is missing."""
    if text.isascii():
        return text if len(text) <= width else f"{text[: width - 1].rstrip()}…" if width > 0 else ""
    if cells(text) <= width:
        return text
    kept, used = "", 0
    for character in text:
        used += _cells_of(character)
        if used > width - 1:
            break
        kept += character
    return f"{kept.rstrip()}…" if width > 0 else ""


def cut_left(path: str, width: int) -> str:
    """A path in at most *width* columns, `…` at its beginning where something is missing: its end tells it from others."""
    if cells(path) <= width:
        return path
    kept, used = "", 1
    for character in reversed(path):
        used += _cells_of(character)
        if used > width:
            break
        kept = character + kept
    return f"…{kept}"


def padded(text: str, width: int) -> str:
    """*text* filled with blanks to *width* columns."""
    return text + " " * max(0, width - cells(text))


def wrapped(text: str, width: int, *, indent: str = "", style: str = "") -> list[Line]:
    """*text* broken at blanks into lines of at most *width* columns, each after *indent*; line breaks are kept.

    A command of omk is not broken, however long: nobody could copy it.
    """
    room = max(10, width - cells(indent))
    return [line(indent, Span(one, style)) for part in text.splitlines() or [""] for one in _broken(part, room)]


def _broken(text: str, room: int) -> list[str]:
    lines, now = [], ""
    for piece in _pieces(WORD.findall(" ".join(text.split())), room):
        if now and cells(now) + 1 + cells(piece) > room:
            lines.append(now)
            now = piece
        else:
            now = f"{now} {piece}" if now else piece
    return [*lines, now]


def _pieces(words: Iterable[str], room: int) -> Iterator[str]:
    """The words, those that are too long for a line in pieces, but for a command."""
    for long in words:
        rest = long
        while cells(rest) > room and " " not in rest:
            length = room if rest.isascii() else room // 2
            yield rest[:length]
            rest = rest[length:]
        yield rest


def table(rows: Sequence[Sequence[Span]], width: int, *, indent: str = "  ") -> list[Line]:
    """Rows in columns two blanks apart, the last column cut to what is left of *width*."""
    if not rows:
        return []
    widths = [max(cells(row[column].text) for row in rows) for column in range(len(rows[0]) - 1)]
    drawn = []
    for row in rows:
        spans, used = [Span(indent)], cells(indent)
        for span, room in zip(row, widths, strict=False):
            spans += [Span(padded(span.text, room), span.style), Span("  ")]
            used += room + 2
        last = row[-1]
        drawn.append((*spans, Span(cut(last.text, max(8, width - used)), last.style)))
    return drawn
