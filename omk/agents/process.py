"""Processes by their recorded identity: pid and start time, for a pid alone may be another's by now."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Container
from functools import cache
from pathlib import Path

GRACE_MS = 300  # between a polite and a certain end: a pause has a second, and what the child left is recorded in it, too


def milliseconds() -> int:
    """A monotonic clock: it measures how long a child ran, never says when, so no record depends on what it shows."""
    return time.monotonic_ns() // 1_000_000


def started_at(pid: int) -> str | None:
    """The kernel's start time of a living process, as text only ever compared for equality; null if there is none."""
    if not sys.platform.startswith("linux"):
        return process_status(pid, "lstart=")
    fields = process_fields(pid)
    return None if fields is None or fields[0] in {"Z", "X"} else fields[19]


def is_alive(pid: int, started: str) -> bool:
    """Whether the very process that was recorded still runs (a zombie does not)."""
    return started != "" and started_at(pid) == started


def marked(name: str) -> str:
    """The mark of something that this process starts: it tells who did."""
    return f"{_own_family(os.getpid())}{name}"


@cache
def _own_family(pid: int) -> str:
    return family(pid, started_at(pid) or "")


def family(pid: int, started: str) -> str:
    """How the mark of whatever that process started begins."""
    return f"{pid}:{started}-"


def end_process(pid: int, started: str) -> bool:
    """End the process group of a recorded process, politely then surely; false when that process is not there."""
    if not is_alive(pid, started):
        return False
    signal_group(pid, signal.SIGTERM)
    give_up = milliseconds() + GRACE_MS
    while is_alive(pid, started) and milliseconds() < give_up:
        time.sleep(0.01)
    signal_group(pid, signal.SIGKILL)
    return True


def ancestors(pid: int) -> list[int]:
    """The given process, its parent, and so on up."""
    line: list[int] = []
    while pid > 0 and pid not in line:
        line.append(pid)
        pid = parent_of(pid)
    return line


def is_below(pids: Container[int]) -> bool:
    """Whether this process or any of its ancestors has one of the given pids."""
    return any(pid in pids for pid in ancestors(os.getpid()))


def parent_of(pid: int) -> int:
    """The pid of a process's parent, 0 if there is none."""
    if not sys.platform.startswith("linux"):
        return int(process_status(pid, "ppid=") or 0)
    fields = process_fields(pid)
    return 0 if fields is None else int(fields[1])


def process_fields(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the third (state) on; the second, a name in parentheses, may hold anything."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def process_status(pid: int, column: str) -> str | None:
    """One column of `ps` where there is no /proc."""
    answer = subprocess.run(("ps", "-o", column, "-p", str(pid)), capture_output=True, check=False)
    return answer.stdout.decode(errors="replace").strip() or None


def signal_group(pid: int, number: int) -> None:
    """Send a signal to the group that *pid* leads; a group that is gone is fine (macOS says EPERM of zombies)."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
