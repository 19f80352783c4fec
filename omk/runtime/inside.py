"""Only a person is a person: telling whether omk was called by an agent or a gate."""

import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from omk.agents.child import ancestors, is_below
from omk.errors import Refused
from omk.runtime import edge


def refuse_inside(verb: str, pids: Iterable[int] = (), is_known: Callable[[str], bool] | None = None) -> None:
    """Raise `Refused` inside an agent or a gate: by its variable, by its worktree, or below one of the recorded *pids*.

    A process that took the variable out of its environment is found by its ancestors', where /proc tells: they must not
    be inside a goal that *is_known* in the store which is about to be written.
    """
    goal = os.environ.get("OMK_INSIDE")
    if goal:
        raise Refused(f"`omk {verb}` is not for agents and gates: this runs inside {goal}. A person has to do it.")
    worktrees = (edge.state_home() / "omk" / "worktrees").resolve()
    if Path.cwd().resolve().is_relative_to(worktrees):
        raise Refused(f"`omk {verb}` refuses in a worktree of omk's. Go to your own checkout.")
    known = set(pids)
    if (known and is_below(known)) or (is_known is not None and any(map(is_known, outer_goals()))):
        raise Refused(f"`omk {verb}` is not for agents and gates: a process that omk started runs it.")


def outer_goals() -> list[str]:
    """The goals whose agents or gates this process descends from, as its ancestors' environments tell; none without /proc."""
    mark = b"OMK_INSIDE="
    goals = []
    for pid in ancestors(os.getpid()):
        with contextlib.suppress(OSError):  # another user's, or ended
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            goals += [os.fsdecode(one.removeprefix(mark)) for one in variables if one.startswith(mark)]
    return goals
