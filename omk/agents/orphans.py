"""Orphans: what a child left behind in sessions of its own, so that killing its process group does not reach it.

On Linux omk makes itself the reaper of its descendants (prctl(2), PR_SET_CHILD_SUBREAPER): a daemon whose parents are gone
becomes omk's own child, and is ended with the command that started it. Elsewhere such a daemon gets away.
"""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

SUBREAPER = 36
MARK = "OMK_CHILD"
"""The variable by which what a child left is known as its own."""
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


def end_orphans(living: Mapping[int, str]) -> None:
    """Kill and reap the adopted processes that no child at work (pid to mark) has left.

    Those are children in another session than ours; one in the session of a child at work, or with its mark in the
    environment, is that child's business until it ends.
    """
    if not adopt():
        return
    for _ in range(ROUNDS):
        orphans = [pid for pid in _children() if _is_nobodys(pid, living)]
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        if not orphans:
            return


def _is_nobodys(pid: int, living: Mapping[int, str]) -> bool:
    session = _session(pid)
    if pid in living or session in {None, os.getsid(0), *living}:
        return False
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return True
    return not any(f"{MARK}={mark}".encode() in variables for mark in living.values())


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
