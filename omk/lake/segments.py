"""Segments: the stored part of the lake, cut at places that depend on nothing but the log.

A segment holds the rows of a stretch of the log, `segments/<first>-<last>/`: one Parquet file per table and lane that has
rows, and `manifest`, which is written last: a digest, and below it JSON. As in a log-structured merge tree, eight small ones
become one that is eight times as long; which ones there are follows from the length of the log alone, so that a lake that
grew and one that was built at once are the same, byte by byte.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from omk.domain.digest import digest_of
from omk.domain.event import Digest, Recorded, Value
from omk.domain.subjects.verdict import TextErased

WINDOW = 8_192
"""So many places of the log are projected together."""
GROUP = 8 * WINDOW
"""So many places of the log make one row group of a file."""
SIZES = (8 * GROUP, GROUP, WINDOW)
"""How long a segment can be, in places of the log; each begins at a multiple of its length."""
LANES = 2
"""Into so many lanes the goals are divided, whatever the number of processors: the same log makes the same files."""
MANIFEST = "manifest"


class Stretch(NamedTuple):
    """The places *start* < position <= *end* of the log."""

    start: int
    end: int

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.start + 1:012d}-{self.end:012d}"


class Tip(Value):
    """The last record that a segment knows of: what tells whether it is a part of this log."""

    position: int
    goal: str
    seq: int
    digest: Digest


class Erasure(Value):
    """A text of event *seq* that was erased later, by its path."""

    goal: str
    seq: int
    path: str


def erasures_of(records: Iterable[Recorded]) -> list[Erasure]:
    """What these records say was erased."""
    events = ((record.goal, record.event) for record in records if isinstance(record.event, TextErased))
    return [Erasure(goal=goal, seq=event.seq, path=path) for goal, event in events for path in event.paths]


class File(Value):
    """A file of a segment: its table, its size, its rows, and the digest of its bytes."""

    name: str
    table: str
    rows: int
    size: int
    digest: Digest


class Content(Value):
    """What is known of the records of a segment, or of one lane of it: how many, the last one, and what they say was erased."""

    events: int
    tip: Tip | None
    erasures: tuple[Erasure, ...]


class Manifest(Value):
    """What a segment consists of."""

    start: int
    end: int
    content: Content
    files: tuple[File, ...]


class Segment(NamedTuple):
    """A segment that is there, with the folder it is in."""

    folder: Path
    manifest: Manifest

    def paths(self, table: str) -> list[Path]:
        """The files with rows of a table."""
        return [self.folder / one.name for one in self.manifest.files if one.table == table]


def cover(count: int) -> list[Stretch]:
    """The segments of a log with *count* places: as long as can be, from the first place on; fewer than `WINDOW` are left."""
    found, start = [], 0
    while count - start >= WINDOW:
        size = next(size for size in SIZES if start % size == 0 and start + size <= count)
        found.append(Stretch(start, start + size))
        start += size
    return found


def parts_of(stretch: Stretch) -> list[Stretch]:
    """The eight shorter stretches that a segment is merged from; none if it is as short as can be."""
    size = stretch.end - stretch.start
    part = next((one for one in SIZES if one < size), 0)
    return [Stretch(start, start + part) for start in range(stretch.start, stretch.end, part)] if part else []


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Say what is in *folder*: from now on it is a segment."""
    content = msgspec.json.encode(manifest)
    (folder / MANIFEST).write_bytes(digest_of(content).encode() + b"\n" + content)


def described(path: Path, table: str, rows: int) -> File:
    """A file that was just written."""
    content = path.read_bytes()
    return File(name=path.name, table=table, rows=rows, size=len(content), digest=digest_of(content))


def opened(folder: Path, stretch: Stretch) -> Segment | None:
    """The segment of a stretch as its manifest tells it, if there is a manifest."""
    place = folder / stretch.name
    try:
        digest, _, content = (place / MANIFEST).read_bytes().partition(b"\n")
        manifest = msgspec.json.decode(content, type=Manifest)
    except (OSError, msgspec.DecodeError, UnicodeError):
        return None
    is_whole = digest == digest_of(content).encode() and (manifest.start, manifest.end) == stretch
    return Segment(place, manifest) if is_whole else None


def flaw_of(segment: Segment, known: dict[str, list[int]]) -> str | None:
    """What is wrong with a segment's files, if anything is.

    A file is read only if it is not, by inode, size and time, one that *known* has as sound; what was read is added there.
    """
    for file in segment.manifest.files:
        path = segment.folder / file.name
        key = f"{segment.folder.name}/{file.name}"
        try:
            found = path.stat()
            mark = [found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]
            if found.st_size != file.size:
                return f"{file.name} has {found.st_size} bytes and not {file.size}"
            if known.get(key) == mark:
                continue
            if digest_of(path.read_bytes()) != file.digest:
                return f"{file.name} is not what was written"
        except OSError as problem:
            return f"{file.name} cannot be read ({problem.strerror})"
        known[key] = mark
    return None


def stretches_in(folder: Path) -> Iterator[Stretch]:
    """The stretches that *folder* has folders of, whatever is in them."""
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return
    for name in names:
        first, _, last = name.partition("-")
        if first.isdecimal() and last.isdecimal() and Stretch(int(first) - 1, int(last)).name == name:
            yield Stretch(int(first) - 1, int(last))
