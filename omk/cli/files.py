"""An answer to a file: it takes the place of the file once it is whole, and never that of something of the store's."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from omk.errors import Refused, Unusable
from omk.lake.store import Store
from omk.log.anchors import FOLDER as HEADS
from omk.log.open import NAME, is_one, store_path


def require_outside(output: Path, store: Store) -> None:
    """Raise Refused where an answer would take the place of something of the store's."""
    target, folder = output.resolve(), store.folder.resolve()
    log = store_path(store.url, store.folder).resolve()
    is_own = log.name == NAME and target.is_relative_to(log.parent)
    is_beside = target.parent == log.parent and target.name.startswith(log.name)
    is_log = not is_one(store.url, store.folder) and target.exists() and target.suffix == log.suffix
    places = [folder / HEADS, *([store.lake.resolve()] if store.lake else [])]
    if is_own or is_beside or is_log or any(target.is_relative_to(place) for place in places):
        raise Refused(f"{output} belongs to the store, and an answer would take its place. Name another file.")
    if target.is_file() and _begins_with(target, DATABASE):
        raise Refused(f"{output} is a database, and an answer would take its place. Name another file.")


DATABASE = b"SQLite format 3\0"
"""What every SQLite file begins with: a log of another store, most likely."""


def _begins_with(path: Path, mark: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(mark)) == mark


@contextmanager
def replacing(output: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which takes the place of *output* once all of it is written, or is gone if that fails."""
    from tempfile import NamedTemporaryFile

    target = output.resolve()
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        with target.open("wb") as file:  # a pipe or a device: there is no place to take
            yield file
        return
    if not target.parent.is_dir():
        raise Unusable(f"There is no folder {target.parent}. Make it, or name another file.")
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_mask()
    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name[:100]}.", delete=False) as file:
        fresh = Path(file.name)
        try:
            yield file.file
            file.flush()
            os.fsync(file.fileno())
            fresh.chmod(mode)
            fresh.replace(target)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise


def _mask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
