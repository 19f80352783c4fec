"""The store's folder: private, and files in it replaced whole."""

import os
from pathlib import Path

from omk.errors import Unusable


def private_folder(folder: Path) -> None:
    """Make *folder*, readable by its owner alone, if it is not there yet."""
    try:
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as problem:
        text = f"The folder {folder} cannot be made: {problem.strerror}. Check the permissions of what is above it."
        raise Unusable(text) from problem


def file_name(goal: str) -> str:
    """The name that a goal's file or folder has: one of its own for each goal, whatever its id, and never a hidden one."""
    from urllib.parse import quote

    name = quote(goal, safe="")
    return name.replace(".", "%2E", 1) if name.startswith(".") else name


def replace_file(path: Path, content: str | bytes, *, is_cache: bool = False) -> None:
    """Write *content* to *path* so that a reader sees the old or the new content, never half.

    That holds after a crash, too, unless it *is_cache*: what notices its own damage need not wait for the disk.
    """
    from tempfile import mkstemp

    private_folder(path.parent)
    fresh: Path | None = None
    try:
        number, name = mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)  # mode 0600
        fresh = Path(name)
        with os.fdopen(number, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            if not is_cache:
                os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as problem:
        if fresh is not None:
            fresh.unlink(missing_ok=True)
        text = f"{path} cannot be written: {problem.strerror}. Check its permissions and the disk."
        raise Unusable(text) from problem


def file_at(path: Path) -> tuple[int, int] | None:
    """Which file *path* leads to (device, inode); null if it leads to none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
