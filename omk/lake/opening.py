"""Opening the lake of a store."""

from omk.lake.session import Lake
from omk.lake.store import store_at
from omk.lake.sync import Quiet


def lake_at(store: str | None, hears: Quiet | None = None) -> Lake:
    """The lake of a store, as `store_at` finds it. Raises NotFound where there is none."""
    return Lake(store_at(store), hears)
