"""A command as a whole process, with all that it starts: how long it takes, and the most memory they have together."""

import subprocess
import sys
import time
from collections.abc import Iterator
from os import sysconf
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from threading import Event, Thread
from typing import NamedTuple

OFTEN = 0.1
"""Seconds between two looks at the memory."""


class Ran(NamedTuple):
    """Seconds, megabytes at the peak (resident, shared pages counted once for each process), and what it printed."""

    seconds: float
    megabytes: float
    out: str


def ran(*command: str) -> Ran:
    """Carry out a command; raises CalledProcessError when it fails. What it complains of goes to standard error."""
    before = getrusage(RUSAGE_CHILDREN).ru_maxrss
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        watch = _Watch(process.pid)
        watch.start()
        out, _ = process.communicate()
        seconds = time.perf_counter() - began
        megabytes = watch.stop()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    after = getrusage(RUSAGE_CHILDREN).ru_maxrss  # the highest of all children so far, so only a new one tells something
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Ran(seconds, max(megabytes, after / unit if after > before else 0), out)


class _Watch:
    """Looks again and again at what a process and its descendants have; without `/proc` it sees nothing."""

    def __init__(self, pid: int) -> None:
        self._pid, self._ended, self._most = pid, Event(), 0
        self._thread = Thread(target=self._look, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> float:
        self._ended.set()
        self._thread.join()
        return self._most * sysconf("SC_PAGE_SIZE") / 1024 / 1024

    def _look(self) -> None:
        while not self._ended.wait(OFTEN):
            self._most = max(self._most, sum(map(_pages, _family(self._pid))))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for threads in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = threads.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _family(int(child))


def _pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
