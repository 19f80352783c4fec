"""What stands on the page of an audit, and in which order: the same for text, Markdown and HTML.

A page is sections of blocks, and every block names the parts of the document that its numbers come from.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

Document = dict[str, Any]


class Cell(NamedTuple):
    """A value on the page: its text, a style of `omk.views.lines.STYLES`, and whether it is to be read letter by letter."""

    text: str
    style: str = ""
    is_code: bool = False


NOTHING = Cell("–", "dim")
"""What stands where there is no value."""


class Table(NamedTuple):
    """Rows under a head; *gap* tells after which row others are left out, and how many."""

    caption: str
    head: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    parts: tuple[str, ...] = ()
    gap: tuple[int, int] = (0, 0)
    nothing: str = ""
    """What is said when there are no rows; empty: the table is not shown then."""


class Facts(NamedTuple):
    """Names with their values."""

    caption: str
    rows: list[tuple[str, Cell]]
    parts: tuple[str, ...] = ()


class Words(NamedTuple):
    """A sentence."""

    text: str
    style: str = ""
    parts: tuple[str, ...] = ()


class Quote(NamedTuple):
    """Somebody's words as they were written."""

    caption: str
    text: str


Block = Table | Facts | Words | Quote


class Section(NamedTuple):
    """A part of the page: its key, its title, and what stands in it."""

    key: str
    title: str
    blocks: list[Block]


class Query(NamedTuple):
    """The query of a part, and what it tells."""

    name: str
    about: str
    sql: str


class Page(NamedTuple):
    """A whole page; *queries* has the query of every part, *cut* names the parts of which rows are left out."""

    title: str
    goal: str
    status: str
    sections: list[Section]
    queries: dict[str, Query]
    cut: frozenset[str] = frozenset()


# --- Cells ---


def plain(value: object) -> Cell:
    """A value as it is; null is a dash."""
    return NOTHING if value is None or value == "" else Cell(str(value))


def code(value: str | None) -> Cell:
    """An id, a path or a command."""
    return Cell(value, "name", is_code=True) if value else plain(value)


def commands(values: list[str] | None) -> Cell:
    """A command line or several names."""
    return code(" ".join(values or ()))


def names(values: list[str] | None) -> Cell:
    """Several names after one another."""
    return code(", ".join(values or ()))


def yes(value: object) -> Cell:
    """A boolean in a word."""
    return Cell("yes" if value else "no")


def number(value: int | None) -> Cell:
    """A count, its thousands apart."""
    return plain(value) if value is None else Cell(f"{value:,}")


def event(seq: int | None, *, inherited: bool = False) -> Cell:
    """An event's number, and whether a fork inherits it."""
    return plain(seq) if seq is None else Cell(f"{seq}{' (inherited)' if inherited else ''}")


# --- Blocks ---


def rows_of(document: Document, part: str) -> list[Document]:
    """The rows of a part that were kept."""
    found: list[Document] = document["parts"][part]["rows"]
    return found


def first(document: Document, part: str) -> Document | None:
    """The only row of a part; null if there is none."""
    return next(iter(rows_of(document, part)), None)


def table(
    document: Document, part: str, caption: str, columns: dict[str, Callable[[Document], Cell]], nothing: str = ""
) -> Table:
    """The table of a part: *columns* gives each cell of a row, under the head of its column."""
    kept = document["parts"][part]
    rows = [tuple(cell(row) for cell in columns.values()) for row in kept["rows"]]
    return Table(caption, tuple(columns), rows, (part,), (kept["after"], kept["left_out"]), nothing)
