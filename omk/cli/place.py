"""Where the store is: named by `--store` or `OMK_STORE`, else in the repository one stands in (design 2)."""

from omk.log.place import FOLDER, Place, here, named


def locate(store: str | None) -> Place:
    """The place that `--store` *store*, `OMK_STORE` or the current directory means. Raises Unusable outside of all."""
    place = named(store)
    if place is not None:
        return place
    from omk.runtime.repository import find_top

    return Place(None, (find_top(here()) / ".git").resolve() / FOLDER, None, inside=True)


def owner(place: Place, *, everywhere: bool) -> str | None:
    """The repository whose goals are meant: the one that one stands in; null: every one, as where one stands in none."""
    return (place.identity or "") if place.inside and not everywhere else None
