"""What differs between two moments: the leaves by what they are part of, the files, and the patch."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from omk.domain.visible import visible
from omk.domain.words import counted
from omk.views.changes import Row, names_of, root_of, rows
from omk.views.lines import BLANK, Line, Span, cells, cut, heading, line
from omk.views.markdown import code, table
from omk.views.times import moment
from omk.views.when import value_text

Document = dict[str, Any]
_MARKS = {"added": ("+", "good"), "deleted": ("-", "bad"), "modified": ("~", "warn")}
_IDS = re.compile(r'"((?:b2:)?[0-9a-f]{12})[0-9a-f]{28,52}"')
_PATCH = (("+++", "bold"), ("---", "bold"), ("diff ", "bold"), ("index ", "dim"), ("@@", "name"), ("+", "good"), ("-", "bad"))
_NARROW = 24


def difference_lines(difference: Document, width: int) -> list[Line]:
    """A diff document (it may have a `patch`) as lines of at most *width* columns, but for paths and the patch.

    What differs of one item by one event is one line, and what another line tells is left out; JSON has it all.
    """
    lines = [line("  ", Span(_side(difference["a"]), "bold")), line("→ ", Span(_side(difference["b"]), "bold"))]
    files, changes = difference["files"], difference["changes"]
    if not changes and not files:
        return [*lines, line("  Nothing differs.")]
    for root, told in groupby(rows(changes, files), key=lambda row: root_of(row.path)):
        lines += [*(heading(root) if root else [BLANK]), *(one for row in told for one in _row(row, width))]
    lines += (
        [
            *heading(f"{counted(len(files), 'file')} {'differs' if len(files) == 1 else 'differ'}"),
            *(_file(one, changes) for one in files),
        ]
        if files
        else []
    )
    return [*lines, *patch_lines(difference["patch"])] if difference.get("patch") else lines


def patch_lines(patch: str) -> list[Line]:
    """A unified patch, coloured as git does."""
    return [BLANK, *(line(Span(text.expandtabs(), _style(text))) for text in patch.splitlines())]


def difference_markdown(difference: Document) -> list[str]:
    """A diff document as Markdown."""
    lines = [f"# {code(_side(difference['a']))} → {code(_side(difference['b']))}", ""]
    rows = [
        (code(one["path"]), code(value_text(one["old"])), code(value_text(one["new"])), str(one["cause"] or ""))
        for one in difference["changes"]
    ]
    lines += [*table(("path", "before", "after", "event"), rows)] or ["Nothing differs.", ""]
    lines += [f"- {one['operation']} {code(one['path'])}" for one in difference["files"]]
    if not difference.get("patch"):
        return lines
    fence = "`" * (max((len(one) for one in re.findall("`+", difference["patch"])), default=2) + 1)
    return [*lines, "", f"{fence}diff", *difference["patch"].splitlines(), fence]


def _side(side: Document) -> str:
    return f"{side['goal']} event {side['seq']} ({moment(side['at'])})"


def _row(row: Row, width: int) -> list[Line]:
    after = f"   and {row.more} more" if row.more else ""
    after += f"   (event {row.cause})" if row.cause is not None else ""
    path = f"  {row.path}"
    if row.word:
        return [line(path, "  ", Span(row.word, "name"), Span(after, "dim"))]
    room = width - cells(path) - 2 - cells(after)
    if room >= min(_NARROW, cells(_short(row.old)) + cells(_short(row.new)) + 3):
        return [line(path, "  ", *_values(row, room), Span(after, "dim"))]
    return [line(path), line(" " * 6, *_values(row, width - 6 - cells(after)), Span(after, "dim"))]


def _values(row: Row, room: int) -> Line:
    old, new = _short(row.old), _short(row.new)
    each = max(8, (room - 3) // 2)
    left = cut(old, max(each, room - 3 - cells(new)))
    return line(Span(left, "bad"), " → ", Span(cut(new, max(each, room - 3 - cells(left))), "good"))


def _short(value: object) -> str:
    """A value; the ids in it are cut, for they are only recognised."""
    return _IDS.sub(lambda match: f"{match[1]}…", value_text(value, 10_000))


def _file(change: Document, changes: Sequence[Document]) -> Line:
    mark, style = _MARKS[change["operation"]]
    own = tuple(f"{name}." for name in names_of(change["path"]))
    causes = [one["cause"] for one in changes if one["cause"] is not None and one["path"].startswith(own)]
    return line(
        "  ", Span(mark, style), f" {visible(change['path'])}", Span(f"   (event {max(causes)})" if causes else "", "dim")
    )


def _style(text: str) -> str:
    return next((style for start, style in _PATCH if text.startswith(start)), "")
