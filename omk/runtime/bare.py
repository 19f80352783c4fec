"""omk's own bare repository: borrows the user's objects, includes the user's configuration, belongs to nobody else.

What an agent may have changed in it (configuration, exclude rules, attributes) is put back before every use of ours.
"""

import contextlib
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from omk.errors import Unusable
from omk.runtime.folders import remove_tree, replace_file
from omk.runtime.git import git, run_git
from omk.runtime.planted import Objects
from omk.runtime.repository import SCRATCH, UserRepository, make_private

CONFIGURATION = """\
[include]
	path = ../../config
[core]
	repositoryFormatVersion = {version}
	bare = true
	fileMode = true
	hooksPath = /dev/null
	fsmonitor = false
	untrackedCache = false
	sparseCheckout = false
	fsync = committed,loose-object
[extensions]
	preciousObjects = true
[gc]
	auto = 0
[maintenance]
	auto = false
[commit]
	gpgSign = false
[tag]
	gpgSign = false
"""
SHARED_REFS = ("refs/heads", "refs/tags", "refs/remotes")


class BareRepository:
    """`repo.git` in the store's folder. Every path in it is relative, so a moved or copied repository still works."""

    def __init__(self, user: UserRepository) -> None:
        self.user = user
        self.path = user.store_folder / "repo.git"
        self.objects = Objects(self.path / "objects", user.object_format)

    def git(
        self,
        *arguments: str | os.PathLike[str],
        work_tree: Path | None = None,
        environment: Mapping[str, str] | None = None,
        stdin: bytes | None = None,
        reads: bool = True,
    ) -> bytes:
        """Run git here, after putting our configuration back; with *work_tree* from its top."""
        self.settle()
        where = {} if work_tree is None else {"GIT_WORK_TREE": str(work_tree)}
        return git(
            *arguments,
            directory=work_tree,
            git_dir=self.path,
            environment={**where, **(environment or {})},
            stdin=stdin,
            reads=reads,
        )

    def settle(self) -> None:
        """Create the repository on demand; undo whatever an agent configured in it."""
        if not (self.path / "HEAD").is_file() or not (self.path / "objects").is_dir():
            self._create()
        try:
            for name, content in self._wanted().items():
                put(self.path / name, content)
        except OSError as error:
            raise Unusable(f"{self.path} cannot be written: {error.strerror}. Make it writable.") from error

    def _create(self) -> None:
        """Make the repository beside its place and move it there, all at once: another omk may do the same right now."""
        make_private(self.user.store_folder)
        kind = f"--object-format={self.user.object_format}"
        with self.scratch() as folder:
            fresh = self.path if self.path.exists() else folder / "repo.git"
            git("init", "--quiet", "--bare", "--template=", kind, fresh, reads=False)
            fresh.chmod(0o700)
            if fresh != self.path:
                with contextlib.suppress(OSError):  # somebody was faster, and theirs is as good
                    fresh.rename(self.path)

    def _wanted(self) -> dict[str, bytes | None]:
        """What the files that steer git must hold; null: they must not be there."""
        common = self.user.common_dir
        is_sha1 = self.user.object_format == "sha1"
        configuration = CONFIGURATION.format(version=0 if is_sha1 else 1)
        if not is_sha1:
            configuration += f"[extensions]\n\tobjectFormat = {self.user.object_format}\n"
        return {
            "config": configuration.encode(),
            "config.worktree": None,
            "commondir": None,
            "objects/info/alternates": b"../../../objects\n",
            "objects/info/commit-graph": None,
            "objects/info/commit-graphs": None,
            "objects/pack/multi-pack-index": None,
            "info/grafts": None,
            "info/exclude": content_of(common / "info" / "exclude"),
            "info/attributes": content_of(common / "info" / "attributes"),
            "shallow": content_of(common / "shallow"),
        }

    def purge(self) -> bool:
        """Remove objects that are not what their names say, whoever wrote them; whether there were any."""
        self.settle()
        try:
            return self.objects.purge()
        except OSError as error:
            raise Unusable(f"{self.path} cannot be checked: {error.strerror}. Make it readable and writable.") from error

    def share_refs(self) -> None:
        """Show the user's branches and tags to agents, as they are now; drop those whose commits are gone."""
        theirs = refs_of(self.user.common_dir)
        ours = refs_of(self.path)
        gone = self._missing(set(ours.values()) - set(theirs.values()))
        orders = [f"delete {name}" for name, target in ours.items() if target in gone and name not in theirs]
        orders += [f"update {name} {target}" for name, target in theirs.items() if ours.get(name) != target]
        if not orders or self._update_refs(orders):
            return
        # an agent's branch `a` is in the way of the user's `a/b`: the user's wins
        self._update_refs([f"delete {name}" for name in ours])
        self._update_refs([f"update {name} {target}" for name, target in theirs.items()])

    def _update_refs(self, orders: Iterable[str]) -> bool:
        script = "".join(f"option no-deref\n{order}\n" for order in orders).encode(errors="surrogateescape")
        ended = run_git(("update-ref", "--stdin"), directory=None, git_dir=self.path, environment={}, stdin=script, reads=False)
        return ended.status == 0

    def _missing(self, objects: set[str]) -> set[str]:
        """Which of these objects are nowhere to be found."""
        answer = self.git("cat-file", "--batch-check", stdin="".join(f"{name}\n" for name in objects).encode())
        return {line.split()[0].decode() for line in answer.splitlines() if line.endswith(b" missing")}

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for what is half made, on the same file system; its name tells whose it is, should they not remove it."""
        with tempfile.TemporaryDirectory(dir=self.user.store_folder, prefix=f"{SCRATCH}{os.getpid()}.") as folder:
            yield Path(folder)

    # --- Keeping objects ---

    def write_blobs(self, contents: Collection[bytes]) -> None:
        """Write blobs of exactly these contents, however many, by one process."""
        with self.scratch() as folder:
            files = [folder / str(number) for number in range(len(contents))]
            for file, content in zip(files, contents, strict=True):
                file.write_bytes(content)
            names = "".join(f"{file.name}\n" for file in files).encode()
            how = ("-w", "--no-filters", "--stdin-paths")
            self.git("hash-object", *how, work_tree=folder, stdin=names, reads=False)

    def keep_tree(self, tree: str, *, beyond: Iterable[str]) -> None:
        """Hold in this repository itself all of *tree* that the trees *beyond* do not have, and name it by a ref.

        The user's gc may prune whatever only the user's repository has; a borrowed object is therefore packed here too.
        """
        if self.git("for-each-ref", "--format=%(refname)", f"refs/omk/trees/{tree}"):
            return
        known = [f"^{other}" for other in beyond]
        listing = self.git("rev-list", "--objects", "--no-object-names", tree, *known)
        borrowed = [name for name in listing.decode().split() if not self._is_loose(name)]
        if borrowed:
            names = "".join(f"{name}\n" for name in borrowed).encode()
            pack = self.path / "objects" / "pack" / "pack"
            pack.parent.mkdir(exist_ok=True)
            self.git("pack-objects", "-q", pack, stdin=names, reads=False)
        self.git("update-ref", f"refs/omk/trees/{tree}", tree, reads=False)

    def _is_loose(self, name: str) -> bool:
        return (self.path / "objects" / name[:2] / name[2:]).is_file()


def put(file: Path, content: bytes | None) -> None:
    """Make a file hold *content*, or not be there."""
    if content is None:
        remove_tree(file)
    else:
        file.parent.mkdir(exist_ok=True)
        replace_file(file, content)


def content_of(path: Path) -> bytes | None:
    """A file's bytes, null if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def refs_of(git_dir: Path) -> dict[str, str]:
    """Branches, tags and remote branches of a repository: name to object id."""
    listing = git("for-each-ref", "--format=%(objectname) %(refname)", *SHARED_REFS, git_dir=git_dir)
    lines = listing.decode(errors="surrogateescape").splitlines()
    return {name: target for target, name in (line.split(" ", 1) for line in lines)}
