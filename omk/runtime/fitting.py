"""Fitting a text into a number of bytes: what is long and matters least gives way first, and from its middle."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple


class Part(NamedTuple):
    """A piece of a text: `body` may be cut in the middle, the higher its `rank` the sooner (0: never)."""

    head: str = ""
    body: str = ""
    tail: str = ""
    rank: int = 0


WORDS, OUTPUT = 1, 2
"""Ranks: what people said; what processes printed."""


def fitted(parts: Sequence[Part], longest: int) -> str:
    """The parts that are not empty, a blank line between two; at most *longest* bytes of UTF-8."""
    told = [part for part in parts if part.head or part.body or part.tail]
    for rank in (OUTPUT, WORDS):
        over = size(_joined(told)) - longest
        if over <= 0:
            break
        told = _cut(told, rank, over)
    return _joined(told).encode("utf-8", "replace")[:longest].decode("utf-8", "ignore")


def _joined(parts: Sequence[Part]) -> str:
    return "\n\n".join(part.head + part.body + part.tail for part in parts) + "\n"


def _cut(parts: Sequence[Part], rank: int, over: int) -> list[Part]:
    """Take *over* bytes away from the longest bodies of that rank, so far as there are as many."""
    sizes = [size(part.body) for part in parts if part.rank == rank]
    room = _each(sizes, sum(sizes) - over)
    return [part._replace(body=without_middle(part.body, room)) if part.rank == rank else part for part in parts]


def _each(sizes: Sequence[int], room: int) -> int:
    """The most that each may take, if all together may take *room*."""
    left, ascending = max(room, 0), [0, *sorted(sizes)]
    for place, (before, now) in enumerate(pairwise(ascending)):
        longer = len(sizes) - place
        if (now - before) * longer > left:
            return before + left // longer
        left -= (now - before) * longer
    return ascending[-1]


def without_middle(text: str, room: int) -> str:
    """*text* in at most *room* bytes: the beginning and, three times as long, the end."""
    content = text.encode("utf-8", "replace")
    if len(content) <= room:
        return text
    mark = f"\n… {len(content) - room} bytes left out …\n"
    left = room - size(mark)
    if left <= 0:
        return ""
    head = left // 4
    return content[:head].decode("utf-8", "ignore") + mark + content[head - left :].decode("utf-8", "ignore")


def size(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text.encode("utf-8", "replace"))
