"""Snapshots: checkpoints of a goal as files, so that nobody has to fold a long one from its first event on (design 2).

`snapshots/<goal>/<fingerprint>/<seq>` holds the line `omk-snapshot.v1 b2:<digest>` and a zstd frame; the digest covers the
frame and what it belongs to. A cache: whatever is wrong with a file, it is as if it were not there.
"""

import re
from functools import cache, cached_property
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
from immutables import Map

from omk.domain.checkpoint import Checkpoint
from omk.domain.digest import blake2b, digest_of
from omk.errors import OmkError
from omk.log.chain import Segment, lineage, owner_of
from omk.log.folder import file_name, private_folder, replace_file
from omk.log.protocol import Log

FOLDER = "snapshots"
SPACING = 8_192
"""There is one after each so many events, so that at most so many have to be folded from one on."""

_LEVEL = 3
_NAME_DIGITS = 16
_FINGERPRINT = re.compile(f"[0-9a-f]{{{_NAME_DIGITS}}}")
_SEQ = re.compile("[1-9][0-9]{0,17}")
_FIRST_LINE = re.compile(rb"omk-snapshot\.v1 (b2:[0-9a-f]{64})")


class Snapshots:
    """The snapshots of one goal of a store; those of the history it was forked from are its ancestors'.

    Only the one writer of a goal writes them, one each *spacing* events; whoever reads takes those that are there.
    """

    def __init__(self, folder: Path, log: Log, goal: str, *, spacing: int = SPACING) -> None:
        self.goal, self.spacing = goal, spacing
        self._log, self._folder = log, folder / FOLDER

    def nearest(self, seq: int) -> Checkpoint | None:
        """The last one at or before event *seq*, if there is any."""
        if not _is_folder(self._folder):
            return None
        for part in reversed(self._parts):
            limit = seq if part.end is None else min(seq, part.end)
            for place in reversed(self._seqs(part.goal)):
                found = self._read(part.goal, place) if part.start < place <= limit else None
                if found is not None:
                    return found
        return None

    def unbroken(self) -> int:
        """The last event up to which none is missing or damaged; what is behind a hole has to be written again."""
        seq = 0
        if _is_folder(self._folder):
            while self._content(self._owner(seq + self.spacing), seq + self.spacing) is not None:
                seq += self.spacing
        return seq

    def places(self) -> list[int]:
        """The seqs at which this goal has one of its own, in order."""
        return self._seqs(self.goal)

    def load(self, seq: int) -> Checkpoint | None:
        """The one at *seq*; null if there is none that can be used."""
        return self._read(self._owner(seq), seq)

    @property
    def place(self) -> str:
        """Where in the store's folder all of this goal's are."""
        return f"{FOLDER}/{file_name(self.goal)}"

    def write(self, checkpoint: Checkpoint) -> None:
        """Keep *checkpoint*. Where that cannot be done, the next reader folds a little more, and that is all."""
        owner = self._owner(checkpoint.seq)
        place = self._place(owner)
        if place is None or not checkpoint.state.goal.created_seq:  # without a beginning it is nobody's
            return
        try:
            if not _is_folder(place):
                self._begin(place)
            replace_file(place / str(checkpoint.seq), _packed(checkpoint, owner), is_cache=True)
        except (OmkError, OSError, OverflowError, TypeError, ValueError):
            return

    def _begin(self, place: Path) -> None:
        """Make the folder of this fingerprint; those of other ones are of no use any more."""
        import shutil

        for folder in (self._folder.parent, self._folder, place.parent, place):
            private_folder(folder)
        for other in place.parent.iterdir():
            if other.name != place.name and _FINGERPRINT.fullmatch(other.name):
                shutil.rmtree(other, ignore_errors=True)

    @cached_property
    def _parts(self) -> list[Segment]:
        """Whose records the history consists of."""
        try:
            return lineage(self._log, self.goal)
        except OmkError:
            return [Segment(self.goal, 0, None)]  # whoever reads on will say what is wrong

    def _owner(self, seq: int) -> str:
        return owner_of(self._parts, seq)

    def _place(self, goal: str) -> Path | None:
        known = fingerprint()
        return None if known is None else self._folder / file_name(goal) / known[:_NAME_DIGITS]

    def _seqs(self, goal: str) -> list[int]:
        """The places that have a file, in order."""
        place = self._place(goal) if _is_folder(self._folder / file_name(goal)) else None
        try:
            return [] if place is None else sorted(int(path.name) for path in place.iterdir() if _SEQ.fullmatch(path.name))
        except OSError:
            return []

    def _content(self, goal: str, seq: int) -> bytes | None:
        """The frame that is kept for a place, if it is whole and belongs there."""
        place = self._place(goal)
        path = place and place / str(seq)
        try:
            content = path.read_bytes() if path and path.is_file() else b""
        except OSError:
            return None
        first, _, frame = content.partition(b"\n")
        match = _FIRST_LINE.fullmatch(first)
        return frame if match is not None and match[1].decode() == _digest(frame, goal, seq) else None

    def _read(self, goal: str, seq: int) -> Checkpoint | None:
        frame = self._content(goal, seq)
        found = None if frame is None else _unpacked(frame)
        return found if found is not None and (found.seq, found.state.seq, found.state.head) == (seq, seq, found.head) else None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


@cache
def fingerprint() -> str | None:
    """The digest of the sources of the fold, in hex: another fold makes other states. Null where they cannot be read."""
    from omk import domain

    known = blake2b(digest_size=32)
    try:
        for root in domain.__path__:
            for path in sorted(Path(root).rglob("*.py")):
                source = path.read_bytes()
                known.update(f"{path.relative_to(root).as_posix()} {len(source)}\n".encode())
                known.update(source)
    except OSError:
        return None
    return known.hexdigest()


def _digest(frame: bytes, goal: str, seq: int) -> str:
    return digest_of(f"{fingerprint()} {goal!a} {seq}\n".encode() + frame)


def _packed(checkpoint: Checkpoint, goal: str) -> bytes:
    import zstandard

    frame = zstandard.ZstdCompressor(level=_LEVEL).compress(encode(checkpoint))
    return f"omk-snapshot.v1 {_digest(frame, goal, checkpoint.seq)}\n".encode() + frame


def _unpacked(frame: bytes) -> Checkpoint | None:
    import zstandard

    try:
        return decode(zstandard.ZstdDecompressor().decompress(frame))
    except (zstandard.ZstdError, MemoryError, RecursionError, TypeError, ValueError):
        return None


def encode(checkpoint: Checkpoint) -> bytes:
    """A checkpoint as bytes: MessagePack, the same for equal ones."""
    return msgspec.msgpack.encode(checkpoint, enc_hook=_plain, order="deterministic")


def decode(content: bytes) -> Checkpoint:
    """The same checkpoint again. Raises ValueError (of msgspec) for anything that is none."""
    return _decoder().decode(content)


@cache
def _decoder() -> msgspec.msgpack.Decoder[Checkpoint]:
    return msgspec.msgpack.Decoder(Checkpoint, dec_hook=_typed)


def _plain(value: object) -> object:
    if isinstance(value, Map):
        return dict(value)
    raise TypeError(f"a checkpoint holds {type(value).__name__}, which cannot be kept")


def _typed(kind: Any, value: object) -> object:
    if get_origin(kind) is Map:
        mapping: Any = dict
        return Map(msgspec.convert(value, mapping[get_args(kind)], dec_hook=_typed))
    raise TypeError(f"a checkpoint cannot hold {kind}")
