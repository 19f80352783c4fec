"""omk that dies: `python -m tools.soak.dying PLACE WHEN NUMBER COUNTS COMMAND…`.

It carries out one command line, and kills itself (SIGKILL) *WHEN* (before, after, amid; all: with its children) the
*NUMBER*-th passing of PLACE; 0: never. How often each place was passed is written to the file COUNTS. Nothing in omk knows
of it: it is patched from here.
"""

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from omk.agents.child import Child
from omk.cli.app import run
from omk.domain.effects import MakePlan, MakeReview, MergeSlice, RunAgent, RunGate
from omk.domain.goal_decider import PlanGoal
from omk.domain.plan import EXECUTE, built_in_plan
from omk.log.sqlite import SqliteLog
from omk.runtime import controller, workshop
from omk.runtime.handle import Handle
from omk.runtime.session import Session
from omk.runtime.trees import Trees
from omk.runtime.workshop import Workshop

TASKS = ("t1", "t2", "t3")
SOON = {"amid": 0.02, "all": 0.004}
"""How soon after a place was reached: while something goes on there."""
PLACES: dict[str, tuple[Any, str]] = {
    "append": (SqliteLog, "append"),
    "child": (Child, "wait"),
    "worktree": (Workshop, "reset"),
    "registration": (Workshop, "_register"),
    "snapshot": (workshop, "take"),
    "merge": (Trees, "merge_into"),
    "proof": (Handle, "_issue"),
    "close": (Workshop, "close_worktree"),
    "close_all": (Workshop, "close_all"),
    "git": (subprocess, "run"),
}
"""Places in omk that time goes by in."""
EFFECTS: dict[str, type] = {"agent": RunAgent, "gate": RunGate, "review": MakeReview, "slice": MergeSlice}
"""Effects as the dispatcher begins them."""


def die(*, with_children: bool = False) -> None:
    """Die without a word, alone or with all that this process started."""
    for children in Path("/proc/self/task").glob("*/children") if with_children else ():
        for pid in children.read_text(encoding="ascii").split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


class Death:
    """Waits at a place for its time; meanwhile it counts who passes where."""

    def __init__(self, place: str, when: str, number: int) -> None:
        self.place, self.when, self.number = place, when, number
        self.passed: Counter[str] = Counter()
        self._lock = threading.Lock()

    def watch(self, place: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with death beside it."""

        @functools.wraps(function)
        def watched(*arguments: Any, **named: Any) -> Any:
            with self._lock:
                self.passed[place] += 1
                is_time = place == self.place and self.passed[place] == self.number
            if is_time and self.when == "before":
                die()
            if is_time and self.when in SOON:
                threading.Timer(SOON[self.when], die, kwargs={"with_children": self.when == "all"}).start()
            answer = function(*arguments, **named)
            if is_time and self.when == "after":
                die()
            return answer

        return watched


def plan(session: Session, _: MakePlan) -> None:
    """Three tasks in the place of the one that implements the goal, each with a file of its own to write."""
    goal = session.state.goal
    usual = built_in_plan(session.handle.text(goal.prompt), goal.settings.scope if goal.settings else ())
    work = next(one for one in usual if one.task == EXECUTE)
    others = [one for one in usual if one.task != EXECUTE]
    tasks = [replace(one, dependencies=TASKS) if EXECUTE in one.dependencies else one for one in others]
    tasks += [replace(work, task=name, write_set=(f"{name}.txt",)) for name in TASKS]
    session.handle(PlanGoal(actor=session.actor, tasks=tuple(tasks)))


def main(place: str, when: str, number: str, counts: str, *command: str) -> int:
    """Carry out *command*, and die on the way if it comes to that."""
    death = Death(place, when, int(number))
    controller.PERFORM[MakePlan] = plan
    for name, (owner, attribute) in PLACES.items():
        setattr(owner, attribute, death.watch(name, getattr(owner, attribute)))
    for name, effect in EFFECTS.items():
        controller.PERFORM[effect] = death.watch(name, controller.PERFORM[effect])
    code = run(command)
    Path(counts).write_text(json.dumps(death.passed), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
