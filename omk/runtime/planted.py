"""Objects under a name that their content does not have: git believes the name, so what agents can write is checked.

Formats: a loose object is kind, size, a zero byte and the content, deflated, and named by its hash (gitformat-loose); what
an index says about its pack is checked by `git verify-pack`. Files that only save git time, and could lie as well, are removed.
"""

import hashlib
import os
import re
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from omk.runtime.folders import remove_tree
from omk.runtime.git import run_git

Identity = tuple[int, int, int, int]
"""Inode, size, modification and change time in ns."""
SETTLED_NS = 2_000_000_000
"""Coarser than any file system's clock: a file changed later than this before a look is looked at again."""
CHUNK = 1 << 20
FAN = re.compile(r"[0-9a-fA-F]{2}")
REST = re.compile(r"[0-9a-fA-F]{38}|[0-9a-fA-F]{62}")
SHORTCUTS = (".bitmap", ".rev")


class Objects:
    """An object store, and which of its files were already found to hold what they are named for."""

    def __init__(self, folder: Path, object_format: str) -> None:
        self.folder, self.object_format = folder, object_format
        self._sound: dict[Path, tuple[Identity, ...]] = {}

    def purge(self) -> bool:
        """Remove every object and every pack that is not what its name says; whether there was one."""
        if not self.folder.is_dir():
            return False
        with tempfile.TemporaryFile(dir=self.folder) as clock:
            now = os.fstat(clock.fileno()).st_ctime_ns
        loose = [path for path in self._loose() if not self._is_known(now, path)]
        planted = [path for path in loose if not is_sound(path, self.object_format)]
        for path in planted:
            remove_tree(path)
        packs = [index for index in self._indexes() if not self._is_known(now, index, index.with_suffix(".pack"))]
        broken = [] if self._verify(packs) else [index for index in packs if not self._verify([index])]
        for index in broken:
            for part in list(index.parent.glob(f"{index.stem}.*")):
                remove_tree(part)
        for path in (*planted, *broken):
            self._sound.pop(path, None)
        return bool(planted or broken)

    def _is_known(self, now: int, *files: Path) -> bool:
        """Whether *files* are as they were when last looked at; what is in order now is remembered for the next time."""
        try:
            found = tuple(identity(file) for file in files)
        except FileNotFoundError:
            self._sound.pop(files[0], None)
            return False
        if self._sound.get(files[0]) == found:
            return True
        self._sound.pop(files[0], None)
        if all(changed + SETTLED_NS < now for *_, changed in found):
            self._sound[files[0]] = found  # taken back when it turns out to be planted
        return False

    def _loose(self) -> Iterator[Path]:
        for fan in entries(self.folder):
            if FAN.fullmatch(fan.name):
                yield from (Path(file.path) for file in entries(Path(fan.path)) if REST.fullmatch(file.name))

    def _indexes(self) -> list[Path]:
        """The indexes of the packs; what stands beside them to save time is removed."""
        found = []
        for file in entries(self.folder / "pack"):
            if file.name.startswith("multi-pack-index") or file.name.endswith(SHORTCUTS):
                remove_tree(Path(file.path))
            elif file.name.endswith(".idx"):
                found.append(Path(file.path))
        return found

    def _verify(self, indexes: list[Path]) -> bool:
        """Whether all these packs hold what their indexes say; asked outside of any repository, so no other counts."""
        if not indexes:
            return True
        command: tuple[str | Path, ...] = ("verify-pack", f"--object-format={self.object_format}", *indexes)
        where = Path(self.folder.anchor)
        return run_git(command, directory=where, git_dir=None, environment={}, stdin=None, reads=True).status == 0


def entries(folder: Path) -> Iterator["os.DirEntry[str]"]:
    """What is in a folder, but for links, which are removed: what they point to could change unseen."""
    if folder.is_symlink():
        remove_tree(folder)
    try:
        with os.scandir(folder) as found:
            listed = list(found)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in listed:
        if entry.is_symlink():
            remove_tree(Path(entry.path))
        else:
            yield entry


def identity(file: Path) -> Identity:
    """What changes whenever the content does."""
    status = file.lstat()
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def is_sound(path: Path, object_format: str) -> bool:
    """Whether a loose object's content has the name it is kept under; true for one that is gone."""
    digest, inflate = hashlib.new(object_format, usedforsecurity=False), zlib.decompressobj()
    try:
        with path.open("rb") as file:
            while not inflate.eof and (packed := inflate.unconsumed_tail or file.read(CHUNK)):
                digest.update(inflate.decompress(packed, CHUNK))
    except FileNotFoundError:
        return True
    except (OSError, zlib.error):
        return False
    return inflate.eof and digest.hexdigest() == f"{path.parent.name}{path.name}".lower()
