"""What differs between two trees, with the bytes of every blob, read once for all who look at it."""

from omk.domain.values import Change
from omk.runtime.trees import Trees
from omk.runtime.workshop import Workshop

SUBMODULE = "160000"


class Readings:
    """The last reading, for the next one who looks at the same two trees."""

    def __init__(self) -> None:
        self._last: Reading | None = None

    def of(self, workshop: Workshop, base: str, tree: str) -> "Reading":
        """What differs between the two, read now or before."""
        last = self._last
        if last is None or (last.base, last.tree) != (base, tree):
            workshop.purge()
            last = self._last = Reading(workshop, base, tree)
        return last


class Reading:
    """The changes from *base* to *tree*, and the files of both."""

    def __init__(self, trees: Trees, base: str, tree: str) -> None:
        self.trees, self.base, self.tree = trees, base, tree
        self.changes = trees.changes(base, tree)
        self._by_path: dict[str, Change] = {change.path: change for change in self.changes}
        sides = [side for change in self.changes for side in ((change.old_mode, change.old), (change.mode, change.new))]
        self._contents = trees.read_blobs(blob for mode, blob in sides if blob is not None and mode != SUBMODULE)

    def old(self, path: str) -> bytes | None:
        """A file's bytes in the base, null if it has no such file."""
        change = self._by_path.get(path)
        return self._read(self.base, path, change.old if change else None)

    def new(self, path: str) -> bytes | None:
        """A file's bytes in the tree, null if it has no such file."""
        change = self._by_path.get(path)
        return self._read(self.tree, path, change.new if change else None)

    def _read(self, tree: str, path: str, blob: str | None) -> bytes | None:
        if blob in self._contents:
            return self._contents[blob]
        return None if path in self._by_path and blob is None else self.trees.read_path(tree, path)
