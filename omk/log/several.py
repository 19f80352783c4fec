"""Several logs read as one, such as all those of `replays/`: one after the other, nothing imported, nothing written."""
# ruff: noqa: ARG002, D102 - the protocol says what each method of a log does, and what it is given

from collections.abc import Iterator, Sequence
from functools import cached_property

from omk.domain.event import Recorded
from omk.errors import Refused, Unusable
from omk.log.blobs import Blob
from omk.log.codec import Entry
from omk.log.protocol import Head, Log, Problem, Stored


class SeveralLogs:
    """The goals of all *logs*, each of which is in one of them; places are counted through."""

    def __init__(self, logs: Sequence[Log]) -> None:
        self._logs = tuple(logs)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(problem for log in self._logs for problem in log.problems)

    def append(self, goal: str, entries: Sequence[Entry], *, after: int, blobs: Sequence[Blob] = ()) -> None:
        raise Refused(f"{goal} is read from several logs at once, which cannot be written. Name its own store.")

    def read(
        self, goal: str, *, after: int = 0, upto: int | None = None, verify: bool = True, texts: bool = True
    ) -> Iterator[Recorded]:
        return self._of(goal).read(goal, after=after, upto=upto, verify=verify, texts=texts)

    def pick(self, goal: str, kinds: frozenset[str], *, after: int, upto: int) -> Iterator[Recorded]:
        return self._of(goal).pick(goal, kinds, after=after, upto=upto)

    def follow(self, *, after: int = 0) -> Iterator[tuple[int, Recorded]]:
        for start, log in zip(self._starts, self._logs, strict=True):
            for position, record in log.follow(after=max(0, after - start)):
                yield start + position, record

    def stretch(self, after: int, upto: int, *, share: tuple[int, int] = (0, 1)) -> Iterator[tuple[int, str, bytes]]:
        self._of("")  # raises where a goal is in two of them
        for start, log in zip(self._starts, self._logs, strict=True):
            if upto > start:
                for position, goal, body in log.stretch(max(0, after - start), upto - start, share=share):
                    yield start + position, goal, body

    def placed(self, positions: Sequence[int]) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        for start, end, log in zip(self._starts, [*self._starts[1:], self.end()], self._logs, strict=True):
            own = [position - start for position in positions if start < position <= end]
            found |= {start + position: body for position, body in (log.placed(own) if own else {}).items()}
        return found

    def end(self) -> int:
        return self._ends[-1] if self._ends else 0

    def heads(self) -> list[Head]:
        heads = (
            Head(head.goal, head.seq, start + head.position)
            for start, log in zip(self._starts, self._logs, strict=True)
            for head in log.heads()
        )
        return sorted(heads, key=lambda head: head.goal)

    def blob(self, digest: str) -> bytes | None:
        return next((found for log in self._logs if (found := log.blob(digest)) is not None), None)

    def packed(self, digest: str) -> Blob | None:
        return next((found for log in self._logs if (found := log.packed(digest)) is not None), None)

    def bodies(self, goal: str) -> Iterator[Stored]:
        return self._of(goal).bodies(goal)

    def close(self) -> None:
        for log in self._logs:
            log.close()

    @cached_property
    def _ends(self) -> list[int]:
        """The last place of each log, counted through."""
        ends: list[int] = []
        for log in self._logs:
            ends.append((ends[-1] if ends else 0) + log.end())
        return ends

    @property
    def _starts(self) -> list[int]:
        return [0, *self._ends][: len(self._logs)]

    @cached_property
    def _owners(self) -> dict[str, Log]:
        owners: dict[str, Log] = {}
        for log in self._logs:
            for head in log.heads():
                if head.goal in owners:
                    raise Unusable(f"{head.goal} is in two of these logs. Name one of them.")
                owners[head.goal] = log
        return owners

    def _of(self, goal: str) -> Log:
        return self._owners.get(goal, self._logs[0])
