"""Figures of the debugger: until its first screen is drawn, and one step, from the key to the lines of the terminal."""

import asyncio
import gc
import sys
import time
from pathlib import Path
from statistics import median

from textual.events import Key

from omk.debugger.app import DebuggerApp
from omk.debugger.model.debugger import Debugger
from omk.debugger.model.tape import Tape
from omk.log.open import open_log
from omk.log.snapshots import Snapshots
from omk.replay.history import History
from omk.runtime.handle import Handle

GOALS: dict[str, tuple[str, float]] = {"debug.open": ("ms", 0), "debug.step": ("ms", 16), "debug.step.worst": ("ms", 0)}
"""What is measured, in which unit, and the most it may be (0: it is only told)."""
SIZE = (120, 40)
STEPS = 100
"""At each place forward and back, with the proof and the step beside each other: the most there is to draw."""


def measure(folder: Path, goal: str) -> dict[str, float]:
    """Every figure of `GOALS`, in a goal that has its snapshots."""
    log = open_log(None, folder=folder, create=False)
    if log is None:
        raise FileNotFoundError(folder)
    Handle(log, goal, folder)  # leaves the snapshots behind
    head = next(one.seq for one in log.heads() if one.goal == goal)
    history = History(goal, lambda after, upto: log.read(goal, after=after, upto=upto), Snapshots(folder, log, goal).nearest)
    began = time.perf_counter()
    app = DebuggerApp(Debugger(Tape(history, head, blob=log.blob), head))
    return asyncio.run(_played(app, began))


async def _played(app: DebuggerApp, began: float) -> dict[str, float]:
    spans: list[float] = []
    async with app.run_test(size=SIZE) as pilot:
        _drawn(app)
        opened = time.perf_counter() - began
        for _ in app.debugger.survey.reach(app.debugger.head):
            pass  # warm: what goes on beside the first seconds of a debugger is no part of a step
        await pilot.pause()
        for place in (app.debugger.head - 1, app.debugger.head // 2):
            app.debugger.go(place)
            app.debugger.finish()
            for key in ("k", "j"):
                spans += [_step(app, key) for _ in range(STEPS)]
    return {"debug.open": 1000 * opened, "debug.step": 1000 * median(spans), "debug.step.worst": 1000 * max(spans)}


def _step(app: DebuggerApp, key: str) -> float:
    gc.collect(0)
    began = time.perf_counter()
    app.on_key(Key(key, key))
    _drawn(app)
    return time.perf_counter() - began


def _drawn(app: DebuggerApp) -> None:
    for y in range(SIZE[1]):
        app.board.render_line(y)


if __name__ == "__main__":
    for name, value in measure(Path(sys.argv[1]), sys.argv[2]).items():
        print(name, value)
