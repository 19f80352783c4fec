"""Opening the lake of a store: by its URL or path, by `OMK_STORE`, or of the repository one stands in."""

from omk.errors import NotFound
from omk.lake.session import Lake
from omk.lake.sync import Quiet, Store
from omk.log.open import open_log, store_folder
from omk.log.place import named


def lake_at(store: str | None, hears: Quiet | None = None) -> Lake:
    """The lake of the store that is meant. Raises NotFound where there is none."""
    return Lake(store_at(store), hears)


def store_at(store: str | None) -> Store:
    """The store that is meant. Raises NotFound where there is none."""
    place = named(store)
    log = None if place is None else open_log(place.url, folder=place.folder, create=False)
    if place is None or log is None:
        raise NotFound("There is no store here. Go to a repository that has one, or name one: sqlite:///path, jsonl:///path.")
    return Store(log, place.url, store_folder(place.url, place.folder))
