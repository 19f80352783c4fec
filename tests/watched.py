"""A state that remembers what is read of it, to prove lists of reads complete."""

from typing import Any

import msgspec

LEAVES = {"strange"}


class Watched:
    """A state, or a part of one, that remembers what is read of it: `task`, `gate.by_name`."""

    def __init__(self, value: Any, seen: set[str], path: str = "") -> None:
        self.value, self.seen, self.path = value, seen, path

    def __getattr__(self, name: str) -> Any:
        gathered = None if self.path else getattr(type(self.value), name, None)
        if isinstance(gathered, property) and gathered.fget is not None:
            return gathered.fget(self)  # made of the parts, which are what is read
        value, path = getattr(self.value, name), f"{self.path}.{name}".lstrip(".")
        is_part = not self.path and isinstance(value, msgspec.Struct) and name not in LEAVES
        if is_part:
            return Watched(value, self.seen, path)
        self.seen.add(path)
        return value


def is_declared(path: str, reads: Any) -> bool:
    """Whether one of the declared *reads* covers what was read."""
    return any(path == read or path.startswith(f"{read}.") for read in reads)
