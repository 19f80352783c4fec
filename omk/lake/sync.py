"""Sync: what the log has and the lake has not, made into segments. Killed at any moment, the next one goes on."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from omk.lake.segments import LANES, Stretch, cover, parts_of
from omk.lake.shelf import Shelf
from omk.lake.store import Store

if TYPE_CHECKING:
    from omk.lake.build import Built


class Synced(NamedTuple):
    """What a sync did: how many segments it made of how many records, and how many it merged."""

    segments: int
    events: int
    merged: int


class Quiet:
    """Hears how a sync goes, and says nothing."""

    def begin(self, total: int) -> None:
        """So many records are to be projected."""

    def reach(self, done: int) -> None:
        """So many of them are."""

    def tell(self, text: str) -> None:
        """Something worth knowing."""


class Plan(NamedTuple):
    """What is to be projected from the log, in order, and what is then to be merged, in order."""

    projected: list[Stretch]
    merged: list[Stretch]


def plan(count: int, sound: Collection[Stretch]) -> Plan:
    """How to come to the segments of a log with *count* places from those that are there."""
    made = Plan([], [])
    for stretch in cover(count):
        _add(stretch, sound, made)
    return made


def _add(stretch: Stretch, sound: Collection[Stretch], made: Plan) -> None:
    if stretch in sound:
        return
    if not any(stretch.start <= one.start and one.end <= stretch.end for one in sound):
        made.projected.append(stretch)
        return
    for part in parts_of(stretch):
        _add(part, sound, made)
    made.merged.append(stretch)


def sync(store: Store, shelf: Shelf, hears: Quiet) -> Synced:
    """Build what is missing. One builds at a time; another one waits, and then finds it done.

    Raises Damaged where the log is, naming goal and seq; what was built before that stays.
    """
    from omk.lake.files import merge

    with shelf.building(hears.tell) as work:
        head = store.head
        sound = shelf.sound(store.log, head)
        todo = plan(head, sound)
        for flaw in (*shelf.flaws, *_gone(todo.projected, sound)):
            hears.tell(f"{flaw}; it is built again")
        hears.begin(sum(one.end - one.start for one in todo.projected))
        done = events = 0
        for run in _runs(todo.projected):
            events += _project(store, shelf, run, work, hears, done)
            done += run[-1].end - run[0].start
        for stretch in todo.merged:
            merge(work / stretch.name, stretch, shelf.sound(store.log, head))
            shelf.publish(work, stretch)
        shelf.tidy(head)
        return Synced(len(todo.projected), events, len(todo.merged))


def _gone(projected: Iterable[Stretch], sound: Collection[Stretch]) -> list[str]:
    """What has to be projected although later places have been."""
    last = max((one.end for one in sound), default=0)
    return [f"segment {one.name} is gone" for one in projected if one.end < last]


def _runs(stretches: list[Stretch]) -> Iterator[list[Stretch]]:
    """The stretches in runs without a hole."""
    run: list[Stretch] = []
    for one in stretches:
        if run and one.start != run[-1].end:
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _project(store: Store, shelf: Shelf, run: list[Stretch], work: Path, hears: Quiet, done: int) -> int:
    """Project the records of a run of segments, and publish each as soon as all its lanes are written."""
    from omk.lake.build import Order, Reached, built
    from omk.lake.files import finish

    order = Order(url=store.url, folder=str(store.folder), stretches=tuple(run), place=str(work))
    lanes: dict[Stretch, list[Built]] = {}
    reached = dict.fromkeys(range(LANES), run[0].start)
    events = 0
    for message in built(store.log, order, run[-1].end - run[0].start):
        if isinstance(message, Reached):
            reached[message.lane] = message.position
            hears.reach(done + sum(reached.values()) // LANES - run[0].start)
            continue
        stretch = Stretch(message.start, message.end)
        parts = lanes.setdefault(stretch, [])
        parts.append(message)
        if len(parts) == LANES:
            files = [file for one in parts for file in one.files]
            manifest = finish(work / stretch.name, stretch, [one.content for one in parts], files)
            shelf.publish(work, stretch)
            events += manifest.content.events
    return events
