"""What one step changed: the leaves of an expression's namespace, of which only those are looked at that may have changed."""

from functools import cache
from operator import attrgetter
from typing import NamedTuple

from omk.replay.moment import Moment
from omk.replay.query.difference import Path, leaves_of, told_names
from omk.replay.query.follow import STANDING
from omk.replay.query.names import Name
from omk.replay.query.values import Keyed, Value, path_text, plain

_OWN = {STANDING, "record"}


class Changed(NamedTuple):
    """A path, as an expression writes it, and its value before and after; null where there is none."""

    path: str
    old: Value
    new: Value


def step_changes(before: Moment, now: Moment) -> list[Changed]:
    """Every leaf that differs between two moments, names in their order and paths by the alphabet."""
    found: list[Changed] = []
    for path, name in told_names():
        if _may_differ(name, before, now):
            old, new = _leaves_of(name, before, now)
            paths = sorted(one for one in old.keys() | new.keys() if old.get(one) != new.get(one))
            found += [Changed(path_text((*path, *one)), old.get(one), new.get(one)) for one in paths]
    return found


def _may_differ(name: Name, before: Moment, now: Moment) -> bool:
    get = _reader(name.reads)
    return any(old is not new for old, new in zip(get(before), get(now), strict=True))


@cache
def _reader(reads: tuple[str, ...]) -> "attrgetter[tuple[object, ...]]":
    fields = [read if read in _OWN else f"state.{read}" for read in reads]
    return attrgetter(*fields, "__class__", "__class__")  # so that it is always a tuple


def _leaves_of(name: Name, before: Moment, now: Moment) -> tuple[dict[Path, Value], dict[Path, Value]]:
    """The leaves below a name at both moments, but for items that are made of the same thing."""
    old, new = name.value(before), name.value(now)
    if isinstance(old, Keyed) and isinstance(new, Keyed) and old.source and new.source:
        same = {key for key in new.known if key in old.known and old.source(key) is new.source(key)}
        pairs = [[(key, one[key]) for key in one if key not in same] for one in (old, new)]
        old, new = dict(pairs[0]), dict(pairs[1])
    return dict(leaves_of(plain(old), ())), dict(leaves_of(plain(new), ()))
