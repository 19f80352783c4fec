"""Rows of an answer as a table of text, as one block of lines per row where there are too many columns, or as Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from omk.views.lines import BLANK, Line, Span, cells, cut, line, padded, wrapped

Row = Sequence[str | None]
"""The values as text on one line, without control characters; null as null."""
NULL = "NULL"
_GAP, _MARGIN = 2, 2
_NARROW = 8
"""What a column of words is not made narrower than."""
_LONGEST = 4_000
"""Characters of a value that are looked at: no terminal has as many columns."""


class Head(NamedTuple):
    """The name of a column, whether its values are numbers, which stand at the right, and whether they are of use when cut."""

    name: str
    is_number: bool = False
    is_whole: bool = False


class Layout:
    """How wide each column is, by the rows that are known; words in further rows are cut to that."""

    def __init__(self, heads: Sequence[Head], rows: Sequence[Row], width: int) -> None:
        self.heads = list(heads)
        self._width = width
        self._widths = _widths(self.heads, [[_text(value) for value in row] for row in rows], width - _MARGIN)
        self._count = 0

    def head(self) -> list[Line]:
        """The names of the columns."""
        if not self._widths:
            return []
        names = self._line([Span(one.name, "bold") for one in self.heads])
        return [names, line(" " * _MARGIN, Span((" " * _GAP).join("─" * room for room in self._widths), "dim"))]

    def lines(self, rows: Iterable[Row]) -> Iterator[Line]:
        """The rows, one after the other."""
        for row in rows:
            self._count += 1
            spans = [Span(_text(value), "dim" if value is None else "") for value in row]
            if self._widths:
                yield self._line(spans)
            else:
                yield from self._block(spans)

    def _line(self, spans: Sequence[Span]) -> Line:
        parts = [Span(" " * _MARGIN)]
        for number, (span, room, head) in enumerate(zip(spans, self._widths, self.heads, strict=True)):
            text = span.text if head.is_number or head.is_whole else cut(span.text, room)  # a number that is cut is another one
            before = " " * (room - cells(text)) if head.is_number else ""
            is_last = number == len(spans) - 1
            parts += [Span(before), Span(text, span.style)]
            parts += [] if is_last else [Span(padded(before + text, room)[len(before + text) :] + " " * _GAP)]
        return tuple(part for part in parts if part.text)

    def _block(self, spans: Sequence[Span]) -> Iterator[Line]:
        if self._count > 1:
            yield BLANK
        yield line(Span(f"row {self._count}", "bold"))
        room = min(max((cells(one.name) for one in self.heads), default=0), self._width // 2)
        for head, span in zip(self.heads, spans, strict=True):
            name = padded(cut(head.name, room), room)
            text = cut(span.text, max(_NARROW, self._width - room - _MARGIN - _GAP))
            yield line(" " * _MARGIN, Span(name, "name"), " " * _GAP, Span(text, span.style))


def described(rows: Sequence[tuple[Span, ...]], width: int) -> list[Line]:
    """Rows whose last column is a sentence, which goes on below itself where a line is too short for it."""
    rooms = [max(cells(row[number].text) for row in rows) for number in range(len(rows[0]) - 1)]
    indent = " " * (_MARGIN + sum(rooms) + _GAP * len(rooms))
    lines: list[Line] = []
    for row in rows:
        first, *rest = wrapped(row[-1].text, width, indent=indent, style=row[-1].style)
        parts = [Span(padded(span.text, room + _GAP), span.style) for span, room in zip(row, rooms, strict=False)]
        lines += [(Span(" " * _MARGIN), *parts, first[-1]), *rest]
    return lines


def rows_markdown(heads: Sequence[Head], rows: Iterable[Row]) -> Iterator[str]:
    """The rows as a Markdown table."""
    from omk.views.markdown import escaped

    yield f"| {' | '.join(escaped(one.name) for one in heads)} |"
    yield f"|{'|'.join(' ---: ' if one.is_number else ' --- ' for one in heads)}|"
    for row in rows:
        yield f"| {' | '.join('' if value is None else escaped(value) for value in row)} |"


def _text(value: str | None) -> str:
    return NULL if value is None else value[:_LONGEST]


def _widths(heads: Sequence[Head], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """The widths of the columns within *width*, the widest made narrower; none if there are too many columns."""
    natural = [max([cells(head.name), *(cells(row[number]) for row in rows)]) for number, head in enumerate(heads)]
    least = [
        room if head.is_number or head.is_whole else min(room, max(_NARROW, min(cells(head.name), 2 * _NARROW)))
        for head, room in zip(heads, natural, strict=True)
    ]
    room = width - _GAP * (len(heads) - 1)
    if sum(least) > room:
        return []
    if sum(natural) <= room:
        return natural
    limit = 1
    while sum(_limited(natural, least, limit + 1)) <= room:
        limit += 1
    widths = _limited(natural, least, limit)
    for number, one in enumerate(natural):
        widths[number] += min(max(0, one - widths[number]), room - sum(widths))
    return widths


def _limited(natural: Sequence[int], least: Sequence[int], limit: int) -> list[int]:
    return [max(lowest, min(one, limit)) for one, lowest in zip(natural, least, strict=True)]
