"""The user's repository, as found where one stands: read, and left alone but for omk's folder and one ref per goal."""

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from omk.domain.values import Base, Repository
from omk.errors import Unusable
from omk.runtime.git import GitFailed, decode_path, encode_path, git

PRIVATE = 0o700

SCRATCH = "scratch."
"""What files and folders that are half made are called first; the pid of who makes them comes next."""


@dataclass(frozen=True, kw_only=True)
class UserRepository:
    """Where the user works: worktree top, common git directory, and what HEAD was when it was found.

    `subdirectory` is the path below `top` one stood in, empty at the top; `branch` is null with a detached HEAD;
    `origin` has no credentials; `object_format` is `sha1` or `sha256`.
    """

    top: Path
    common_dir: Path
    subdirectory: str
    branch: str | None
    commit: str
    tree: str
    origin: str | None
    object_format: str

    @classmethod
    def find(cls, directory: Path) -> "UserRepository":
        """The repository around *directory*. Raises `Unusable` when there is none to work with."""
        top = find_top(directory)
        common, object_format = ask(top, "rev-parse", "--git-common-dir", "--show-object-format").splitlines()
        head = git("log", "-1", "--format=%H %T", "HEAD", "--", directory=top, check=False)
        if not head:
            raise Unusable(f"{top} has no commit yet. Commit something first: omk starts from HEAD.")
        commit, tree = head.decode().split()
        below = os.path.relpath(os.path.realpath(directory), os.path.realpath(top))
        return cls(
            top=top,
            common_dir=(top / common).resolve(),
            subdirectory="" if below == "." else encode_path(os.fsencode(below)),
            branch=ask(top, "symbolic-ref", "--quiet", "--short", "HEAD") or None,
            commit=commit,
            tree=tree,
            origin=without_credentials(ask(top, "config", "--get", "remote.origin.url")),
            object_format=object_format,
        )

    @property
    def store_folder(self) -> Path:
        """Where omk keeps its log and its own repository: `git clean` never looks here, linked worktrees share it."""
        return self.common_dir / "omk"

    @property
    def base(self) -> Base:
        """HEAD, as the start of a goal."""
        return Base(branch=self.branch, commit=self.commit, tree=self.tree)

    def identity(self) -> str | None:
        """The id kept in the common git directory, null if omk never worked here."""
        try:
            return (self.store_folder / "repository-id").read_text(encoding="ascii").strip() or None
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise Unusable(f"{self.store_folder}/repository-id cannot be read: {error}. Restore or remove it.") from error

    def ensure_identity(self, new_id: str) -> str:
        """The id kept here; *new_id* becomes it if there is none. Of two at once both get the winner's."""
        if (known := self.identity()) is not None:
            return known
        make_private(self.store_folder)
        try:
            with tempfile.NamedTemporaryFile("w", dir=self.store_folder, prefix=f"{SCRATCH}{os.getpid()}.") as file:
                file.write(f"{new_id}\n")
                file.flush()
                os.fsync(file.fileno())
                (self.store_folder / "repository-id").hardlink_to(file.name)
        except FileExistsError:
            return self.identity() or new_id
        except OSError as error:
            raise Unusable(f"{self.store_folder} cannot be written: {error.strerror}. Make it writable.") from error
        return new_id

    def repository(self, identity: str) -> Repository:
        """The value that `goal_created` records."""
        return Repository(id=identity, origin=self.origin, subdirectory=self.subdirectory)

    def dirty(self) -> list[str]:
        """Paths of the checkout that differ from HEAD or are not tracked, sorted: they are no part of a goal."""
        status = git("status", "--porcelain", "-z", "--no-renames", "--untracked-files=normal", directory=self.top)
        return sorted(encode_path(line[3:]) for line in status.split(b"\0") if line)

    def hold(self, goal: str, commit: str) -> None:
        """Keep *commit* from being pruned for as long as the goal is known: the one ref omk writes here."""
        try:
            git("update-ref", f"refs/omk/{goal}", commit, git_dir=self.common_dir, reads=False)
        except GitFailed as error:
            reason = error.stderr.strip().rpartition(": ")[2] or "git refuses"
            text = f"refs/omk/{goal} cannot be written in {self.common_dir}: {reason}. Check its permissions."
            raise Unusable(text) from error

    def release(self, goal: str) -> None:
        """Stop holding the goal's base commit."""
        git("update-ref", "-d", f"refs/omk/{goal}", git_dir=self.common_dir, reads=False)

    def tip(self, branch: str) -> str | None:
        """The commit a local branch points to, null if there is no such branch."""
        name = f"refs/heads/{branch}^{{commit}}"
        found = git("rev-parse", "--verify", "--quiet", name, git_dir=self.common_dir, check=False)
        return found.decode().strip() or None

    def is_ancestor(self, commit: str, tip: str) -> bool:
        """Whether *commit* is *tip* or a commit before it; false when it is not known here."""
        try:
            git("merge-base", "--is-ancestor", commit, tip, git_dir=self.common_dir)
        except GitFailed:
            return False
        return True

    def tree_of(self, commit: str) -> str:
        """The tree of a commit."""
        return git("rev-parse", "--verify", f"{commit}^{{tree}}", git_dir=self.common_dir).decode().strip()

    def read_file(self, commit: str, path: str) -> bytes | None:
        """A file's content in a commit or tree, null if it has no such file. Links are read as their target's name."""
        name = os.fsdecode(decode_path(path))
        kind = git("cat-file", "-t", f"{commit}:{name}", git_dir=self.common_dir, check=False).strip()
        return git("cat-file", "blob", f"{commit}:{name}", git_dir=self.common_dir) if kind == b"blob" else None

    def list_files(self, commit: str) -> dict[str, tuple[str, str]]:
        """Every file of a commit or tree: path to (mode, blob id), in git's order."""
        listing = git("ls-tree", "-r", "-z", "--full-tree", commit, git_dir=self.common_dir)
        return {encode_path(path): (mode, blob) for path, mode, blob in tree_entries(listing)}


