"""The trailers of merge commits: anchors that a store cannot take with it, because they are in the user's history."""

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from omk.log.anchors import Anchor, compare
from omk.log.place import Place
from omk.log.protocol import Log, Problem

_TRAILERS = re.compile(r"^Omk-Goal: (\S+)\nOmk-Head: (\d{1,18}) (b2:[0-9a-f]{64})$", re.MULTILINE)
_HELD = "refs/omk/"


class Trailers(Struct, frozen=True):
    """What merge commits say of their goals, and the *goals* among them that the store must have."""

    anchors: tuple[Anchor, ...]
    goals: frozenset[str]

    def check(self, goal: str, log: Log) -> Iterator[Problem]:
        """What the log lacks of *goal*, or has changed, since it was merged."""
        for anchor in self.anchors:
            problem = compare(anchor, log) if anchor.goal == goal else None
            if problem is not None:
                yield problem


def trailers_of(place: Place, store: Path) -> Trailers:
    """The trailers on the branches of the repository one stands in; none outside of one.

    The repository's own store must have the goals that this repository still holds a base of. A goal that came with
    somebody else's commits is in their store, and another store need not have this repository's goals.
    """
    if not place.inside:
        return Trailers((), frozenset())
    anchors = tuple(_read(place.folder.parent))
    is_own = store.resolve() == place.folder.resolve()
    return Trailers(anchors, frozenset(one.goal for one in anchors) & _held(place.folder.parent) if is_own else frozenset())


def _read(common: Path) -> Iterator[Anchor]:
    from omk.runtime.git import git

    form = "--format=%(trailers:only,unfold)"
    told = git("log", "--branches", "--no-patch", "-z", "--grep=^Omk-Goal: ", form, git_dir=common).decode(errors="replace")
    for commit in dict.fromkeys(told.split("\0")):
        for goal, seq, digest in _TRAILERS.findall(commit):
            yield Anchor(goal, int(seq), digest)


def _held(common: Path) -> frozenset[str]:
    from omk.runtime.git import git

    told = git("for-each-ref", "--format=%(refname)", _HELD, git_dir=common).decode(errors="replace")
    return frozenset(one.removeprefix(_HELD) for one in told.splitlines())
