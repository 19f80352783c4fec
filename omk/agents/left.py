"""What a dead omk left running: found by the mark in its environment, which names the omk that started it.

Only /proc shows other processes' environments; without it only those whose process was recorded can be ended.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from omk.agents.orphans import MARK
from omk.agents.process import GRACE_MS, family, milliseconds

PATIENCE_MS = 5_000
"""How long what omk itself does with git may take to come to its end."""
ROUNDS = 100
"""Each round finds what was born in the one before; a hundred generations are no accident."""
PROCESSES = Path("/proc")


def end_left(pid: int, started: str) -> None:
    """End all that the omk process of that pid and start time started, in whatever session it is.

    Its git commands are waited for first: what they have half done is worth more whole.
    """
    mark = f"{MARK}={family(pid, started)}".encode()
    if not started:
        return
    _wait(lambda: _marked(mark + b"git"), PATIENCE_MS)
    for number in (signal.SIGTERM, *[signal.SIGKILL] * ROUNDS):
        if not (left := _marked(mark)):
            return
        _tell(left, mark, number)
        _wait(lambda: _marked(mark), GRACE_MS)


def _wait(left: Callable[[], Iterable[int]], patience_ms: int) -> None:
    """Wait until nothing is left, at most so long."""
    give_up = milliseconds() + patience_ms
    while any(True for _ in left()) and milliseconds() < give_up:
        time.sleep(0.01)


def _tell(pids: Iterable[int], mark: bytes, number: int) -> None:
    """Signal processes that still have the mark once they are held fast: a number may be another's by then."""
    for pid in pids:
        with contextlib.suppress(OSError):
            held = os.pidfd_open(pid)
            try:
                if _has_mark(pid, mark):
                    signal.pidfd_send_signal(held, number)
            finally:
                os.close(held)


def _marked(mark: bytes) -> list[int]:
    """The living processes whose environment has a variable that begins so."""
    return [pid for pid in living() if pid != os.getpid() and _has_mark(pid, mark)]


def living() -> list[int]:
    """The pids that /proc shows; none where there is none."""
    return [int(entry.name) for entry in PROCESSES.glob("[0-9]*") if entry.name.isdigit()]


def _has_mark(pid: int, mark: bytes) -> bool:
    return any(variable.startswith(mark) for variable in environment_of(pid).split(b"\0"))


def environment_of(pid: int) -> bytes:
    """A process's environment as it began; empty for a zombie, for one that ended, or another user's."""
    return content_of(pid, "environ")


def content_of(pid: int, name: str) -> bytes:
    """What /proc tells of a process under that name; empty if it may not be read."""
    try:
        return (PROCESSES / str(pid) / name).read_bytes()
    except OSError:
        return b""
