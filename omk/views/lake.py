"""What the lake has of the log, as lines and as Markdown."""

from typing import Any

from omk.domain.words import counted
from omk.views.lines import BLANK, Line, Span, line, table
from omk.views.markdown import code
from omk.views.markdown import table as markdown_table

Document = dict[str, Any]
SHOWN = 12
_STEPS = ("B", "kB", "MB", "GB", "TB")
_THOUSAND = 1000


def lake_lines(document: Document, width: int) -> list[Line]:
    """Where the lake is, how much of the log it has, and its segments."""
    lines = [line(Span(f"{name:<10}", "dim"), value) for name, value in _facts(document)]
    rows = [[Span(value) for value in row] for row in _rows(document)]
    if rows:
        lines += [BLANK, *table([[Span(one, "dim") for one in _HEAD], *rows[-SHOWN:]], width)]
    if len(rows) > SHOWN:
        lines.append(line(Span(f"  and {len(rows) - SHOWN} before them (--json)", "dim")))
    return [*lines, *(line(Span("✗ ", "bad"), f"{flaw}; omk lake sync builds it again") for flaw in document["flaws"])]


def lake_markdown(document: Document) -> list[str]:
    """The same as Markdown."""
    facts = [(name, code(value)) for name, value in _facts(document)]
    rows = [tuple(row) for row in _rows(document)]
    flaws = [f"- {code(flaw)}" for flaw in document["flaws"]]
    return ["# Lake", "", *markdown_table(("what", "value"), facts), *markdown_table(_HEAD, rows), *flaws]


_HEAD = ("first", "last", "records", "size")


def _rows(document: Document) -> list[list[str]]:
    return [[f"{one['first']:,}", f"{one['last']:,}", f"{one['records']:,}", size(one["bytes"])] for one in document["segments"]]


def _facts(document: Document) -> list[tuple[str, str]]:
    made = document.get("made")
    share = f", {document['bytes'] / document['log_bytes']:.0%} of the log" if document["log_bytes"] and document["bytes"] else ""
    segments = document["segments"]
    stored = f"{document['stored']:,} in {counted(len(segments), 'segment')}, {size(document['bytes'])}{share}"
    facts = [
        ("place", document["place"]),
        ("records", f"{document['records']:,} in the log"),
        ("stored", stored if segments else "none yet"),
        ("tail", f"{document['tail']:,}, projected when they are asked for"),
    ]
    if made is not None:
        told = f"{counted(made, 'segment')} of {document['projected']:,} records projected, {document['merged']} merged"
        facts.append(("built", told if made or document["merged"] else "nothing was missing"))
    return facts


def size(count: int) -> str:
    """Bytes as people write them: `24.8 MB`."""
    amount, step = float(count), 0
    while amount >= _THOUSAND and step < len(_STEPS) - 1:
        amount, step = amount / _THOUSAND, step + 1
    return f"{count} B" if step == 0 else f"{amount:.1f} {_STEPS[step]}"
