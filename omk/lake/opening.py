"""Opening the lake of a store."""

from omk.lake.session import MEMORY, Lake
from omk.lake.store import store_at
from omk.lake.sync import Quiet


def lake_at(store: str | None, hears: Quiet | None = None, memory: str = MEMORY) -> Lake:
    """The lake of a store, as `store_at` finds it; its queries may use so much *memory*. Raises NotFound where there is none."""
    return Lake(store_at(store), hears, memory)
