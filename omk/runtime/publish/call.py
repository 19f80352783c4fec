"""Calling a program that talks to a network: with a time limit, and ended at once when it is told to."""

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from omk.agents.orphans import MARK
from omk.agents.process import marked
from omk.runtime.git import Finished
from omk.runtime.publish.trouble import Stopped

POLL_SECONDS = 0.1


class TimedOut(Exception):
    """The program was ended because it took too long."""


def call(
    command: Sequence[str | os.PathLike[str]],
    *,
    directory: Path,
    environment: Mapping[str, str],
    seconds: int,
    stop: threading.Event,
    stdin: bytes = b"",
) -> Finished:
    """Run *command* and give what came of it; one that does not come to its end is ended with its process group.

    Raises `TimedOut` after *seconds*, `Stopped` once *stop* is set, `FileNotFoundError` when there is no such program.
    """
    with tempfile.TemporaryFile() as said:  # a file, for a pipe would not be filled while we look whether to stop
        said.write(stdin)
        said.seek(0)
        child = subprocess.Popen(
            command,
            cwd=directory,
            env={**environment, MARK: marked("git")},  # what outlives us is waited for and ended by whoever comes next
            stdin=said,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,  # a Ctrl-C ends omk, which ends what it began in order
        )
    try:
        return _waited(child, round(seconds / POLL_SECONDS), stop)
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            for pipe in (child.stdout, child.stderr):
                if pipe is not None:
                    pipe.close()  # somebody in a session of their own may hold the other end for ever


def _waited(child: "subprocess.Popen[bytes]", polls: int, stop: threading.Event) -> Finished:
    for _ in range(polls):
        with contextlib.suppress(subprocess.TimeoutExpired):
            out, err = child.communicate(timeout=POLL_SECONDS)
            return Finished(child.returncode, out, err.decode(errors="replace"))
        if stop.is_set():
            raise Stopped("It is not wanted any more.")
    raise TimedOut
