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


def contents(folder: Path) -> dict[Path, tuple[bytes, int]]:
    """Every file below *folder*, with its content and when it was changed."""
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(folder.rglob("*")) if path.is_file()}
