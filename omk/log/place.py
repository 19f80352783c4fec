"""Where the store is: named by `--store` or `OMK_STORE`, else in the repository one stands in (design 2)."""

import os
from pathlib import Path

from msgspec import Struct

from omk.errors import Unusable

FOLDER = "omk"
IDENTITY = "repository-id"
VARIABLE = "OMK_STORE"


class Place(Struct, frozen=True):
    """A store's URL (null: the repository's own), the repository's folder for it, and the repository's id if it has one.

    `inside` tells whether one stands in a repository at all.
    """

    url: str | None
    folder: Path
    identity: str | None
    inside: bool


def named(store: str | None) -> Place | None:
    """The place that *store*, `OMK_STORE` or the current directory means; null where there is none of them. Raises Unusable."""
    url = store or os.environ.get(VARIABLE) or None
    stand = here()
    common = common_directory(stand)
    if common is not None:
        folder = common / FOLDER
        return Place(url, folder, _identity(folder), inside=True)
    return None if url is None else Place(url, stand / FOLDER, None, inside=False)


def here() -> Path:
    """The directory one stands in. Raises Unusable if somebody has removed it."""
    try:
        return Path.cwd()
    except FileNotFoundError as problem:
        raise Unusable("The current directory is gone. Go to one that exists.") from problem


def common_directory(start: Path) -> Path | None:
    """The common git directory of the repository around *start*, found without git; null if there is none."""
    for folder in (start, *start.parents):
        entry = folder / ".git"
        if entry.is_dir() and (entry / "HEAD").exists():
            return entry
        if entry.is_file():
            return _linked(entry)
    return None


def _linked(entry: Path) -> Path | None:
    """Where the `.git` file of a linked worktree or a submodule leads."""
    marked, _, name = entry.read_text(encoding="utf-8", errors="surrogateescape").partition(":")
    if marked != "gitdir":
        return None
    own = (entry.parent / name.strip()).resolve()
    shared = own / "commondir"
    if not shared.is_file():
        return own if own.is_dir() else None
    return (own / shared.read_text(encoding="utf-8", errors="surrogateescape").strip()).resolve()


def _identity(folder: Path) -> str | None:
    try:
        return (folder / IDENTITY).read_text(encoding="ascii").strip() or None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as problem:
        raise Unusable(f"{folder / IDENTITY} cannot be read: {problem}. Restore or remove it.") from problem
