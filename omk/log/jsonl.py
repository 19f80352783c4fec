"""The log as a file of lines: one canonical body per line; its outputs are lines of `<stem>.blobs.jsonl` beside it.

One writer at a time (a lock on the file). A batch is written in one piece and taken back whole if that fails; a crash
can leave the first records of a batch and a torn line, which is mended at the next append and reported until then.
"""
# ruff: noqa: D102 - the protocol says what each method of a log does

import fcntl
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import msgspec

from omk.domain.event import Recorded, kind_of
from omk.errors import Conflict, Damaged, Unusable
from omk.log import chain
from omk.log.blobs import Blob, unpack
from omk.log.codec import Entry, damage, decode
from omk.log.connection import WAIT
from omk.log.folder import private_folder
from omk.log.protocol import Head, Problem, Stored, begins_fork, consecutive
from omk.log.shares import share_of

_PLACE = re.compile(rb'"goal":"([^"\\]*)","prev":"[^"]*","seq":(\d{1,18})\}\}$')
_PAUSE = 0.02


class JsonlLog:
    """A log in one file. Opening never creates it (see `create`); `wait` is in seconds, for another writer to end."""

    def __init__(self, path: Path, *, wait: float = WAIT) -> None:
        self._path, self._wait = path, wait
        self._outputs = path.with_name(f"{path.stem}.blobs.jsonl")
        self._mended: list[Problem] = []
        with self._explaining(), path.open("rb"):
            pass

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The torn tails that were mended, and the one that stands there now."""
        with self._explaining(), self._path.open("rb") as file:
            torn = _torn(file)
        return tuple(self._mended if torn == 0 else [*self._mended, self._tail_problem(torn, "is left out")])

    def append(self, goal: str, entries: Sequence[Entry], *, after: int, blobs: Sequence[Blob] = ()) -> None:
        consecutive(goal, entries, after)
        with self._explaining(), self._path.open("r+b") as file:
            self._lock(file)
            self._mend(file)
            heads = {head.goal: head.seq for head in self._heads(file)}
            if heads.get(goal, 0) != after and (goal in heads or not entries or not begins_fork(entries)):
                raise Conflict(goal, after)
            if blobs:
                self._append_blobs(blobs)
            _extend(file, [entry.body for entry in entries])

    def read(
        self, goal: str, *, after: int = 0, upto: int | None = None, verify: bool = True, texts: bool = True
    ) -> Iterator[Recorded]:
        return chain.read(self._own, goal, after=after, upto=upto, verify=verify, texts=texts)

    def pick(self, goal: str, kinds: frozenset[str], *, after: int, upto: int) -> Iterator[Recorded]:
        return (one for one in self.read(goal, after=after, upto=upto, texts=False) if kind_of(one.event) in kinds)

    def follow(self, *, after: int = 0) -> Iterator[tuple[int, Recorded]]:
        for position, body in enumerate(self._lines(self._path), 1):
            if position > after:
                yield position, decode(body)

    def stretch(self, after: int, upto: int, *, share: tuple[int, int] = (0, 1)) -> Iterator[tuple[int, str, bytes]]:
        number, count = share
        for position, body in enumerate(islice(self._lines(self._path), upto), 1):
            if position > after:
                goal, _ = _place(body)
                if share_of(goal, count) == number:
                    yield position, goal, body

    def placed(self, positions: Sequence[int]) -> dict[int, bytes]:
        wanted = frozenset(positions)
        lines = islice(self._lines(self._path), max(wanted, default=0))
        return {position: body for position, body in enumerate(lines, 1) if position in wanted}

    def end(self) -> int:
        return sum(1 for _ in self._lines(self._path))

    def heads(self) -> list[Head]:
        with self._explaining(), self._path.open("rb") as file:
            return self._heads(file)

    def blob(self, digest: str) -> bytes | None:
        packed = self.packed(digest)
        return None if packed is None else unpack(packed)

    def packed(self, digest: str) -> Blob | None:
        if not self._outputs.exists():
            return None
        mark = digest.encode()
        for line in self._lines(self._outputs):
            if mark in line:
                try:
                    return msgspec.json.decode(line, type=Blob)
                except (msgspec.DecodeError, UnicodeError) as problem:
                    raise Damaged(f"output {digest}", None, "blob.unreadable", f"its line is broken ({problem}).") from problem
        return None

    def bodies(self, goal: str) -> Iterator[Stored]:
        for body in self._own(goal, 0, None):
            record = decode(body)
            yield Stored(record.seq, kind_of(record.event), body)

    def close(self) -> None:
        """Nothing is kept open."""

    def _own(self, goal: str, after: int, upto: int | None) -> Iterator[bytes]:
        for body in self._lines(self._path):
            owner, seq = _place(body)
            if owner == goal and seq > after and (upto is None or seq <= upto):
                yield body

    def _lines(self, path: Path) -> Iterator[bytes]:
        """The whole lines, without their ends; a torn last one is left out."""
        with self._explaining(), path.open("rb") as file:
            yield from _whole(file)

    def _heads(self, file: BinaryIO) -> list[Head]:
        file.seek(0)
        heads: dict[str, Head] = {}
        for position, body in enumerate(_whole(file), 1):
            goal, seq = _place(body)
            heads[goal] = Head(goal, seq, position)
        return sorted(heads.values(), key=lambda head: head.goal)

    def _append_blobs(self, blobs: Sequence[Blob]) -> None:
        with os.fdopen(os.open(self._outputs, os.O_CREAT | os.O_RDWR, 0o600), "r+b") as file:
            file.truncate(os.fstat(file.fileno()).st_size - _torn(file))
            known = {digest for blob in blobs if self.packed(digest := blob.digest) is not None}
            _extend(file, [msgspec.json.encode(blob) for blob in blobs if blob.digest not in known])

    def _mend(self, file: BinaryIO) -> None:
        """Cut off a line that a crash tore; give a whole one its missing end."""
        torn = _torn(file)
        if torn:
            file.truncate(os.fstat(file.fileno()).st_size - torn)
            self._mended.append(self._tail_problem(torn, "was cut off"))
        size = os.fstat(file.fileno()).st_size
        if size:
            file.seek(size - 1)
            if file.read(1) != b"\n":
                file.write(b"\n")

    def _tail_problem(self, torn: int, outcome: str) -> Problem:
        return Problem(self._path.name, None, "tail.torn", f"the last line, {torn} bytes, was torn by a crash and {outcome}.")

    def _lock(self, file: BinaryIO) -> None:
        for _ in range(max(1, int(self._wait / _PAUSE))):
            try:
                return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_PAUSE)
        text = f"The store {self._path} is locked by another process. Wait until it ends, then try again."
        raise Unusable(text)

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            text = f"The store {self._path} cannot be used: {problem.strerror}. Check its permissions and the disk."
            raise Unusable(text) from problem


def create(path: Path) -> None:
    """Create an empty log at *path*; one that exists stays as it is."""
    private_folder(path.parent)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as problem:
        text = f"No store can be made at {path}: {problem.strerror}. Check the folder's permissions and the disk."
        raise Unusable(text) from problem


def _place(body: bytes) -> tuple[str, int]:
    """(goal, seq) from the end of a canonical body."""
    match = _PLACE.search(body[-512:])
    if match is None:
        raise damage(body, "body.unreadable", "its line is not a stored record.")
    return match[1].decode("utf-8", "replace"), int(match[2])


def _whole(file: BinaryIO) -> Iterator[bytes]:
    for line in file:
        if line.endswith(b"\n"):
            yield line[:-1]
        elif _is_whole(line):
            yield line


def _is_whole(line: bytes) -> bool:
    """Whether a line without its end is a whole JSON object all the same (an editor may have taken the end away)."""
    try:
        msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeError):
        return False
    return True


def _torn(file: BinaryIO) -> int:
    """How many bytes of a torn line stand at the end of *file*."""
    size = os.fstat(file.fileno()).st_size
    tail, start = b"", size
    while start > 0 and b"\n" not in tail:
        step = min(65_536, start)
        start -= step
        file.seek(start)
        tail = file.read(step) + tail
    last = tail[tail.rfind(b"\n") + 1 :]
    return 0 if not last or _is_whole(last) else len(last)


def _extend(file: BinaryIO, lines: Iterable[bytes]) -> None:
    """Add lines in one piece, down to the disk; take them back if that fails."""
    size = file.seek(0, os.SEEK_END)
    try:
        file.write(b"".join(line + b"\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
    except OSError:
        os.ftruncate(file.fileno(), size)
        raise
