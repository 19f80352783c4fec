"""Trees in omk's own repository: compared, read, merged and committed without any worktree."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from omk.domain.values import Change, Operation
from omk.errors import Unusable
from omk.runtime.bare import BareRepository
from omk.runtime.git import GitFailed, decode_path, encode_path, git, run_git
from omk.runtime.mending import Found, Mended, found_in, mend

OPERATIONS: Mapping[str, Operation] = {"A": "added", "D": "deleted"}
KEPT_BYTES = 64 << 20
"""How much of a change is read into memory at once."""
FALLBACK_NAME, FALLBACK_EMAIL = "omk", "omk@localhost"


ONCE_MORE = "Let an agent work on the goal again: omk execute"


class Merged(NamedTuple):
    """What merging came to: the tree, or null and the paths that conflict, sorted."""

    tree: str | None
    conflicts: tuple[str, ...]


class Trees:
    """What can be asked of recorded trees; trees and commits are named by id."""

    def __init__(self, bare: BareRepository) -> None:
        self.bare = bare
        self._remembered: dict[tuple[str, str], str] = {}

    def changes(self, old_tree: str, new_tree: str) -> tuple[Change, ...]:
        """The paths that differ between two trees, sorted by path; renames are a deletion and an addition."""
        raw = self.bare.git("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", old_tree, new_tree)
        return tuple(sorted(changes_of(raw), key=lambda change: change.path))

    def diff(self, old_tree: str, new_tree: str, paths: Sequence[str] = ()) -> bytes:
        """The difference (of *paths* alone, if there are any) as a unified patch, the same whatever the user configured."""
        arguments = ("-r", "-p", "--no-renames", "--no-textconv", "--no-ext-diff", "--no-color", "--full-index")
        prefixes = ("--src-prefix=a/", "--dst-prefix=b/", "--unified=3", "--diff-algorithm=myers")
        only = [f":(literal){os.fsdecode(decode_path(path))}" for path in paths]
        return self.bare.git("diff-tree", *arguments, *prefixes, old_tree, new_tree, "--", *only)

    def read_blobs(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """The bytes of these blobs by id, but for those that no longer fit; a symbolic link's are its target.

        Raises `Unusable` when one is not there.
        """
        wanted = sorted(set(blobs))
        shown = self.bare.git("cat-file", "--batch-check", stdin=lines_of(wanted)).splitlines()
        sizes: dict[str, int] = {}
        for name, line in zip(wanted, shown, strict=True):
            _, kind, *size = line.split()
            if kind != b"blob":
                raise Unusable(f"Object {name} is missing from omk's repository or was tampered with. {ONCE_MORE}")
            sizes[name] = int(size[0])
        left, fitting = KEPT_BYTES, []
        for name in wanted:
            left -= sizes[name]
            if left < 0:
                break
            fitting.append(name)
        return contents_of(self.bare.git("cat-file", "--batch", stdin=lines_of(fitting)))

    def require_whole(self, tree: str, base_commit: str) -> None:
        """Raise `Unusable` unless all that *tree* has beyond the base commit can be read."""
        try:
            self.bare.git("rev-list", "--objects", "--quiet", tree, f"^{self.tree_of(base_commit)}")
        except GitFailed as error:
            reason = error.stderr.strip().rpartition("fatal: ")[2] or "git refuses"
            raise Unusable(f"Tree {tree[:12]} was tampered with or is not whole: {reason}. {ONCE_MORE}") from error

    def read_path(self, tree: str, path: str) -> bytes | None:
        """A file's bytes in a tree, null if the tree has no such file."""
        try:
            return self.bare.git("cat-file", "blob", f"{tree}:{os.fsdecode(decode_path(path))}")
        except GitFailed:
            return None

    def has_tree(self, tree: str) -> bool:
        """Whether a tree can still be read."""
        try:
            return self.bare.git("cat-file", "-t", tree).strip() == b"tree"
        except GitFailed:
            return False

    def has_commit(self, name: str) -> bool:
        """Whether a commit can still be read."""
        try:
            return self.bare.git("cat-file", "-t", name).strip() == b"commit"
        except GitFailed:
            return False

    def parent_of(self, commit: str) -> str:
        """The first parent of a commit."""
        return self.bare.git("rev-parse", "--verify", f"{commit}^1").decode().strip()

    def tree_of(self, commit: str) -> str:
        """The tree of a commit."""
        return self._once("tree", commit, lambda: self.bare.git("rev-parse", "--verify", f"{commit}^{{tree}}").decode().strip())

    def _once(self, what: str, name: str, ask: Callable[[], str]) -> str:
        """What never changes, asked of git the first time only."""
        if (what, name) not in self._remembered:
            self._remembered[what, name] = ask()
        return self._remembered[what, name]

    def keep(self, tree: str, base_commit: str) -> None:
        """Make sure this repository itself holds all of *tree* that the base commit does not."""
        self.bare.keep_tree(tree, beyond=(self.tree_of(base_commit),))

    def merge_trees(self, base_commit: str, ours_commit: str, their_tree: str) -> Merged:
        """Merge *their_tree*, which grew from *base_commit*, into *ours_commit*. Needs git 2.38.

        Both sides are taken as changes of the base, also where *ours_commit* was rewritten and has no history with it.
        """
        found = self._merged(base_commit, self.tree_of(ours_commit), their_tree, self._time_of(base_commit))
        if found.collided:
            return Merged(None, found.paths)
        self.keep(found.tree, base_commit)  # our side moves with the user's branch; only the base is held
        return Merged(found.tree, ())

    def merge_into(self, ours: str, base: str, theirs: str, base_commit: str) -> Mended:
        """Merge the tree *theirs*, which was made of the tree *base*, into the tree *ours*; all from *base_commit* on.

        Our side is taken where both changed the same lines and differ in nothing that counts.
        """
        at = self._time_of(base_commit)
        found = self._merged(self.commit_tree(base, [base_commit], "omk: begun from", at=at), ours, theirs, at)
        mended = mend(self.bare, found) if found.collided else Mended(found.tree, ())
        if mended.tree is not None:
            self.keep(mended.tree, base_commit)
        return mended

    def _merged(self, base_commit: str, ours: str, theirs: str, at: str) -> Found:
        """What merging two trees comes to, as changes of *base_commit*."""
        sides = [self.commit_tree(tree, [base_commit], "omk: to be merged", at=at) for tree in (ours, theirs)]
        arguments = ("merge-tree", "--write-tree", "-z", *sides)
        ended = run_git(arguments, directory=None, git_dir=self.bare.path, environment={}, stdin=None, reads=False)
        if ended.status not in {0, 1}:
            raise GitFailed("merge-tree", ended.status, ended.stderr)
        return found_in(ended.stdout, is_clean=ended.status == 0)

    def commit_tree(self, tree: str, parents: Sequence[str], message: str, *, at: str | None = None) -> str:
        """A commit in omk's repository by the user's configured identity; *at* is a date git reads, else now."""
        environment = self._author() | ({"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at} if at else {})
        named = [word for parent in parents for word in ("-p", parent)]
        text = message.encode()
        commit = self.bare.git("commit-tree", tree, *named, environment=environment, stdin=text, reads=False)
        return commit.decode().strip()

    def _time_of(self, commit: str) -> str:
        show = ("show", "-s", "--format=%cd", "--date=raw", commit, "--")
        return self._once("time", commit, lambda: self.bare.git(*show).decode().strip())

    def _author(self) -> dict[str, str]:
        """The user's own name and address, not what git would guess from the machine's; as they are when first asked for."""
        name = self._once("configuration", "user.name", lambda: self._configured("user.name") or FALLBACK_NAME)
        email = self._once("configuration", "user.email", lambda: self._configured("user.email") or FALLBACK_EMAIL)
        names = {"GIT_AUTHOR_NAME": name, "GIT_COMMITTER_NAME": name}
        return names | {"GIT_AUTHOR_EMAIL": email, "GIT_COMMITTER_EMAIL": email}

    def _configured(self, name: str) -> str:
        value = git("config", "--get", name, directory=self.bare.user.top, check=False)
        return value.decode(errors="replace").strip()


def lines_of(names: Iterable[str]) -> bytes:
    """Object ids as git reads them from stdin."""
    return "".join(f"{name}\n" for name in names).encode()


def contents_of(batch: bytes) -> dict[str, bytes]:
    """What `git cat-file --batch` printed: id to content."""
    contents: dict[str, bytes] = {}
    at = 0
    while at < len(batch):
        end = batch.index(b"\n", at)
        name, _, size = batch[at:end].decode().split()
        contents[name] = batch[end + 1 : end + 1 + int(size)]
        at = end + int(size) + 2
    return contents


def changes_of(raw: bytes) -> Iterator[Change]:
    """The lines of `git diff-tree -r -z --raw --no-renames` as values."""
    parts = raw.split(b"\0")
    for facts, path in zip(parts[0::2], parts[1::2], strict=False):
        old_mode, mode, old, new, letter = facts.decode().lstrip(":").split()
        yield Change(
            path=encode_path(path),
            operation=OPERATIONS.get(letter, "modified"),
            old_mode=None if letter == "A" else old_mode,
            mode=None if letter == "D" else mode,
            old=None if letter == "A" else old,
            new=None if letter == "D" else new,
        )
