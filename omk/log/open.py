"""Which log a store URL means, and where its files are."""

import re
from pathlib import Path

from omk.errors import Damaged, Unusable
from omk.log.anchors import FOLDER as HEADS
from omk.log.protocol import Log
from omk.log.sqlite import SqliteLog

NAME = "log.sqlite"
OUTPUTS = ".blobs.jsonl"
"""What a file with the outputs of a JSONL log ends with."""


def open_log(url: str | None, *, folder: Path, create: bool) -> Log | None:
    """The log that *url* names (null: SQLite in *folder*); None if there is none and *create* is false.

    `sqlite:///path` (a folder, or a file ending in .sqlite or .db), `jsonl:///path` or a path ending in .jsonl; one with `*`
    in it means all those files, read as one. Raises Unusable for any other URL and for a store that cannot be used, Damaged
    for one that is not what omk wrote.
    """
    kind, path = _place(url, folder)
    if kind == "several":
        return _several(path)
    if not path.exists():
        if not create:
            _require_room(path.parent, by_folder=bool(url) and path.name == NAME)
            return None
        _create(kind, path)
    if path.is_dir():
        raise Damaged(f"The store {path}", None, "store.unreadable", "a folder stands where its log belongs.")
    if kind == "sqlite":
        return SqliteLog(path)
    from omk.log.jsonl import JsonlLog

    return JsonlLog(path)


def is_one(url: str | None, folder: Path) -> bool:
    """Whether a store URL means one log, and not several that are read as one."""
    return _place(url, folder)[0] != "several"


def _several(pattern: Path) -> Log:
    """All files of a pattern as one log, in the order of their names."""
    from glob import glob

    from omk.log.jsonl import JsonlLog
    from omk.log.several import SeveralLogs

    paths = sorted(Path(path) for path in glob(str(pattern)) if not path.endswith(OUTPUTS))  # noqa: PTH207 - it may be absolute
    if not paths:
        raise Unusable(f"No file is meant by {pattern}. Name logs that are there, such as 'replays/*/log.jsonl'.")
    return SeveralLogs([JsonlLog(path) for path in paths])


def _require_room(folder: Path, *, by_folder: bool) -> None:
    """Raise Unusable where no store can be meant: in a file, and in a folder that holds other things."""
    if folder.exists() and not folder.is_dir():
        raise Unusable(f"{folder} is a file and no store. Give a store's folder, or a file ending in .sqlite or .jsonl.")
    if by_folder and folder.is_dir() and not (folder / HEADS).exists() and any(folder.iterdir()):
        raise Unusable(f"{folder} holds other things and no store. Give the folder of a store: --store sqlite:///path.")


def store_folder(url: str | None, folder: Path) -> Path:
    """The folder that holds the log, its anchors and its caches; *folder* is the repository's own."""
    return store_path(url, folder).parent


def store_path(url: str | None, folder: Path) -> Path:
    """The file that is the log; *folder* is the repository's own."""
    return _place(url, folder)[1]


def _create(kind: str, path: Path) -> None:
    if kind == "jsonl":
        from omk.log import jsonl

        jsonl.create(path)
        return
    from omk.log.recorder import create

    create(path)


def _place(url: str | None, folder: Path) -> tuple[str, Path]:
    """The kind of the log and the path of its file."""
    if not url:
        return "sqlite", folder / NAME
    from urllib.parse import unquote, urlsplit

    scheme, marked, rest = url.partition("://")
    if not marked:
        return _file(Path(url))
    if scheme in ("postgresql", "postgres"):
        text = "PostgreSQL stores are not supported yet. Use sqlite:///path or jsonl:///path."
        raise Unusable(text)
    if scheme not in ("sqlite", "jsonl", "file") or urlsplit(url).netloc not in ("", "localhost") or not rest.strip("/"):
        shown = url if "@" not in url else f"{scheme}://…"
        text = f"{shown!r} names no store. Use sqlite:///path or jsonl:///path."
        raise Unusable(text)
    path = Path(re.sub("^/+", "/", unquote(urlsplit(url).path)))
    return _file(path) if scheme != "jsonl" or "*" in str(path) else ("jsonl", path)


def _file(path: Path) -> tuple[str, Path]:
    if path.suffix == ".jsonl":
        return "several" if "*" in str(path) and not path.exists() else "jsonl", path
    is_file = path.suffix in (".sqlite", ".db") and not path.is_dir()
    return "sqlite", path if is_file else path / NAME
