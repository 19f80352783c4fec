"""The code of recorded trees, read with git from omk's repository around a directory."""

from functools import cached_property
from pathlib import Path

from omk.errors import NotFound, Unusable
from omk.runtime.bare import BareRepository
from omk.runtime.repository import UserRepository
from omk.runtime.trees import Trees


class Code:
    """Differences between recorded trees. Looking for the repository runs git, so it is done when first asked."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def patch(self, old: str, new: str) -> bytes:
        """The unified difference of two trees. Raises NotFound, Unusable where one of them is not to be had."""
        trees = self._trees
        if trees is None or not (trees.has_tree(old) and trees.has_tree(new)):
            raise NotFound(f"no repository of omk around {self.directory} holds the trees {old[:12]} and {new[:12]}.")
        return trees.diff(old, new)

    @cached_property
    def _trees(self) -> Trees | None:
        try:
            bare = BareRepository(UserRepository.find(self.directory))
        except Unusable:
            return None
        return Trees(bare) if (bare.path / "HEAD").is_file() else None  # asking a missing one would make it
