"""Watching fields of the state while folding: it is immutable, so a field that changed is another object."""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter, is_not, itemgetter
from typing import Any

from omk.domain.state import PARTS

_UNSEEN: Any = object()


def getter(fields: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What takes these fields out of a part of the state, always as a tuple; an empty name is the whole part."""
    if not all(fields):
        return lambda part: (part,)
    more = ("__class__",) if len(fields) == 1 else ()
    return attrgetter(*fields, *more)


class Watcher:
    """Tells whether one of *reads* (`gate.by_name`, or `task` for a whole part) is another object than when it was asked last.

    Raises ValueError for a read of something that is no part of the state.
    """

    def __init__(self, reads: Iterable[str]) -> None:
        fields: dict[str, list[str]] = {}
        for read in sorted(set(reads)):
            part, _, field = read.partition(".")
            if part not in PARTS:
                raise ValueError(f"{read} is no part of a goal's state. The parts: {', '.join(PARTS)}.")
            fields.setdefault(part, []).append(field)
        self._watched = [(place, PARTS.index(part), getter(fields[part])) for place, part in enumerate(fields)]
        slots = [slot for _, slot, _ in self._watched]
        self._slots: Callable[[Sequence[Any]], Sequence[Any]] = (
            itemgetter(*slots) if len(slots) > 1 else lambda parts: [parts[slot] for slot in slots]
        )
        self._parts = [_UNSEEN] * len(fields)
        self._seen: list[tuple[Any, ...]] = [()] * len(fields)

    def changed(self, parts: Sequence[Any]) -> bool:
        """Whether it has; true when asked for the first time. *parts* are the slots of a fold (`Judge.parts`)."""
        if not any(map(is_not, self._slots(parts), self._parts)):
            return False
        has_changed = False
        for place, slot, get in self._watched:
            part, before = parts[slot], self._parts[place]
            if part is before:
                continue
            now, seen = get(part), self._seen[place]
            self._parts[place], self._seen[place] = part, now
            has_changed |= before is _UNSEEN or any(map(is_not, now, seen))
        return has_changed
