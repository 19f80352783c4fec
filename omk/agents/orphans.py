"""Orphans: what a child left behind in sessions of its own, so that killing its process group does not reach it.

On Linux omk makes itself the reaper of its descendants (prctl(2), PR_SET_CHILD_SUBREAPER): a daemon whose parents are gone
becomes omk's own child, and is ended with the command that started it. Elsewhere such a daemon gets away.
"""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Container
from functools import cache
from pathlib import Path

SUBREAPER = 36
ROUNDS = 100
"""Ending one orphan may make orphans of its children; a hundred generations are no accident."""


@cache
def adopt() -> bool:
    """Become the parent of every orphan among this process's descendants; false where the system cannot do it."""
    if not sys.platform.startswith("linux"):
        return False
    with contextlib.suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None, use_errno=True).prctl(SUBREAPER, 1, 0, 0, 0) == 0)
    return False


def end_orphans(living: Container[int]) -> None:
    """Kill and reap the adopted processes: children in another session than ours that are not among the *living*."""
    if not adopt():
        return
    for _ in range(ROUNDS):
        orphans = [pid for pid in _children() if pid not in living and _session(pid) not in {None, os.getsid(0)}]
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        if not orphans:
            return


def _children() -> list[int]:
    """The pids of this process's children, whichever of its threads has them."""
    pids: list[int] = []
    for task in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            pids += [int(pid) for pid in task.read_text(encoding="ascii").split()]
    return pids


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None
