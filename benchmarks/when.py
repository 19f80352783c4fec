"""Figures of asking when something came true or changed, from the end of a long goal that has its snapshots."""

import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path

from omk.log.open import open_log
from omk.log.snapshots import Snapshots
from omk.replay.history import History
from omk.replay.query.difference import difference
from omk.replay.query.expression import compile_expression
from omk.replay.query.scan import first, last
from omk.runtime.handle import Handle

ASKED: dict[str, tuple[str, float]] = {
    "when.last.late": ("ms", 200),
    "when.last.never": ("ms", 200),
    "when.last.early": ("ms", 200),
    "when.last.busy": ("ms", 200),
    "when.last.status": ("ms", 0),
    "when.last.true": ("ms", 0),
    "when.first.never": ("ms", 0),
    "when.diff.late": ("ms", 0),
    "when.diff": ("ms", 0),
}
"""What is measured, in which unit, and the most it may be (0: it is only told)."""
LAST = {
    "when.last.late": "usage.messages",
    "when.last.never": "goal.forked_from",
    "when.last.early": "settings.approve",
    "when.last.busy": "gates.smoke.outcome",
    "when.last.status": "status",
    "when.last.true": 'proof.status == "ready"',
}
"""A path that changed late, one that never did, one that did early; one that never changed again although its kind of event
came again and again, so that every event has to be read; and what needs the verdict."""
TURNS = 5


def measure(folder: Path, goal: str) -> dict[str, float]:
    """Every figure of `ASKED`, in milliseconds; one process, warm, the best of several turns."""
    log = open_log(None, folder=folder, create=False)
    if log is None:
        raise FileNotFoundError(folder)
    gc.disable()
    Handle(log, goal, folder)  # which makes the snapshots that are missing
    history = History(
        goal,
        lambda after, upto: log.read(goal, after=after, upto=upto),
        Snapshots(folder, log, goal).nearest,
        lambda kinds, after, upto: log.pick(goal, kinds, after=after, upto=upto),
    )
    head = log.heads()[0].seq
    asked = {name: compile_expression(text) for name, text in LAST.items()}
    figures = {name: _best(lambda one=one: last(history, one, head)) for name, one in asked.items()}  # type: ignore[misc]
    figures["when.first.never"] = _best(lambda: first(history, asked["when.last.never"], head))
    figures["when.diff.late"] = _best(lambda: difference(history, head - 100, head))
    return {**figures, "when.diff": _best(lambda: difference(history, 0, head))}


def _best(task: Callable[[], object]) -> float:
    return min(_milliseconds(task) for _ in range(TURNS))


def _milliseconds(task: Callable[[], object]) -> float:
    began = time.perf_counter()
    task()
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    for name, value in measure(Path(sys.argv[1]), sys.argv[2]).items():
        print(name, value)
