"""`python -m benchmarks [NAME]`: one tab-separated line per figure: name, value, unit, goal (`>=`: at least), `ok` or `short`.

Machines are shared and noisy, so most goals are a ratio of two things measured one after the other in this run, the best of
several turns each. `OMK_BENCH_EVENTS` sets the size of the long goal (default 1,000,000); it is made once, in `.bench/`.
The group `lake` has a population of many goals instead, of `OMK_BENCH_LAKE` events (default 10,000,000).
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import debugger
from benchmarks.figure import Figure
from benchmarks.history import GOAL, make
from benchmarks.lake import lake
from benchmarks.travel import GOALS
from benchmarks.waves import waves
from benchmarks.when import ASKED

FOLDER = Path(__file__).parent.parent / ".bench"
EVENTS = int(os.environ.get("OMK_BENCH_EVENTS", "1000000"))
TURNS = 3


def store(count: int) -> Path:
    """The folder of a store with a goal of *count* events, made if it is not there."""
    folder = FOLDER / str(count)
    if not (folder / "made").exists():
        print(f"making a goal of {count} events in {folder} …", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("log.sqlite*"):
            old.unlink()
        make(folder, count)
        (folder / "made").touch()
    return folder


def measured(what: str, count: int) -> tuple[float, float]:
    """Seconds and megabytes (peak) of one task of `benchmarks.tasks`, in a process of its own."""
    command = (sys.executable, "-m", "benchmarks.tasks", what, str(store(count)), GOAL)
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(said[0]), float(said[1])


def alternating(*tasks: tuple[str, int]) -> dict[tuple[str, int], tuple[float, float]]:
    """The best time and the highest memory of each task, in turns, so that noise meets all of them alike."""
    best: dict[tuple[str, int], tuple[float, float]] = {}
    for _ in range(TURNS):
        for task in tasks:
            seconds, megabytes = measured(*task)
            known = best.get(task, (seconds, megabytes))
            best[task] = (min(known[0], seconds), max(known[1], megabytes))
    return best


def fold() -> Iterator[Figure]:
    """Fold the long goal to state and proof, against a bare loop over the same rows."""
    bare, plain, checked = ("bare", EVENTS), ("fold", EVENTS), ("verified", EVENTS)
    short = ("fold", EVENTS // 10)
    best = alternating(bare, plain, checked, short)
    base = best[bare][0]
    yield Figure("fold.bare", EVENTS / base, "events/s", 0)
    yield Figure("fold.proof", best[plain][0] / base, "x bare", 2.0)
    yield Figure("fold.verified", best[checked][0] / base, "x bare", 3.0)
    yield Figure("fold.memory", best[plain][1], "MB", 100)
    yield Figure("fold.linear", best[plain][0] / best[short][0], "x a tenth", 12)


def replay() -> Iterator[Figure]:
    """`omk replay` of the long goal as a whole process, streamed, against the bare loop."""
    best = alternating(("bare", EVENTS), ("replay-json", EVENTS), ("replay-text", EVENTS))
    base = best["bare", EVENTS][0]
    for form in ("json", "text"):
        seconds, megabytes = best[f"replay-{form}", EVENTS]
        yield Figure(f"replay.{form}", seconds / base, "x bare", 8)
        yield Figure(f"replay.{form}.memory", megabytes, "MB", 200)


def start() -> Iterator[Figure]:
    """Short commands as whole processes, against `python -c "import typer"`."""
    best = alternating(("typer", 20), ("version", 20), ("replay-text", 20), ("replay-json", 20))
    base = best["typer", 20][0]
    yield Figure("start.version", best["version", 20][0] / base, "x typer", 0.5)
    yield Figure("start.replay.text", best["replay-text", 20][0] / base, "x typer", 1.5)
    yield Figure("start.replay.json", best["replay-json", 20][0] / base, "x typer", 1.5)


def travel() -> Iterator[Figure]:
    """Go to any moment of the long goal and step from there, with its snapshots, against the plain fold."""
    yield from grouped("benchmarks.travel", GOALS)


def debug() -> Iterator[Figure]:
    """Open the debugger on the long goal, and step through it, with proof and step drawn beside each other."""
    yield from grouped("benchmarks.debugger", debugger.GOALS)


def grouped(module: str, goals: dict[str, tuple[str, float]], count: int = EVENTS) -> Iterator[Figure]:
    """The figures that a module measures in a process of its own: `name value` lines, told with their units and goals."""
    command = (sys.executable, "-m", module, str(store(count)), GOAL)
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    measured = {name: float(value) for name, value in map(str.split, said.splitlines())}
    yield from (Figure(name, measured[name], *goals[name]) for name in goals)


def when() -> Iterator[Figure]:
    """Ask a goal of a hundred thousand events when something changed last, with its snapshots."""
    yield from grouped("benchmarks.when", ASKED, min(EVENTS, 100_000))


FIGURES: dict[str, Callable[[], Iterator[Figure]]] = {
    "start": start,
    "fold": fold,
    "replay": replay,
    "travel": travel,
    "when": when,
    "debug": debug,
    "lake": lake,
    "waves": waves,
}
"""Groups of figures by name; another one is another function here."""


def main(wanted: list[str]) -> int:
    """Print the figures asked for, or all."""
    unknown = [name for name in wanted if name not in FIGURES]
    if unknown:
        print(f"benchmarks: no {unknown[0]!r}. There are: {', '.join(FIGURES)}.", file=sys.stderr)
        return 2
    for name in wanted or FIGURES:
        for figure in FIGURES[name]():
            print(figure.line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main([name for name in sys.argv[1:] if name]))
