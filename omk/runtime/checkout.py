"""A recorded tree as plain files, every byte as it was: no attribute, filter, line ending or hook has a say.

Objects are asked of git by id and believed only by their hash, whatever became of the repositories. Nothing is written but
the folder, and that as a whole. Formats: `git cat-file --batch`, and tree objects (mode, blank, name, zero byte, id).
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from omk.agents.process import started_at
from omk.errors import Refused, Unusable
from omk.runtime.folders import remove_tree
from omk.runtime.git import GitFailed, encode_path, git
from omk.runtime.snapshot import LINK, SUBMODULE, Entry
from omk.runtime.trees import KEPT_BYTES, lines_of

FOLDER = "40000"
EXECUTABLE = "100755"
UNUSABLE_NAMES = frozenset({b"", b".", b"..", b".git"})
DIGITS = {40: "sha1", 64: "sha256"}
"""Hexadecimal digits of an object id, and the hash that made it."""
ROOM = ".omk-checkout-"
"""What the folder is called, before the pid, in which a checkout is prepared."""
RESTORE = "Restore the repository and its .git/omk from a copy."


class Vault:
    """The objects of a repository and of omk's own beside it, for reading only; *folder* is a store's, `<common>/omk`."""

    def __init__(self, folder: Path) -> None:
        self.common = folder.parent
        own = os.fspath(folder / "repo.git" / "objects").replace("\\", "\\\\").replace('"', '\\"')
        self.environment = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{own}"', "GIT_NO_LAZY_FETCH": "1"}

    @property
    def is_there(self) -> bool:
        """Whether there is a repository to read from."""
        return (self.common / "HEAD").is_file() and (self.common / "objects").is_dir()

    def sizes(self, names: Iterable[str]) -> dict[str, int]:
        """The sizes of those objects that are there, by id."""
        shown = self._batch("--batch-check", names).decode().splitlines()
        facts = (line.split() for line in shown)
        return {name: int(size[0]) for name, kind, *size in facts if size and kind != "missing"}

    def read(self, kind: str, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Objects of one kind with their content, in lots that fit into memory. Raises `Unusable` for what is not sound."""
        wanted = sorted(set(names))
        sizes = self.sizes(wanted)
        if lost := [name for name in wanted if name not in sizes]:
            raise Unusable(f"Object {lost[0]} is not there any more, or was tampered with. {RESTORE}")
        for lot in lots(sizes):
            shown = self._batch("--batch", lot)
            at = 0
            for name in lot:
                start = shown.index(b"\n", at) + 1
                content = shown[start : start + sizes[name]]
                at = start + sizes[name] + 1
                require_sound(kind, name, content)
                yield name, content

    def _batch(self, how: str, names: Iterable[str]) -> bytes:
        try:
            return git("cat-file", how, git_dir=self.common, environment=self.environment, stdin=lines_of(names))
        except GitFailed as error:
            raise Unusable(f"An object of the tree was tampered with: {error.stderr.strip() or error}. {RESTORE}") from error


def checkout(folders: Iterable[Path], tree: str, directory: Path) -> int:
    """Make *directory* hold exactly *tree*, all of it or nothing; how many files and links that are.

    *folders* are the store folders beside whose objects the tree may be. Raises `Refused` for a directory that is not
    empty, `Unusable` when the tree cannot be read or the directory not be written.
    """
    place = empty_place(directory)
    vault = holding(folders, tree)
    entries = listing(vault, tree)
    room = nearest(place) / f"{ROOM}{os.getpid()}"  # named before it is made: an interruption finds it
    try:
        clear_left(room.parent)
        room.mkdir()
        write_files(vault, entries, room)
        hand_over(room, place)
    except OSError as error:
        raise Unusable(f"{error.filename or room} cannot be written: {error.strerror}. Name another folder.") from error
    except RecursionError:
        raise Unusable(f"{directory} cannot be made: its path is too long. Name another folder.") from None
    finally:
        if room.parent.is_dir():
            remove_tree(room)
    return sum(1 for mode, _ in entries.values() if mode != SUBMODULE)


def clear_left(folder: Path) -> None:
    """Remove what a checkout that was killed has left in a folder."""
    for left in folder.glob(f"{ROOM}*"):
        pid = left.name.removeprefix(ROOM)
        if pid.isdecimal() and started_at(int(pid)) is None:
            remove_tree(left)


def empty_place(directory: Path) -> Path:
    """Where *directory* really is, once it is known to be empty or not there."""
    place = Path(os.path.realpath(directory))
    if place.is_dir():
        if any(place.iterdir()):
            raise Refused(f"{directory} is not empty. Name an empty folder, or one that is not there yet.")
    elif os.path.lexists(place):
        raise Refused(f"{directory} is no folder. Name an empty folder, or one that is not there yet.")
    return place


