"""omk drives coding agents on a git repository and keeps every step as an event: a goal goes from prompt to proof to replay."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omk.lake.session import Lake

    def lake(store: str | None = None) -> Lake:
        """The lake of a store: `omk.lake("sqlite:///path").sql("select count(*) from events")`."""


def __getattr__(name: str) -> object:
    """The package `omk.lake`, which one calls; it is imported only by those who ask for it."""
    if name == "lake":
        import importlib

        return importlib.import_module("omk.lake")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
