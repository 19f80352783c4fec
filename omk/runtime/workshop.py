"""Where work happens: worktrees of omk's own repository, outside the user's checkout.

A worktree's registration (gitrepository-layout: `worktrees/<id>` with HEAD, commondir and gitdir) is written by
ourselves, so that `reset` makes it good again whatever an agent did to it.
"""

import contextlib
import os
import stat
import threading
from pathlib import Path

from omk.errors import Unusable
from omk.runtime.bare import BareRepository, content_of
from omk.runtime.cleaning import clear_differences
from omk.runtime.folders import remove_tree
from omk.runtime.git import GitFailed
from omk.runtime.repository import PRIVATE, UserRepository, make_private
from omk.runtime.snapshot import Snapshot, take, unreadable
from omk.runtime.trees import Trees

TRIES = 10


class Workshop(Trees):
    """Worktrees under `<state_home>/omk/worktrees/<repository id>/<goal>/<name>`, and the trees recorded from them."""

    def __init__(self, user: UserRepository, state_home: Path) -> None:
        super().__init__(BareRepository(user))
        self.user, self.state_home = user, state_home
        self._known = user.identity()
        self._coming_and_going = threading.Lock()

    # --- Places ---

    @property
    def folder(self) -> Path:
        """Where this repository's worktrees are. Raises `Unusable` before the repository has an identity."""
        return self.state_home / "omk" / "worktrees" / self._identity()

    def place(self, goal: str, name: str) -> Path:
        """Where the worktree of that name is or would be."""
        return self.folder / goal / name

    @property
    def identity(self) -> str | None:
        """The repository's identity as it was first read, whatever an agent did to it since; null if it has none."""
        self._known = self._known or self.user.identity()
        return self._known

    def _identity(self) -> str:
        if self.identity is None:
            raise Unusable(f"{self.user.top} is not known to omk yet. Start a goal in it with `omk run`.")
        return self.identity

    def _notes(self, path: Path) -> Path:
        """The private folder of a worktree: what we remember about it, where no agent looks."""
        return self._all_notes / path.parent.name / path.name

    @property
    def _all_notes(self) -> Path:
        return self.state_home / "omk" / "notes" / self._identity()

    def _registration(self, path: Path) -> Path:
        return self.bare.path / "worktrees" / f"{path.parent.name}--{path.name}"

    def regain(self, goal: str) -> None:
        """Let ourselves into our own folders above the goal's worktrees again, where an agent has shut them."""
        if self.identity is None:
            return
        ours = self.state_home / "omk"
        for place in (self.folder / goal, self._all_notes / goal, ours / "prompts" / goal):
            for folder in (ours, *(ours / part for part in reversed(place.relative_to(ours).parents[:-1])), place):
                with contextlib.suppress(FileNotFoundError):
                    mode = stat.S_IMODE(folder.stat(follow_symlinks=False).st_mode)
                    if folder.is_dir() and not folder.is_symlink() and mode & PRIVATE != PRIVATE:
                        folder.chmod(mode | PRIVATE)

    def purge(self) -> None:
        """Remove objects that are not what their names say; files that were read before are then read again."""
        if self.bare.purge():
            for seen in list(self._all_notes.glob("*/*/seen")):
                remove_tree(seen)

    # --- Worktrees ---

    def open_worktree(self, goal: str, name: str, tree: str, base_commit: str) -> Path:
        """A clean worktree that holds exactly *tree*.

        Its HEAD is detached at the base commit, or at a commit of ours on top of it when the tree is another. One that
        is already open is made anew.
        """
        path = self.place(goal, name)
        self.regain(goal)
        with self._coming_and_going:
            for folder in (path.parent, self._notes(path)):
                make_private(folder)
            if not os.path.lexists(path):
                make_private(path)
        self.bare.settle()
        self.bare.share_refs()
        remove_tree(self._notes(path) / "seen")
        (self._notes(path) / "base").write_text(base_commit, encoding="ascii")
        self.reset(path, tree)
        return path

    def is_open(self, path: Path) -> bool:
        """Whether a worktree was opened there; its folder may be gone all the same."""
        return (self._notes(path) / "base").is_file()

    def reset(self, path: Path, tree: str) -> None:
        """Make a worktree hold exactly *tree* again and nothing else, whatever became of its folder or its `.git`.

        Files that still have the tree's very bytes are not written again.
        """
        self.purge()
        base_commit = (self._notes(path) / "base").read_text(encoding="ascii")
        registration = self._register(path, self._head(tree, base_commit))
        index = {"GIT_INDEX_FILE": str(registration / "index")}
        self.bare.git("read-tree", tree, environment=index, reads=False)
        clear_differences(self.bare, path, tree, registration / "index")
        (path / ".git").write_bytes(os.fsencode(f"gitdir: {registration}\n"))
        with contextlib.suppress(GitFailed):  # it fails when something is missing, which comes next
            self.bare.git("update-index", "-q", "--refresh", work_tree=path, environment=index, reads=False)
        self.bare.git("read-tree", "--reset", "-u", tree, work_tree=path, environment=index, reads=False)

    def _register(self, path: Path, head: str) -> Path:
        """Register the worktree, all at once and locked: another goal may prune what is gone at this moment."""
        registration = self._registration(path)
        facts = {"HEAD": head, "commondir": "../..", "gitdir": str(path / ".git"), "locked": "by omk"}
        with self.bare.scratch() as folder:
            fresh = folder / registration.name
            fresh.mkdir()
            for name, fact in facts.items():
                (fresh / name).write_bytes(os.fsencode(f"{fact}\n"))
            remove_tree(registration)
            for _ in range(TRIES):
                registration.parent.mkdir(exist_ok=True)
                with contextlib.suppress(FileNotFoundError):  # another goal's git has removed the empty folder meanwhile
                    fresh.rename(registration)
                    return registration
        raise Unusable(f"{registration} cannot be made. Make {registration.parent} writable.")

    def _head(self, tree: str, base_commit: str) -> str:
        """The commit a worktree starts from; the same for the same tree and base."""
        if tree == self.tree_of(base_commit):
            return base_commit
        return self.commit_tree(tree, [base_commit], "omk: work so far", at=self._time_of(base_commit))

    def snapshot(self, path: Path, previous_tree: str) -> Snapshot:
        """Record what a worktree holds: not what ignore rules hide, unless the previous tree has it.

        A folder that is gone holds nothing; what cannot be read is named and stays as the previous tree has it.
        """
        self.purge()
        base_commit = (self._notes(path) / "base").read_text(encoding="ascii")
        tree, gaps = take(self.bare, path, previous_tree, self._notes(path))
        if tree != previous_tree:
            self.keep(tree, base_commit)
        changes = self.changes(previous_tree, tree) if tree != previous_tree else ()
        return Snapshot(tree=tree, changes=changes, unreadable=unreadable(gaps))

    def close_worktree(self, path: Path) -> None:
        """Remove a worktree and its registration; one that vanished is fine."""
        for folder in (path, self._registration(path), self._notes(path)):
            remove_tree(folder)
        for parent in (path.parent, self._notes(path).parent):
            with self._coming_and_going, contextlib.suppress(OSError):  # another worktree of the goal is there
                parent.rmdir()

    def close_all(self, goal: str) -> None:
        """Remove every worktree of a goal, also those only half there."""
        self.regain(goal)
        for path in self.worktrees(goal):
            self.close_worktree(path)
        for parent in (self.folder / goal, self._all_notes / goal):
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
        self._remove_strays()
        if self.bare.path.is_dir():
            self.bare.git("worktree", "prune", "--expire=now", reads=False)  # those an agent opened beside its own

    def _remove_strays(self) -> None:
        """Remove what agents registered below our folder but in no goal's, once no other goal is being worked on."""
        registered = self.bare.path / "worktrees"
        if not registered.is_dir() or (self._all_notes.is_dir() and any(self._all_notes.iterdir())):
            return
        top = os.path.realpath(self.folder)
        for registration in registered.iterdir():
            place = os.fsdecode((content_of(registration / "gitdir") or b"").strip())
            below = os.path.relpath(os.path.realpath(registration / os.path.dirname(place)), top)  # noqa: PTH120
            parts = Path(below).parts
            if parts and parts[0] != os.pardir and registration.name != "--".join(parts):
                remove_tree(Path(top, parts[0]))

    def worktrees(self, goal: str) -> tuple[Path, ...]:
        """The worktrees of a goal that are there or registered, sorted."""
        notes = self._all_notes / goal
        names = {entry.name for folder in (self.folder / goal, notes) if folder.is_dir() for entry in folder.iterdir()}
        registered = self.bare.path / "worktrees"
        if registered.is_dir():
            marks = (entry.name for entry in registered.iterdir())
            names |= {mark.removeprefix(f"{goal}--") for mark in marks if mark.startswith(f"{goal}--")}
        return tuple(self.place(goal, name) for name in sorted(names))
