"""A worktree's full content as a git tree, whatever the agent did to its own index, its `.git` or its folders.

A path is recorded if the previous tree has it or no ignore rule hides it. Content is read again unless size, times and
inode are those of an earlier reading and the file had then been left alone for two seconds: an edit is never missed.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from omk.domain.event import Value
from omk.domain.values import Change, Unreadable
from omk.runtime.bare import BareRepository
from omk.runtime.folders import remove_tree
from omk.runtime.git import GitFailed, encode_path
from omk.runtime.repository import make_private, tree_entries

Entry = tuple[str, str]
"""File mode and object id."""
Seen = tuple[int, int, int, int, str]
"""Size, modification and change time in ns, inode, and the blob that this content made."""
SETTLED_NS = 2_000_000_000
"""Coarser than any file system's clock: a file changed later than this before a reading is read again."""
SUBMODULE = "160000"
LINK = "120000"
PROPOSALS = b".omk-proposals.jsonl"
"""Where an agent writes what should be done besides, at the top of its worktree: said to omk, and no content of the goal's."""
PLAIN = frozenset(range(0x20, 0x7F)) - frozenset(b'"\\')


class Snapshot(Value):
    """What a worktree held: its tree, what changed since the previous one, and what could not be recorded."""

    tree: str
    changes: tuple[Change, ...]
    unreadable: tuple[Unreadable, ...]


