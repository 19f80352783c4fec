"""Long questions, asked in pieces: each piece yields the event it has come to, and the last one gives the answer."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

PIECE = 512
"""How many events one piece of work reads: a few milliseconds."""
Work = Generator[int, None, Any]


@dataclass(eq=False)
class Job:
    """What is being asked, the work, and what hears the answer. `at` is the event it has come to."""

    what: str
    work: Work
    done: Callable[[Any], None]
    at: int = 0

    def go_on(self, pieces: int) -> "Over | None":
        """Do some pieces; the answer if that was all of it."""
        for _ in range(pieces):
            try:
                self.at = next(self.work)
            except StopIteration as end:
                return Over(end.value)
        return None


@dataclass(frozen=True)
class Over:
    """The answer of a work that is over."""

    answer: Any
