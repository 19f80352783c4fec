"""The patches asked for: got by whoever may run git, kept here, and never asked for twice."""

from dataclasses import dataclass

from omk.debugger.model.tape import Tape
from omk.domain.subjects.worktree import FilesChanged
from omk.errors import OmkError
from omk.replay.printable import printable

MOST = 1 << 20
"""The most bytes of a patch that are shown."""
NOT_HERE = "there is no repository of omk with these trees where the debugger was started."


@dataclass(frozen=True)
class Patch:
    """The lines of a unified difference, or why it is not to be had."""

    lines: tuple[str, ...] = ()
    trouble: str = ""


class Patches:
    """What was asked for (`wanted`) and what was found; two trees name a patch."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.wanted: tuple[str, str] | None = None
        self._found: dict[tuple[str, str], Patch] = {}

    def of(self, event: FilesChanged) -> Patch | None:
        """The patch of a change; None if it must be fetched first, which is noted down."""
        if self.tape.patch is None:
            return Patch(trouble=NOT_HERE)
        key = (event.old, event.tree)
        if key not in self._found:
            self.wanted = key
        return self._found.get(key)

    def fetch(self) -> bool:
        """Get what is wanted, which runs git; whether there was anything to get."""
        key, self.wanted = self.wanted, None
        if key is None or key in self._found or self.tape.patch is None:
            return False
        try:
            self._found[key] = Patch(lines_of(self.tape.patch(*key)))
        except OmkError as problem:
            self._found[key] = Patch(trouble=" ".join(str(problem).split()))
        return True


def lines_of(patch: bytes) -> tuple[str, ...]:
    """The lines of a patch, made printable; of a very long one the beginning, and how much is left out."""
    text = patch[:MOST].decode("utf-8", "replace").expandtabs(4)
    lines = tuple(printable(one) for one in text.split("\n"))
    left = len(patch) - MOST
    return (*lines, f"… and {left:,} bytes more") if left > 0 else lines