class Survey:
    """One look at a worktree: every path that counts, as entries already known, files and links to hash, and gaps."""

    def __init__(self, bare: BareRepository, top: Path, previous: dict[bytes, Entry], known: dict[bytes, Seen]) -> None:
        self.bare, self.top, self.previous, self.known = bare, top, previous, known
        self.folders = {parent for path in previous for parent in parents_of(path)}
        self.entries: dict[bytes, Entry] = {}
        self.files: dict[bytes, os.stat_result] = {}
        self.links: dict[bytes, bytes] = {}
        self.gaps: dict[bytes, str] = {}

    def walk(self) -> None:
        """Look at every folder that is not ignored, one depth after the other; `.git` is nobody's content."""
        level = [b""]
        while level:
            found = [pair for folder in level for pair in self._list(folder)]
            strange = [path for path, _ in found if path not in self.previous and path not in self.folders]
            ignored = self._ignored(strange)
            level = [path for path, status in found if path not in ignored and self._is_folder(path, status)]

    def _list(self, folder: bytes) -> Iterator[tuple[bytes, os.stat_result]]:
        try:
            names = sorted(os.listdir(self._absolute(folder)))  # noqa: PTH208 - paths are bytes here
        except FileNotFoundError:
            return
        except OSError:
            self._gap(folder, "permission")
            return
        for name in names:
            path = folder + b"/" + name if folder else name
            if name == b".git" or path == PROPOSALS:
                continue
            try:
                yield path, os.lstat(self._absolute(path))
            except FileNotFoundError:
                continue
            except OSError:
                self._gap(path, "permission")

    def _ignored(self, paths: list[bytes]) -> set[bytes]:
        """Which of these the ignore rules hide; `./` keeps git from reading a name as a pattern."""
        if not paths:
            return set()
        names = b"".join(b"./" + path + b"\0" for path in paths)
        try:
            shown = self.bare.git("check-ignore", "-z", "--stdin", "--no-index", work_tree=self.top, stdin=names)
        except GitFailed as error:
            if error.status != 1:  # it says 1 when none is hidden
                raise
            return set()
        return {name[2:] for name in shown.split(b"\0") if name}

    def _is_folder(self, path: bytes, status: os.stat_result) -> bool:
        """Take in one path; whether there is more below it."""
        if stat.S_ISDIR(status.st_mode):
            return not self._is_submodule(path)
        if stat.S_ISREG(status.st_mode):
            self._file(path, status)
        elif stat.S_ISLNK(status.st_mode):
            with contextlib.suppress(OSError):  # gone since
                self.links[path] = os.readlink(self._absolute(path))  # noqa: PTH115 - paths are bytes here
        else:
            self._gap(path, special_name(status.st_mode))
        return False

    def _is_submodule(self, path: bytes) -> bool:
        """A submodule of the previous tree stays as recorded; one that is filled in can differ, which is named."""
        mode, _ = self.previous.get(path, ("", ""))
        if mode != SUBMODULE:
            return False
        names = set(os.listdir(self._absolute(path)))  # noqa: PTH208 - paths are bytes here
        if names and b".git" not in names:
            return False  # plain files where the submodule was
        self.entries[path] = self.previous[path]
        if names:
            self.gaps[path] = "submodule"
        return True

    def _file(self, path: bytes, status: os.stat_result) -> None:
        seen = self.known.get(path)
        if seen is not None and seen[:4] == identity(status):
            self.entries[path] = (mode_of(status), seen[4])
        elif os.access(self._absolute(path), os.R_OK):
            self.files[path] = status
        else:
            self._gap(path, "permission")

    def _gap(self, path: bytes, reason: str) -> None:
        """Name what cannot be read; what the previous tree had there stays."""
        self.gaps[path] = reason
        self.spare(path)

    def spare(self, path: bytes) -> None:
        """Leave a path, and what is below it, as the previous tree has it."""
        below = path + b"/" if path else b""
        kept = (name for name in self.previous if name == path or name.startswith(below))
        self.entries.update({name: self.previous[name] for name in kept})

    def _absolute(self, path: bytes) -> bytes:
        return os.path.join(os.fsencode(self.top), path)  # noqa: PTH118 - paths are bytes here

    def hash_all(self) -> None:
        """Write every file and link that was not known as a blob."""
        blobs = self._hash(list(self.files), "-w")
        doubtful = [path for path, blob in blobs.items() if path in self.previous and self.previous[path][1] != blob]
        untouched = self._hash(doubtful, "--no-filters")
        for path, blob in blobs.items():
            # a file that never went through the filters it has (line endings, say) is no change by being looked at
            kept = untouched.get(path) == self.previous.get(path, ("", ""))[1]
            self.entries[path] = (mode_of(self.files[path]), self.previous[path][1] if kept else blob)
        links = {path: (LINK, blob_id(target, self.bare.user.object_format)) for path, target in self.links.items()}
        if fresh := {self.links[path] for path, entry in links.items() if self.previous.get(path) != entry}:
            self.bare.write_blobs(fresh)
        self.entries.update(links)

    def _hash(self, paths: list[bytes], how: str) -> dict[bytes, str]:
        """Path to blob id; a path that git cannot hash becomes a gap, and the others still succeed."""
        if not paths:
            return {}
        names = b"".join(quote(path) + b"\n" for path in paths)
        try:
            answer = self.bare.git("hash-object", how, "--stdin-paths", work_tree=self.top, stdin=names, reads=False)
        except GitFailed:
            if len(paths) > 1:
                half = len(paths) // 2
                return self._hash(paths[:half], how) | self._hash(paths[half:], how)
            if os.path.lexists(self._absolute(paths[0])):
                self._gap(paths[0], "filter")
            return {}
        return dict(zip(paths, answer.decode().split(), strict=True))

    def seen(self, began_ns: int) -> dict[bytes, Seen]:
        """What the next survey need not read again."""
        fresh = {
            path: (*identity(status), self.entries[path][1])
            for path, status in self.files.items()
            if path in self.entries and path not in self.gaps and status.st_ctime_ns + SETTLED_NS < began_ns
        }
        return {path: seen for path, seen in self.known.items() if path in self.entries} | fresh


def take(bare: BareRepository, top: Path, previous_tree: str, notes: Path) -> tuple[str, dict[bytes, str]]:
    """The tree of what *top* holds, and the paths that could not be recorded with the reason.

    *notes* is a private folder outside the worktree: the index in which the tree is built, and what was read before.
    """
    make_private(notes)
    previous = entries_of(bare, previous_tree)
    began = notes / "began"
    remove_tree(began)
    began.touch()
    survey = Survey(bare, top, previous, load(notes / "seen"))
    if top.is_dir() and not top.is_symlink():
        survey.walk()
        survey.spare(PROPOSALS)
    elif os.path.lexists(top):
        survey.gaps[b""] = "not a folder"
        survey.entries.update(previous)
    survey.hash_all()
    store(notes / "seen", survey.seen(began.stat().st_ctime_ns))
    tree = build(bare, previous_tree, difference(previous, survey.entries), notes / "index", survey.gaps)
    return tree, survey.gaps


