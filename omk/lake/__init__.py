"""The lake: every event, state and verdict of all past runs as tables that SQL asks. `omk.lake(store).sql(query)`."""

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omk.lake.session import Lake


class _Lake(ModuleType):
    """The package, which is called as a function to open a lake."""

    def __call__(self, store: str | None = None) -> "Lake":
        """The lake of a store: a URL or a path as `--store` takes it; null: `OMK_STORE`, or the repository one stands in.

        Raises NotFound where there is no store, Unusable where it cannot be used, Damaged where its log is.
        """
        from omk.lake.opening import lake_at

        return lake_at(store)


sys.modules[__name__].__class__ = _Lake
