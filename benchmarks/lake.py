"""Figures of the lake of many goals: to build it, its size, its named questions, a count, and going on after more events.

`OMK_BENCH_LAKE` is the number of events (default 10,000,000, of 20,000 goals; made once, in `.bench/`). The goals are those of
the issue, whatever the size. Each run adds a thousand events to the store.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure
from benchmarks.processes import Ran, ran

FOLDER = Path(__file__).parent.parent / ".bench"
EVENTS = int(os.environ.get("OMK_BENCH_LAKE", "10000000"))
PER_GOAL = 500
MORE = 1_000
TURNS = 3
COUNT = "select count(*) from events"
FOLDED = "select count(*) from verdicts"
"""Asks for a table that the real fold makes, also of what is not stored yet."""


def lake() -> Iterator[Figure]:
    """All figures, in the order in which they are measured."""
    whole, tenth = _store(EVENTS), _store(EVENTS // 10)
    yield from _built(whole, tenth)
    yield from _asked(whole)
    yield from _counted(whole)
    yield from _gone_on(whole)


# --- The stores ---


def _store(count: int) -> Path:
    """The folder of a store with a population of *count* events, made if it is not there."""
    folder = FOLDER / f"lake-{count}"
    if not (folder / "made").exists():
        print(f"making a population of {count} events in {folder} …", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        subprocess.run((sys.executable, "-m", "benchmarks.lake", "make", str(folder), str(count)), check=True)
        (folder / "made").touch()
    return folder


def make(folder: Path, count: int) -> None:
    """Write the population."""
    from tests.lake.population import populate

    populate(folder, goals=max(40, count // PER_GOAL), events=count)


def add(folder: Path) -> None:
    """Add the events of two more goals, as a controller would, record by record in one go."""
    import sqlite3

    from tests.lake.population import rows

    with sqlite3.connect(folder / "log.sqlite") as connection:
        head = connection.execute("SELECT max(rowid) FROM stored_events").fetchone()[0]
        more = list(rows(goals=2, events=MORE, seed=head))
        connection.executemany(
            "INSERT INTO stored_events VALUES (?, ?, ?, ?)", [(row.goal, row.seq, row.topic, row.body) for row in more]
        )
        connection.executemany("INSERT OR IGNORE INTO blobs VALUES (?, ?, ?, ?)", [row.blob for row in more if row.blob])
    connection.close()


# --- What is measured ---


def _built(whole: Path, tenth: Path) -> Iterator[Figure]:
    """Build both lakes anew, the small one before and after the big one, so that noise meets both."""
    before, built, after = _rebuilt(tenth), _rebuilt(whole), _rebuilt(tenth)
    told = json.loads(built.out)
    per_event = (before.seconds + after.seconds) / 2 / json.loads(after.out)["projected"]
    yield Figure("lake.sync", told["projected"] / built.seconds, "events/s", 80_000, is_least=True)
    yield Figure("lake.sync.memory", built.megabytes, "MB", 2_000)
    yield Figure("lake.linear", built.seconds / told["projected"] / per_event, "x a tenth", 1.15)
    yield Figure("lake.bytes", told["bytes"] / told["log_bytes"], "x the log", 0.30)


def _rebuilt(folder: Path) -> Ran:
    return ran(*_omk(), "lake", "rebuild", "--json", "--store", _url(folder))


def _asked(folder: Path) -> Iterator[Figure]:
    """Each named question: as a whole process that finds nothing of the lake in memory, and again in one that goes on."""
    from omk.cli.app import COMMANDS

    if "stats" not in COMMANDS:
        print("lake: there are no named questions yet", file=sys.stderr)
        return
    most = 0.0
    for name in (one["question"] for one in json.loads(ran(*_omk(), "stats", "--json").out)):
        asking = (*_omk(), "stats", name, "--all", "--store", _url(folder))
        query = ran(*asking, "--show-sql").out
        _forget(folder / "lake")
        cold = ran(*asking, "--json")
        warm = ran(sys.executable, "-m", "benchmarks.lake", "ask", str(folder), query)
        most = max(most, cold.megabytes, warm.megabytes)
        yield Figure(f"lake.question.{name}.cold", cold.seconds, "s", 3)
        yield Figure(f"lake.question.{name}", float(warm.out), "s", 1)
    yield Figure("lake.question.memory", most, "MB", 2_000)


def ask(folder: Path, query: str) -> None:
    """Print the seconds of a query that was asked before, the best of several turns."""
    import omk

    with omk.lake(_url(folder)) as known:
        known.sql(query).fetchall()
        print(min(_seconds(known, query) for _ in range(TURNS)))


def _seconds(known: Any, query: str) -> float:
    began = time.perf_counter()
    known.sql(query).fetchall()
    return time.perf_counter() - began


def _counted(folder: Path) -> Iterator[Figure]:
    """Count all events, as a whole process."""
    best = min((_sql(folder, COUNT) for _ in range(TURNS)), key=lambda one: one.seconds)
    yield Figure("lake.count", best.seconds, "s", 0.6)
    yield Figure("lake.count.memory", best.megabytes, "MB", 2_000)


def _gone_on(folder: Path) -> Iterator[Figure]:
    """Ask again once there is more in the log, for what needs the fold."""
    subprocess.run((sys.executable, "-m", "benchmarks.lake", "add", str(folder)), check=True)
    yield Figure("lake.resync", _sql(folder, FOLDED).seconds, "s", 0)


def _sql(folder: Path, query: str) -> Ran:
    from omk.cli.app import COMMANDS

    if "sql" in COMMANDS:
        return ran(*_omk(), "sql", query, "--json", "--store", _url(folder))
    asking = f"import omk; print(omk.lake({_url(folder)!r}).sql({query!r}).fetchall())"
    return ran(sys.executable, "-c", asking)


@cache
def _omk() -> tuple[str, ...]:
    """The command as people call it, and without it the package."""
    command = Path(sys.executable).with_name("omk")
    return (str(command),) if command.exists() else (sys.executable, "-m", "omk")


def _url(folder: Path) -> str:
    return f"sqlite://{folder.resolve()}"


def _forget(folder: Path) -> None:
    """Let the system forget what it remembers of the files in a folder, where it can be told so."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in (one for one in folder.rglob("*") if one.is_file()):
        file = os.open(path, os.O_RDONLY)
        os.fsync(file)  # only what is on the disk can be forgotten
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)


if __name__ == "__main__":
    what, place, *rest = sys.argv[1:]
    if what == "make":
        make(Path(place), int(rest[0]))
    elif what == "add":
        add(Path(place))
    else:
        ask(Path(place), rest[0])
