"""Only a person is a person: telling whether omk was called by an agent or a gate."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from omk.agents.process import ancestors, is_alive, is_below, started_at
from omk.errors import Refused, Unusable
from omk.runtime import edge
from omk.runtime.folders import replace_file

CONTROLLERS, BEGINS = "controllers", "begins"


def refuse_inside(
    verb: str,
    pids: Iterable[int] = (),
    is_known: Callable[[str], bool] | None = None,
    folder: Path | None = None,
) -> None:
    """Raise `Refused` inside an agent or a gate: by its variable, by its worktree, or below one of the recorded *pids*.

    A process that took the variable out of its environment is found by its ancestors', where /proc tells: they must not
    be inside a goal that *is_known* in the store which is about to be written. One that also left its session is a child
    of the controller that adopted it, and controllers are marked in the store's *folder*.
    """
    goal = os.environ.get("OMK_INSIDE")
    if goal:
        raise Refused(f"`omk {verb}` is not for agents and gates: this runs inside {goal}. A person has to do it.")
    worktrees = (edge.state_home() / "omk" / "worktrees").resolve()
    if Path.cwd().resolve().is_relative_to(worktrees):
        raise Refused(f"`omk {verb}` refuses in a worktree of omk's. Go to your own checkout.")
    known = set(pids)
    is_below_process = bool(known) and is_below(known)
    is_below_goal = is_known is not None and any(map(is_known, outer_goals()))
    if is_below_process or is_below_goal or (folder is not None and is_below_controller(folder)):
        raise Refused(f"`omk {verb}` is not for agents and gates: a process that omk started runs it.")


@contextlib.contextmanager
def marked_as_controller(folder: Path, goal: str, *, begins: bool = False) -> Iterator[None]:
    """While the block runs, this process stands in the store's *folder* as one that works on *goal*, or *begins* it.

    Its descendants are no persons; and should it die, the mark that stays tells whom it left alone.
    """
    mark = folder / CONTROLLERS / str(os.getpid())
    try:
        mark.parent.mkdir(mode=0o700, exist_ok=True)
        replace_file(mark, f"{started_at(os.getpid()) or ''}\n{goal}\n{BEGINS if begins else ''}\n".encode())
    except OSError as error:
        raise Unusable(f"{mark.parent} cannot be written: {error.strerror}. Make it writable.") from error
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)


class Mark(NamedTuple):
    """What a controller's mark says: the process, the goal it works on (empty: none), and whether it only begins that."""

    file: Path
    pid: int
    started: str
    goal: str
    begins: bool


def marks(folder: Path) -> list[Mark]:
    """The marks in the store's *folder*, whether their processes live or not."""
    files = sorted((folder / CONTROLLERS).glob("[0-9]*"))
    return [mark for file in files if (mark := _read(file)) is not None]


def dead_marks(folder: Path) -> list[Mark]:
    """The marks of processes that are gone."""
    return [mark for mark in marks(folder) if not is_alive(mark.pid, mark.started)]


def _read(file: Path) -> Mark | None:
    try:
        started, goal, begins, *_ = [*file.read_text(encoding="utf-8").split("\n"), "", ""]
        return Mark(file, int(file.name), started, goal, begins == BEGINS)
    except (OSError, ValueError):
        return None  # gone since, or nothing of ours


def is_below_controller(folder: Path) -> bool:
    """Whether an ancestor of this process is marked, by pid and start time, as a controller at work."""
    above = [mark for pid in ancestors(os.getpid())[1:] if (mark := _read(folder / CONTROLLERS / str(pid))) is not None]
    return any(is_alive(mark.pid, mark.started) for mark in above)


def outer_goals() -> list[str]:
    """The goals whose agents or gates this process descends from, as its ancestors' environments tell; none without /proc."""
    mark = b"OMK_INSIDE="
    goals = []
    for pid in ancestors(os.getpid()):
        with contextlib.suppress(OSError):  # another user's, or ended
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            goals += [os.fsdecode(one.removeprefix(mark)) for one in variables if one.startswith(mark)]
    return goals