def nearest(place: Path) -> Path:
    """Where to prepare what *place* will hold: beside it, or in it where beside is another file system or not ours."""
    if not place.exists():
        return next(parent for parent in place.parents if parent.exists())
    beside = place.parent
    return beside if place.stat().st_dev == beside.stat().st_dev and os.access(beside, os.W_OK) else place


def hand_over(made: Path, place: Path) -> None:
    """Put the finished folder where it belongs; a folder that is there already stays the same folder."""
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        made.rename(place)
        return
    entries = [(entry, place / entry.name) for entry in made.iterdir()]
    if any(entry != made for entry in place.iterdir()):
        raise Refused(f"{place} is not empty any more: somebody wrote into it meanwhile. Name another folder.")
    try:
        for entry, target in entries:
            entry.rename(target)
    except BaseException:
        for _, target in entries:
            remove_tree(target)
        raise


# --- Reading a tree ---


def holding(folders: Iterable[Path], tree: str) -> Vault:
    """The objects among which *tree* is."""
    vaults = [vault for vault in map(Vault, dict.fromkeys(folders)) if vault.is_there]
    for vault in vaults:
        if vault.sizes([tree]):
            return vault
    if not vaults:
        raise Unusable(f"Tree {tree[:12]} is in a repository, and there is none here. Go to the goal's repository.")
    raise Unusable(f"Tree {tree[:12]} is not in this repository. Go to the goal's repository, or restore it from a copy.")


def listing(vault: Vault, tree: str) -> dict[bytes, Entry]:
    """Every path of *tree* with its mode and object id, folders left out."""
    entries: dict[bytes, Entry] = {}
    level = [(b"", tree)]
    while level:
        folders = dict(vault.read("tree", {name for _, name in level}))
        found = [(above + path, entry) for above, name in level for path, entry in entries_in(folders[name], len(tree) // 2)]
        entries.update((path, entry) for path, entry in found if entry[0] != FOLDER)
        level = [(path + b"/", name) for path, (mode, name) in found if mode == FOLDER]
    return entries


def entries_in(content: bytes, width: int) -> Iterator[tuple[bytes, Entry]]:
    """The entries of a tree object whose ids have *width* bytes."""
    at = 0
    while at < len(content):
        blank, end = content.index(b" ", at), content.index(b"\0", at)
        path = content[blank + 1 : end]
        if path.lower() in UNUSABLE_NAMES or b"/" in path:
            raise Unusable(f"The tree has a path named {encode_path(path)!r}, which no checkout may have.")
        yield path, (content[at:blank].decode(), content[end + 1 : end + 1 + width].hex())
        at = end + 1 + width


def lots(sizes: dict[str, int]) -> Iterator[list[str]]:
    """The names in lots of at most `KEPT_BYTES`, or of one."""
    lot: list[str] = []
    room = KEPT_BYTES
    for name, size in sizes.items():
        if lot and size > room:
            yield lot
            lot, room = [], KEPT_BYTES
        lot.append(name)
        room -= size
    if lot:
        yield lot


def require_sound(kind: str, name: str, content: bytes) -> None:
    """Raise `Unusable` unless this content has this name."""
    made = hashlib.new(DIGITS[len(name)], b"%s %d\0" % (kind.encode(), len(content)) + content, usedforsecurity=False)
    if made.hexdigest() != name:
        raise Unusable(f"Object {name} was tampered with: its content has another name. {RESTORE}")


# --- Writing its files ---


def write_files(vault: Vault, entries: dict[bytes, Entry], top: Path) -> None:
    """Write folders, then files, and links last, so that nothing is ever written through one."""
    for path, (mode, _) in entries.items():
        place = top / os.fsdecode(path)
        (place if mode == SUBMODULE else place.parent).mkdir(parents=True, exist_ok=True)
    files = {path: entry for path, entry in entries.items() if entry[0] not in {SUBMODULE, LINK}}
    for content, path, mode in contents(vault, files):
        write_file(top / os.fsdecode(path), content, 0o777 if mode == EXECUTABLE else 0o666)
    links = {path: entry for path, entry in entries.items() if entry[0] == LINK}
    for content, path, _ in contents(vault, links):
        (top / os.fsdecode(path)).symlink_to(os.fsdecode(content))


def contents(vault: Vault, entries: dict[bytes, Entry]) -> Iterator[tuple[bytes, bytes, str]]:
    """The content, path and mode of each of these entries."""
    places: dict[str, list[tuple[bytes, str]]] = {}
    for path, (mode, name) in entries.items():
        places.setdefault(name, []).append((path, mode))
    for name, content in vault.read("blob", places):
        yield from ((content, path, mode) for path, mode in places[name])


def write_file(file: Path, content: bytes, mode: int) -> None:
    """A new file of that content; what the user's umask takes from *mode* is taken."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as opened:
        opened.write(content)
