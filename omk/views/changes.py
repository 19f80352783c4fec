"""The changes of a difference as rows to read: what one event did to one thing is one row, and no row repeats another."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

Document = dict[str, Any]
_PATH = re.compile(r'(?P<root>\w+)(?P<key>\.\w+|\["(?:[^"\\]|\\.)*"\])?(?P<rest>.*)')
_BY_KEY = {"gaps": "owner", "obligations": "owner", "files": "operation", "tasks": "role", "waivers": "tree", "decisions": "seq"}
"""The mappings by natural key, with the field that each item has: where it came or went, the whole item did."""
_THINGS = {*_BY_KEY, "gates", "reviews"}
_SINGLE = {"base", "acceptance", "merge", "controller", "paused", "blocked", "cancelled", "failed", "stagnation", "settings"}
_MAIN = ("outcome", "status", "owner", "operation", "attempts", "controller", "since", "commit", "fresh")
"""The fields that say most of a thing; the others are counted."""
_WORDS = {"gaps": ("opened", "closed"), "obligations": ("opened", "closed")}


class Row(NamedTuple):
    """One row: a path with its values, and how many *more* of the same thing changed; or a thing and the word for it."""

    path: str
    old: object
    new: object
    cause: int | None
    more: int = 0
    word: str = ""


def rows(changes: Sequence[Document], files: Sequence[Document] = ()) -> list[Row]:
    """The rows of these changes, in their order; without those of *files* that are listed anyway, and without mere echoes."""
    left_out = {name for one in files for name in names_of(one["path"])}
    by_thing: dict[str, list[Document]] = {}
    for one in changes:
        if not _is_echo(one):
            by_thing.setdefault(_thing(one["path"]), []).append(one)
    return [row for thing, found in by_thing.items() if thing not in left_out for row in _rows_of(thing, found)]


def root_of(path: str) -> str:
    """The name that a path leads on from; empty where it does not."""
    match = _PATH.match(path)
    return match["root"] if match and match["key"] else ""


def names_of(path: str) -> tuple[str, str]:
    """How a file's thing may be written."""
    return f"files.{path}", f"files[{json.dumps(path, ensure_ascii=False)}]"


def _thing(path: str) -> str:
    """The item of a mapping, or the single thing, that a path is of; the path itself where it is of none."""
    match = _PATH.match(path)
    if match is None or not match["key"]:
        return path
    if match["root"] in _SINGLE:
        return match["root"]
    return f"{match['root']}{match['key']}" if match["root"] in _THINGS else path


def _rows_of(thing: str, changes: list[Document]) -> Iterator[Row]:
    field = _BY_KEY.get(root_of(thing))
    for one in changes:
        if one["path"] == f"{thing}.{field}" and (one["old"] is None or one["new"] is None):
            came, went = _WORDS.get(root_of(thing), ("new", "gone"))
            yield Row(thing, one["old"], one["new"], one["cause"], word=came if one["old"] is None else went)
            return
    by_cause: dict[int | None, list[Document]] = {}
    for one in sorted(changes, key=lambda one: one["cause"] or 0):
        by_cause.setdefault(one["cause"], []).append(one)
    for cause, same in by_cause.items():
        main = min(same, key=_rank)
        yield Row(main["path"], main["old"], main["new"], cause, more=len(same) - 1)


def _rank(change: Document) -> int:
    field = change["path"].rpartition(".")[2]
    return _MAIN.index(field) if field in _MAIN else len(_MAIN)


def _is_echo(change: Document) -> bool:
    """Whether the status, the gaps, the tree, or a gap's owner tell the same."""
    path = change["path"]
    is_held = path.startswith("proof.held") and (change["old"] is None or change["new"] is None)
    is_followed = path.startswith("gaps[") and (path.endswith("].command") or "].missing.where." in path)
    return is_held or is_followed or path == "proof.status"
