"""What differs between two moments: the leaves by what they are part of, the files, and the patch."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

from omk.views.lines import BLANK, Line, Span, cells, cut, heading, line
from omk.views.markdown import code, table
from omk.views.times import moment
from omk.views.when import value_text

Document = dict[str, Any]
_ITEM = re.compile(r'(?P<item>(?P<root>\w+)(?:\.\w+|\["(?:[^"\\]|\\.)*"\]))\.(?P<field>\w+)')
_KEY_FIELDS = {
    "gaps": "owner",
    "obligations": "owner",
    "files": "operation",
    "tasks": "role",
    "waivers": "tree",
    "decisions": "seq",
}
"""The field that every item of a mapping has: where it came or went, the whole item did."""
_ITEMS = {*_KEY_FIELDS, "gates", "reviews"}
_MAIN = ("outcome", "status", "owner", "operation", "attempts", "fresh")
"""The fields of an item that say most; the others are counted."""
_WORDS = {"gaps": ("opened", "closed"), "obligations": ("opened", "closed")}
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
    known = {name for one in files for name in _names(one["path"])}
    for root, told in groupby(_told(changes, known), key=lambda one: _root(one["path"])):
        lines += [*(heading(root) if root else [BLANK]), *(row for one in told for row in _change(one, width))]
    lines += [*heading(f"{len(files)} file(s) differ"), *(_file(one, changes) for one in files)] if files else []
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


def _root(path: str) -> str:
    """The name that a path leads on from; empty where it does not."""
    match = re.match(r"(\w+)[.\[]", path)
    return match[1] if match else ""


def _told(changes: Sequence[Document], files: set[str]) -> Iterator[Document]:
    """The changes: those of an item that came or went as one, those of an item by one event as one, no mere echo."""
    moved = {match["item"]: one for one in changes if (match := _moved(one)) is not None}
    for (item, _), group in groupby(sorted(changes, key=_by_item(changes)), key=_item_and_cause):
        same = list(group)
        if item in files or _is_echo(same[0]):
            continue
        if item in moved:
            if moved[item] in same:
                came, went = _WORDS.get(_root(item), ("new", "gone"))
                yield {**moved[item], "path": item, "text": came if moved[item]["old"] is None else went}
            continue
        main = min(same, key=lambda one: _MAIN.index(field) if (field := one["path"].rpartition(".")[2]) in _MAIN else len(_MAIN))
        yield {**main, "more": len(same) - 1} if item else main


def _by_item(changes: Sequence[Document]) -> Callable[[Document], tuple[int, int]]:
    """In the order of the document, but for an item's changes, which are in the order of events."""
    place: dict[str, int] = {}
    for number, one in enumerate(changes):
        place.setdefault(_item_and_cause(one)[0] or one["path"], number)
    return lambda one: (place[_item_and_cause(one)[0] or one["path"]], one["cause"] or 0)


def _item_and_cause(change: Document) -> tuple[str, object]:
    match = _ITEM.match(change["path"])
    return (match["item"], change["cause"]) if match and match["root"] in _ITEMS else ("", change["path"])


def _is_echo(change: Document) -> bool:
    """Whether the status or the gaps tell the same."""
    is_held = change["path"].startswith("proof.held") and (change["old"] is None or change["new"] is None)
    return is_held or change["path"] == "proof.status"


def _names(path: str) -> tuple[str, str]:
    """How a file's item may be written."""
    return f"files.{path}", f"files[{json.dumps(path, ensure_ascii=False)}]"


def _moved(change: Document) -> re.Match[str] | None:
    match = _ITEM.fullmatch(change["path"])
    is_key = match is not None and _KEY_FIELDS.get(match["root"]) == match["field"]
    return match if is_key and (change["old"] is None or change["new"] is None) else None


def _change(change: Document, width: int) -> list[Line]:
    more = f"   and {change['more']} more" if change.get("more") else ""
    cause = more + (f"   (event {change['cause']})" if change["cause"] is not None else "")
    path = f"  {change['path']}"
    if "text" in change:
        return [line(path, "  ", Span(change["text"], "name"), Span(cause, "dim"))]
    room = width - cells(path) - 2 - cells(cause)
    is_one_line = room >= min(_NARROW, cells(_short(change["old"])) + cells(_short(change["new"])) + 3)
    values = _values(change, room if is_one_line else width - 6 - cells(cause))
    if is_one_line:
        return [line(path, "  ", *values, Span(cause, "dim"))]
    return [line(path), line(" " * 6, *values, Span(cause, "dim"))]


def _values(change: Document, room: int) -> Line:
    old, new = _short(change["old"]), _short(change["new"])
    each = max(8, (room - 3) // 2)
    left = cut(old, max(each, room - 3 - cells(new)))
    return line(Span(left, "bad"), " → ", Span(cut(new, max(each, room - 3 - cells(left))), "good"))


def _short(value: object) -> str:
    """A value; the ids in it are cut, for they are only recognised."""
    return _IDS.sub(lambda match: f"{match[1]}…", value_text(value, 10_000))


def _file(change: Document, changes: Sequence[Document]) -> Line:
    mark, style = _MARKS[change["operation"]]
    own = tuple(f"{name}." for name in _names(change["path"]))
    causes = [one["cause"] for one in changes if one["cause"] is not None and one["path"].startswith(own)]
    return line("  ", Span(mark, style), f" {change['path']}", Span(f"   (event {max(causes)})" if causes else "", "dim"))


def _style(text: str) -> str:
    return next((style for start, style in _PATCH if text.startswith(start)), "")
