"""The state as a tree of rows that open and close: each leaf with its value, and a mark where the last step changed it."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from omk.replay.documents import Document
from omk.replay.printable import shortened
from omk.views.lines import Line, Span, cells, cut, padded

NAMES = ("id", "name", "pass", "path", "code")
"""What the items of a list are called by, if they have such a field."""
_WORDS = ("status", "outcome", "operation", "owner")
_COLUMN, _HEX, _IDS = 14, 12, {40, 64}


Path = tuple[str, ...]


class Row(NamedTuple):
    """One row: where it is, its name, what it holds, and whether the last step changed it (or something in it)."""

    path: Path
    depth: int
    name: str
    value: Any
    is_open: bool
    has_changed: bool
    before: Any


def tree_rows(now: Document, before: Document, expanded: set[Path]) -> list[Row]:
    """The rows that can be seen: those below an open one too."""
    return list(_rows(parts(now), parts(before), expanded, (), 0))


def parts(value: Any) -> dict[str, Any]:
    """What is in a mapping or a list, by name."""
    if isinstance(value, Mapping):
        return dict(value)
    if not isinstance(value, (list, tuple)):
        return {}
    return {_name(item, place): item for place, item in enumerate(value)}


def _name(item: Any, place: int) -> str:
    found = next((item[name] for name in NAMES if isinstance(item, Mapping) and isinstance(item.get(name), str)), None)
    return found or str(place)


def _rows(now: dict[str, Any], before: dict[str, Any], expanded: set[Path], path: Path, depth: int) -> Iterator[Row]:
    for name, value in now.items():
        place = (*path, name)
        old = before.get(name)
        is_open = place in expanded and bool(parts(value))
        yield Row(place, depth, name, value, is_open, value != old, old)
        if is_open:
            yield from _rows(parts(value), parts(old), expanded, place, depth + 1)


def row_line(row: Row, width: int, *, is_chosen: bool) -> Line:
    """A row: marks, name and value in columns."""
    inside = parts(row.value)
    sign = ("▾ " if row.is_open else "▸ ") if inside else "  "
    lead = f"{'>' if is_chosen else ' '}{'*' if row.has_changed else ' '} {'  ' * row.depth}{sign}"
    name = padded(row.name, _COLUMN) + "  "
    room = max(8, width - cells(lead) - cells(name))
    value = f"({len(inside)}) {told(row.value)}" if inside else leaf(row.value)
    if row.has_changed and not inside and not parts(row.before):
        value = f"{leaf(row.before)} -> {value}"
    spans = (Span(lead, "bold"), Span(name, "name"), Span(cut(value, room), "warn" if row.has_changed else ""))
    return tuple(Span(one.text, f"{one.style} here".strip()) for one in spans) if is_chosen else spans


def leaf(value: Any) -> str:
    """One value in a line."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return shortened(value) or '""'
        case list() | tuple() | dict():
            return "none" if not value else told(value)
        case _:
            return str(value)


def brief(value: Any) -> str:
    """The same, with ids cut to what one recognises them by."""
    text = leaf(value)
    if text.startswith("b2:") and len(text) > _HEX:
        return f"{text[: _HEX + 3]}…"
    is_id = len(text) in _IDS and all(one in "0123456789abcdef" for one in text)
    return f"{text[:_HEX]}…" if is_id else text


def told(value: Any) -> str:
    """What is in a closed row, as far as names tell it."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={leaf(item)}" for name, item in value.items() if not parts(item) and item is not None)
    told = [leaf(item) if not parts(item) else _summary(item, place) for place, item in enumerate(value)]
    return ", ".join(told)


def _summary(item: Any, place: int) -> str:
    name = _name(item, place)
    words = [item[key] for key in _WORDS if isinstance(item, Mapping) and key in item]
    return f"{shortened(name)} {words[0] if words else ''}".strip()