def difference(previous: dict[bytes, Entry], entries: dict[bytes, Entry]) -> list[tuple[bytes, Entry | None]]:
    """What turns one listing into the other: first what goes, then what comes."""
    gone: list[tuple[bytes, Entry | None]] = [(path, None) for path in previous if path not in entries]
    return gone + [(path, entry) for path, entry in sorted(entries.items()) if previous.get(path) != entry]


def build(
    bare: BareRepository,
    tree: str,
    orders: list[tuple[bytes, Entry | None]],
    index: Path,
    gaps: dict[bytes, str],
) -> str:
    """The tree that comes of *tree* by *orders*, made in a private index; a name git refuses becomes a gap."""
    if not orders:
        return tree
    environment = {"GIT_INDEX_FILE": str(index)}
    for file in (index, index.with_name(f"{index.name}.lock")):
        remove_tree(file)
    bare.git("read-tree", tree, environment=environment, reads=False)

    lines = b"".join(index_line(path, entry, len(tree)) for path, entry in orders)
    bare.git("update-index", "-z", "--index-info", environment=environment, stdin=lines, reads=False)
    built = bare.git("write-tree", environment=environment, reads=False).decode().strip()
    taken = entries_of(bare, built)  # git only says that it ignores a name it does not like (`.GIT`)
    gaps.update({path: "name" for path, entry in orders if entry is not None and taken.get(path) != entry})
    return built


def entries_of(bare: BareRepository, tree: str) -> dict[bytes, Entry]:
    """Every path of a tree with its mode and object id."""
    listing = bare.git("ls-tree", "-r", "-z", "--full-tree", tree)
    return {path: (mode, name) for path, mode, name in tree_entries(listing)}


def unreadable(gaps: dict[bytes, str]) -> tuple[Unreadable, ...]:
    """The gaps as values, sorted by path; the worktree's own top is `.`."""
    return tuple(Unreadable(path=encode_path(path) or ".", reason=gaps[path]) for path in sorted(gaps))


# --- Small facts about files ---


def blob_id(content: bytes, object_format: str) -> str:
    """The id git gives a blob: the hash of its kind, its size and its content (gitformat: loose objects)."""
    return hashlib.new(object_format, b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def identity(status: os.stat_result) -> tuple[int, int, int, int]:
    """What changes whenever content does, once the file system's clock has moved on."""
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def mode_of(status: os.stat_result) -> str:
    """The mode git gives a regular file."""
    return "100755" if status.st_mode & stat.S_IXUSR else "100644"


def special_name(mode: int) -> str:
    """What a path is that is no file, link or folder."""
    return "fifo" if stat.S_ISFIFO(mode) else "socket" if stat.S_ISSOCK(mode) else "device"


def parents_of(path: bytes) -> Iterator[bytes]:
    """The folders above a path, the nearest first."""
    while b"/" in path:
        path = path.rpartition(b"/")[0]
        yield path


def quote(path: bytes) -> bytes:
    """A path as git reads it from a line: in quotes, odd bytes in octal."""
    plain = (bytes([byte]) if byte in PLAIN else b"\\%03o" % byte for byte in path)
    return b'"' + b"".join(plain) + b'"'


def index_line(path: bytes, entry: Entry | None, digits: int) -> bytes:
    """A line for `git update-index -z --index-info`; mode 0 removes the path."""
    mode, name = entry or ("0", "0" * digits)
    return f"{mode} {name}\t".encode() + path + b"\0"


def load(path: Path) -> dict[bytes, Seen]:
    """What was read before; nothing if the notes are missing or torn, since they only save time."""
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=dict[bytes, Seen])
    except (OSError, msgspec.MsgspecError):
        return {}


def store(path: Path, seen: dict[bytes, Seen]) -> None:
    """Keep what was read for the next survey."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_bytes(msgspec.msgpack.encode(seen))
    fresh.replace(path)
