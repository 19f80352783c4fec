"""A store of many goals that could have happened, the same from the same seed.

    populate(Path("/tmp/store"), goals=20_000, events=10_000_000, seed=1)

A few hundred goals are told through the real decider (`tests.lake.told`), and the others are copies of them that differ in
everything but their course. They lie over months, about a dozen at a time, their records in the order of their times.
"""

import random
import sqlite3
from collections.abc import Iterator
from heapq import heappop, heappush, heapreplace
from itertools import count, islice
from pathlib import Path

from omk.log.open import open_log
from tests.lake.told.endings import ENDINGS, WEIGHTS, told
from tests.lake.told.setting import drawn
from tests.lake.told.stamp import Copy, Row, Story

STORIES = 240
AT_ONCE = 12
DAYS, MORNING = 150, 1_767_596_400_000_000
"""How long it takes a population to live, and when it begins (2026-01-05T07:00:00Z), in microseconds."""
BATCH = 20_000
SHORTEST = 20


def populate(folder: Path, *, goals: int, events: int, seed: int = 1, stories: int = STORIES) -> int:
    """Write a new store of *goals* goals with *events* events (fewer where no story is long enough); gives how many."""
    log = open_log(None, folder=folder, create=True)
    if log is None:
        raise RuntimeError(folder)
    log.close()
    connection = sqlite3.connect(folder / "log.sqlite", isolation_level=None)
    try:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000", "locking_mode = EXCLUSIVE"):
            connection.execute(f"PRAGMA {pragma}")
        written = _write(connection, rows(goals=goals, events=events, seed=seed, stories=stories))
        connection.execute("PRAGMA locking_mode = NORMAL")
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
    return written


def rows(*, goals: int, events: int, seed: int = 1, stories: int = STORIES) -> Iterator[Row]:
    """The records of such a population in the order of the log, made of so many *stories* at most."""
    dice = random.Random(f"population {seed}")
    known = tales(dice, min(stories, goals), events / goals)
    copies = _copies(dice, known, goals, events)
    waiting, number = next(copies, None), count()
    at_work: list[tuple[int, int, Row, Iterator[Row], Copy]] = []

    def begin(copy: Copy) -> None:
        records = copy.rows()
        first = next(records)
        heappush(at_work, (first.time, next(number), first, records, copy))

    while at_work or waiting is not None:
        while waiting is not None and (not at_work or waiting.start <= at_work[0][0]):
            begin(waiting)
            waiting = next(copies, None)
        _, order, row, records, copy = at_work[0]
        yield row
        following = next(records, None)
        if following is not None:
            heapreplace(at_work, (following.time, order, following, records, copy))
            continue
        heappop(at_work)
        for fork in copy.forks():
            begin(fork)


def tales(dice: random.Random, wanted: int, mean: float) -> list[Story]:
    """So many stories, of every ending as far as they go round, with about *mean* events on average."""
    names = list(ENDINGS)
    weights = list(WEIGHTS.values())
    chosen = (*names, *dice.choices(names, weights, k=max(0, wanted - len(names))))[: max(1, wanted)]
    made = []
    for name in chosen:
        size = max(SHORTEST, min(mean * 1.15 * dice.lognormvariate(-0.3, 0.8), 6 * mean))
        made.append(Story(told(name, drawn(dice, int(size)), dice)))
    dice.shuffle(made)
    return made


def _copies(dice: random.Random, known: list[Story], goals: int, events: int) -> Iterator[Copy]:
    """The goals in the order they begin: each story once, and then whatever keeps the mean."""
    free = [MORNING] * AT_ONCE
    left, behind, begins = goals, events, MORNING
    for number in count():
        if left <= 0:
            return
        story = known[number] if number < len(known) else _steered(dice, known, behind, left)
        most = max(1, min(len(story), behind - SHORTEST * (left - 1)))
        is_whole = most == len(story) and len(story.forks) < left
        left -= 1 + (len(story.forks) if is_whole else 0)
        opens = MORNING + (goals - left) // 16 * (DAYS * 86_400_000_000 // max(1, goals // 16))
        lane = min(range(AT_ONCE), key=free.__getitem__)
        begins = max(begins, free[lane], opens) + dice.randrange(90_000_000)
        copy = Copy(story, dice, begins, most=most, is_whole=is_whole)
        behind -= most + (sum(map(len, story.forks)) if is_whole else 0)
        free[lane] = copy.end
        yield copy


def _steered(dice: random.Random, known: list[Story], behind: int, left: int) -> Story:
    """A story at random; of two the one that brings the rest nearer to the mean, and at the end the one that fits best."""
    if left == 1:
        return min(known, key=lambda one: (len(one) < behind, abs(len(one) - behind)))
    usual, mean = sum(map(len, known)) / len(known), behind / left
    one, other = sorted(dice.choices(known, k=2), key=len)
    if abs(mean - usual) < 0.02 * usual:
        return dice.choice((one, other))
    return other if mean > usual else one


def _write(connection: sqlite3.Connection, records: Iterator[Row]) -> int:
    written = 0
    while batch := list(islice(records, BATCH)):
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO stored_events VALUES (?, ?, ?, ?)", [(row.goal, row.seq, row.topic, row.body) for row in batch]
        )
        blobs = sorted(row.blob for row in batch if row.blob is not None)
        connection.executemany("INSERT INTO blobs VALUES (?, ?, ?, ?)", blobs)
        connection.execute("COMMIT")
        written += len(batch)
    return written
