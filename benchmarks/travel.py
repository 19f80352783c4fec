"""Figures of going to any moment of a long goal: from snapshots, by a cursor, and through all its verdicts."""

import gc
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median

from omk.domain.proof.standing import judge
from omk.log.open import open_log
from omk.log.protocol import Log
from omk.log.snapshots import FOLDER, Snapshots
from omk.replay.cursor import Cursor
from omk.replay.history import History
from omk.runtime.handle import Handle

GOALS: dict[str, tuple[str, float]] = {
    "travel.at": ("ms", 50),
    "travel.at.fold": ("x fold", 0.02),
    "travel.build": ("x fold", 1.15),
    "travel.bytes": ("x log", 0.05),
    "travel.back": ("ms", 16),
    "travel.back.worst": ("ms", 0),
    "travel.forth": ("ms", 16),
    "travel.forth.worst": ("ms", 0),
    "travel.verdicts": ("x fold", 1.5),
}
"""What is measured, in which unit, and the most it may be (0: it is only told)."""
TURNS = 3
PLACES = 200
WALKS, STEPS = 10, 40


def measure(folder: Path, goal: str) -> dict[str, float]:
    """Every figure of `GOALS`; one process, warm."""
    log = open_log(None, folder=folder, create=False)
    if log is None:
        raise FileNotFoundError(folder)
    gc.disable()
    dice = random.Random(20260101)
    figures, fold = _building(folder, log, goal)
    history = History(goal, lambda after, upto: log.read(goal, after=after, upto=upto), Snapshots(folder, log, goal).nearest)
    head = log.heads()[0].seq
    at = median([_seconds(lambda: history.at(dice.randint(1, head))) for _ in range(PLACES)])
    figures |= {"travel.at": 1000 * at, "travel.at.fold": at / fold}
    figures |= _walking(history, head, dice)
    verdicts = min(_seconds(lambda: _exhaust(history.verdicts())) for _ in range(TURNS))
    return {**figures, "travel.verdicts": verdicts / fold}


def _building(folder: Path, log: Log, goal: str) -> tuple[dict[str, float], float]:
    """The cost of snapshots in time and room, in turns with the plain fold, whose seconds are the second value."""
    folds, builds = [], []
    for _ in range(TURNS):
        folds.append(_seconds(lambda: judge(log.read(goal, texts=False))))
        shutil.rmtree(folder / FOLDER, ignore_errors=True)
        builds.append(_seconds(lambda: Handle(log, goal, folder)))
    room = sum(path.stat().st_size for path in (folder / FOLDER).rglob("*") if path.is_file())
    whole = sum(path.stat().st_size for path in folder.glob("log.sqlite"))
    return {"travel.build": min(builds) / min(folds), "travel.bytes": room / whole}, min(folds)


def _walking(history: History, head: int, dice: random.Random) -> dict[str, float]:
    """Steps of a cursor from random places, either way; the leap to each place is not measured."""
    cursor, walks = Cursor(history), min(WALKS, head // (3 * STEPS))
    figures: dict[str, float] = {}
    for name, way in (("travel.back", -1), ("travel.forth", 1)):
        steps = []
        for place in (dice.randint(STEPS + 1, head - STEPS - 1) for _ in range(walks)):
            cursor.moment(place)
            steps += [_seconds(lambda seq=place + way * step: cursor.moment(seq)) for step in range(1, STEPS)]  # type: ignore[misc]
        figures |= {name: 1000 * median(steps), f"{name}.worst": 1000 * max(steps)}
    return figures


def _seconds(task: Callable[[], object]) -> float:
    began = time.perf_counter()
    task()
    return time.perf_counter() - began


def _exhaust(many: Iterable[object]) -> None:
    for _ in many:
        pass


if __name__ == "__main__":
    for name, value in measure(Path(sys.argv[1]), sys.argv[2]).items():
        print(name, value)
