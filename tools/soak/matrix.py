"""Trying the kill points: each in a room of its own, with deaths on the way of whoever resumes as well."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random  # noqa: TID251 - the seed is given, so the same points are tried again
from typing import NamedTuple

from tools.soak.room import Kill, Room

WHENS = {"child": ("before", "amid", "after"), "git": ("before", "all", "amid", "after")}
USUAL = ("before", "after")


class Tried(NamedTuple):
    """The deaths that one goal died, in their order, and what was wrong afterwards."""

    kills: Sequence[Kill]
    wrongs: Sequence[str]


def points(folder: Path) -> list[Kill]:
    """Every kill point of the goal: how often a run that nobody kills passes each place, and when one can die there."""
    room = Room(folder)
    ended = room.begin(Kill())
    counted = room.counts() if ended.code == 0 else {}
    wrong = room.wrongs([]) if ended.code == 0 else [ended.err]
    if wrong:
        raise SystemExit(f"The goal does not even get ready alive: {'; '.join(wrong)}")
    shutil.rmtree(folder)
    return [
        Kill(place, when, number)
        for place, count in counted.items()
        for number in range(1, count + 1)
        for when in WHENS.get(place, USUAL)
    ]


def again(dice: Random) -> Iterator[Kill]:
    """Where who resumes dies, mostly nowhere; each time sooner or later than the last."""
    while dice.random() < 1 / 3:
        yield Kill(dice.choice(("append", "git", "close", "snapshot")), dice.choice(USUAL), dice.randint(1, 12))


def tried(folder: Path, first: Kill, more: Sequence[Kill] = ()) -> Tried:
    """Let the goal die at *first*, then whoever resumes it at *more*, resume it, and see what came of it."""
    room = Room(folder)
    try:
        room.begin(first)
        for kill in more:
            room.go_on(kill)
        before = room.rows()
        ended = room.go_on(Kill())
        wrongs = room.wrongs(before) if ended.code == 0 else [f"exit {ended.code}: {ended.err}"]
        if any("Traceback" in text for text in (ended.err, *wrongs)):
            wrongs.append("a traceback was shown")
    finally:
        room.end()
    if not wrongs:
        shutil.rmtree(folder)
    return Tried((first, *more), wrongs)
