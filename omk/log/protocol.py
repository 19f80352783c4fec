"""What a log is: append-only streams of sealed records, one per goal, and the blobs they speak of."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from omk.domain.event import Recorded
from omk.domain.subjects.goal import GoalForked
from omk.log.blobs import Blob
from omk.log.codec import Entry


class Head(Struct, frozen=True):
    """The last record of a goal: its seq, and its position in the whole log."""

    goal: str
    seq: int
    position: int


class Problem(Struct, frozen=True):
    """Something found wrong in a store: where (seq null: the goal as a whole), a stable code, and a sentence."""

    goal: str
    seq: int | None
    code: str
    text: str


class Stored(Struct, frozen=True, gc=False):
    """One record as it is stored, for a check that trusts nothing: its place, its topic and its body."""

    seq: int
    topic: str
    body: bytes


class Log(Protocol):
    """Append-only. Nothing here updates, nothing here deletes."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was mended or left out while reading, such as a torn tail."""
        ...

    def append(self, goal: str, entries: Sequence[Entry], *, after: int, blobs: Sequence[Blob] = ()) -> None:
        """Add records *after* + 1 …, with their blobs: all or nothing.

        Raises Conflict if the goal is not at *after*, Unusable if the store cannot be written.
        """
        ...

    def read(
        self, goal: str, *, after: int = 0, upto: int | None = None, verify: bool = True, texts: bool = True
    ) -> Iterator[Recorded]:
        """The goal's records with *after* < seq <= *upto*, a fork's inherited ones first; none if the goal is unknown.

        With *verify* the chain is checked on the way and damage raises Damaged; without, only the last has its digest.
        Without *texts* the open halves are left unread: a fold has no use for them.
        """
        ...

    def pick(self, goal: str, kinds: frozenset[str], *, after: int, upto: int) -> Iterator[Recorded]:
        """The records that are stored under these kinds, with *after* < seq <= *upto*; found sooner than by reading all.

        They come without texts and digests, and nothing tells that none is missing: whoever asks has to know how many there are.
        """
        ...

    def follow(self, *, after: int = 0) -> Iterator[tuple[int, Recorded]]:
        """Everything recorded after a position, with its position, in order; what is there now, once."""
        ...

    def stretch(self, after: int, upto: int, *, share: tuple[int, int] = (0, 1)) -> Iterator[tuple[int, str, bytes]]:
        """The records at the places *after* < position <= *upto* as they are stored, unread: position, goal and body, in order.

        With *share* (n, count) those of the goals of one share alone (`omk.log.shares`).
        """
        ...

    def placed(self, positions: Sequence[int]) -> dict[int, bytes]:
        """The records at these positions as they are stored, by position; none where there is no record."""
        ...

    def end(self) -> int:
        """The position of the newest record of all; 0 if there is none."""
        ...

    def heads(self) -> list[Head]:
        """The last record of every goal, by name."""
        ...

    def blob(self, digest: str) -> bytes | None:
        """The content of the output of that digest, or None; raises Damaged if it is not what was recorded."""
        ...

    def packed(self, digest: str) -> Blob | None:
        """The same output as it is stored."""
        ...

    def bodies(self, goal: str) -> Iterator[Stored]:
        """The goal's own records as they are stored, unread."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def consecutive(goal: str, entries: Sequence[Entry], after: int) -> None:
    """Raise ValueError unless *entries* are records *after* + 1 … of *goal*: a mistake of the caller, never stored."""
    for seq, entry in enumerate(entries, after + 1):
        if (entry.record.goal, entry.record.seq) != (goal, seq):
            text = f"{entry.record.goal} event {entry.record.seq} cannot be stored as {goal} event {seq}"
            raise ValueError(text)


def begins_fork(entries: Sequence[Entry]) -> bool:
    """Whether the first of *entries* may begin a goal's own records after its parent's."""
    return isinstance(entries[0].record.event, GoalForked)
