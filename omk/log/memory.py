"""A log in memory: for tests, and for histories that came from elsewhere."""
# ruff: noqa: D102 - the protocol says what each method of a log does

from collections.abc import Iterator, Sequence
from itertools import islice
from threading import Lock

from omk.domain.event import Recorded, kind_of
from omk.errors import Conflict
from omk.log import chain
from omk.log.blobs import Blob, unpack
from omk.log.codec import Entry, decode
from omk.log.protocol import Head, Problem, Stored, begins_fork, consecutive
from omk.log.shares import share_of


class MemoryLog:
    """Everything is gone when the process ends."""

    def __init__(self) -> None:
        self._log: list[bytes] = []
        self._goals: dict[str, list[tuple[int, Stored]]] = {}
        self._blobs: dict[str, Blob] = {}
        self._lock = Lock()

    @property
    def problems(self) -> tuple[Problem, ...]:
        return ()

    def append(self, goal: str, entries: Sequence[Entry], *, after: int, blobs: Sequence[Blob] = ()) -> None:
        consecutive(goal, entries, after)
        with self._lock:
            own = self._goals.get(goal, [])
            head = own[-1][1].seq if own else 0
            if head != after and (own or not entries or not begins_fork(entries)):
                raise Conflict(goal, after)
            for entry in entries:
                self._log.append(entry.body)
                stored = Stored(entry.record.seq, kind_of(entry.record.event), entry.body)
                self._goals.setdefault(goal, []).append((len(self._log), stored))
            for blob in blobs:
                self._blobs.setdefault(blob.digest, blob)

    def read(
        self, goal: str, *, after: int = 0, upto: int | None = None, verify: bool = True, texts: bool = True
    ) -> Iterator[Recorded]:
        return chain.read(self._own, goal, after=after, upto=upto, verify=verify, texts=texts)

    def pick(self, goal: str, kinds: frozenset[str], *, after: int, upto: int) -> Iterator[Recorded]:
        return (one for one in self.read(goal, after=after, upto=upto, texts=False) if kind_of(one.event) in kinds)

    def follow(self, *, after: int = 0) -> Iterator[tuple[int, Recorded]]:
        for position, body in enumerate(islice(self._log, after, len(self._log)), after + 1):
            yield position, decode(body)

    def stretch(self, after: int, upto: int, *, share: tuple[int, int] = (0, 1)) -> Iterator[tuple[int, str, bytes]]:
        number, count = share
        for position, body in enumerate(islice(self._log, after, upto), after + 1):
            goal = decode(body).goal
            if share_of(goal, count) == number:
                yield position, goal, body

    def placed(self, positions: Sequence[int]) -> dict[int, bytes]:
        return {position: self._log[position - 1] for position in positions if 0 < position <= len(self._log)}

    def end(self) -> int:
        return len(self._log)

    def heads(self) -> list[Head]:
        return [Head(goal, own[-1][1].seq, own[-1][0]) for goal, own in sorted(self._goals.items())]

    def blob(self, digest: str) -> bytes | None:
        packed = self.packed(digest)
        return None if packed is None else unpack(packed)

    def packed(self, digest: str) -> Blob | None:
        return self._blobs.get(digest)

    def bodies(self, goal: str) -> Iterator[Stored]:
        return (stored for _, stored in self._goals.get(goal, []))

    def close(self) -> None:
        """Nothing to let go of."""

    def _own(self, goal: str, after: int, upto: int | None) -> Iterator[bytes]:
        own = self._goals.get(goal, [])
        return (each.body for _, each in own if each.seq > after and (upto is None or each.seq <= upto))