def find_top(directory: Path) -> Path:
    """The top of the worktree around *directory*."""
    try:
        inside = git("rev-parse", "--is-bare-repository", "--is-inside-work-tree", directory=directory).decode().split()
    except GitFailed as error:
        if "not a git repository" not in error.stderr:
            raise
        raise Unusable(f"{directory} is not in a git repository. Go to one, or run `git init` and commit.") from error
    if inside[0] == "true":
        raise Unusable(f"{directory} is a bare repository. Go to a clone or a worktree of it.")
    if inside[1] != "true":
        raise Unusable(f"{directory} is inside a git directory. Go to the checkout itself.")
    shown = git("rev-parse", "--show-toplevel", directory=directory).removesuffix(b"\n")
    return Path(os.fsdecode(shown))


def ask(top: Path, *arguments: str) -> str:
    """A short answer of git in the user's checkout, empty if it has none."""
    return os.fsdecode(git(*arguments, directory=top, check=False)).removesuffix("\n")


def without_credentials(url: str) -> str | None:
    """The address of a remote without what follows the scheme up to `@`; null if there is none.

    `git@host:path` is an address, not a secret; a user name of `ssh://` stays, its password goes.
    """
    if url.startswith("ssh://"):
        return re.sub(r"^(ssh://[^/@:]*):[^/]*@", r"\1@", url)
    return re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/]*@", r"\1", url) or None


def tree_entries(listing: bytes) -> Iterator[tuple[bytes, str, str]]:
    """(path, mode, id) of each line of `git ls-tree -r -z`."""
    for line in listing.split(b"\0"):
        if line:
            facts, path = line.split(b"\t", 1)
            mode, _, name = facts.decode().split()
            yield path, mode, name


def make_private(folder: Path) -> None:
    """Create a folder that only its owner can enter. Raises `Unusable` when it cannot be made."""
    try:
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    except OSError as error:
        raise Unusable(f"{folder} cannot be created: {error.strerror}. Make its parent writable.") from error
