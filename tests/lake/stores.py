"""A store whose lake has a segment and a tail."""

from pathlib import Path

from benchmarks.history import make
from omk.lake.session import Lake
from omk.lake.store import store_at

EVENTS = 8_250


def make_store(folder: Path) -> Path:
    """Write a goal that is a little longer than a segment into a store in *folder*."""
    make(folder, EVENTS)
    return folder


def lake_in(folder: Path) -> Lake:
    """The lake of the store in *folder*."""
    return Lake(store_at(f"sqlite://{folder}"))


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file below *folder*, with its content."""
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def marks(folder: Path) -> dict[Path, tuple[int, ...]]:
    """Everything below *folder*, with which file it is, its size, its mode, and when it was changed."""
    return {
        path: (one.st_ino, one.st_size, one.st_mode, one.st_mtime_ns) for path in folder.rglob("*") for one in (path.lstat(),)
    }
