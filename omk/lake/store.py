"""The store whose lake is meant."""

from pathlib import Path
from typing import NamedTuple

from omk.errors import NotFound
from omk.log.open import NAME, is_one, open_log, store_folder, store_path
from omk.log.place import named
from omk.log.protocol import Log

FOLDER = "lake"


class Store(NamedTuple):
    """A log that is open, the URL that opens it again (null: the one in *folder*), the folder of its caches, and its lake.

    Several logs that are read as one have no lake of their own (null).
    """

    log: Log
    url: str | None
    folder: Path
    lake: Path | None

    @property
    def head(self) -> int:
        """The last place of the log."""
        return self.log.end()

    @property
    def size(self) -> int:
        """How many bytes the log takes."""
        path = store_path(self.url, self.folder)
        return sum(one.stat().st_size for one in (path, path.with_name(f"{path.name}-wal")) if one.exists())


def store_at(store: str | None) -> Store:
    """The store of a URL or a path; null: `OMK_STORE`, or the repository one stands in. Raises NotFound where there is none."""
    place = named(store)
    log = None if place is None else open_log(place.url, folder=place.folder, create=False)
    if place is None or log is None:
        raise NotFound("There is no store here. Go to a repository that has one, or name one: sqlite:///path, jsonl:///path.")
    folder, file = store_folder(place.url, place.folder), store_path(place.url, place.folder)
    lake = folder / (FOLDER if file.name == NAME else f"{file.name}.{FOLDER}")
    return Store(log, place.url, folder, lake if is_one(place.url, place.folder) else None)
