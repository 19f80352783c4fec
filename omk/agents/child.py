"""A child process that waits until it was recorded, runs in its own process group, and leaves nothing behind."""

import contextlib
import itertools
import os
import select
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from omk.agents.capture import Capture
from omk.agents.orphans import MARK, adopt, end_orphans
from omk.agents.process import GRACE_MS, marked, milliseconds, signal_group, started_at
from omk.domain.event import Value
from omk.errors import Unusable

GATE = 'read -r omk_gate && [ "$omk_gate" = go ] && exec "$@"'
"""What the child does first. POSIX `read` takes no byte beyond the line, so the command then finds its own input."""
CHUNK = 1 << 16
LAST_DRAIN = 1 << 20  # the largest pipe of Linux: nothing a dead process wrote lies behind more bytes than this
LIVING: dict[int, str] = {}
"""The children of this process that are at work or wait for their release, and the mark each has in its environment."""
FAMILY = threading.Lock()
"""Held while a child is born, and while orphans are looked for: one that is not known yet is not an orphan."""
MARKS = itertools.count(1)


class Exit(Value):
    """How a child ended.

    Exactly one of `status` and `signal` is set; `output` holds stdout and stderr as they came, the first and the
    last 512 KiB of it; `size` counts the bytes printed, `left_out` those in between that were not kept.
    """

    status: int | None
    signal: int | None
    timed_out: bool
    stopped: bool
    spawn_error: str | None
    duration_ms: int
    output: bytes
    size: int
    left_out: int


class Child:
    """One process: `prepare`, record `pid` and `started`, then `release` and `wait`, or `abandon`."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes, missing: str | None) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("A child is started with pipes.")
        self.pid, self.started = process.pid, started_at(process.pid) or ""
        self._stdin, self._stdout = process.stdin, process.stdout
        self._process, self._unsent, self._missing = process, memoryview(stdin), missing
        self._end = watched(process.pid)
        self._released_ms = milliseconds()

    @classmethod
    def prepare(
        cls,
        command: tuple[str, ...],
        *,
        shell: bool,
        directory: Path,
        environment: Mapping[str, str],
        stdin: bytes = b"",
    ) -> "Child":
        """Start a process that does nothing until `release`; if this program ends first, it ends too.

        Raises `Unusable` when the operating system refuses to start it.
        """
        argv = ("/bin/sh", "-c", " ".join(command)) if shell else command
        adopt()
        mark = marked(str(next(MARKS)))
        try:
            with FAMILY:
                process = subprocess.Popen(
                    ("/bin/sh", "-c", GATE, "sh", *argv),
                    cwd=directory,
                    env={**environment, MARK: mark},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    bufsize=0,
                    start_new_session=True,
                )
                LIVING[process.pid] = mark
        except (OSError, ValueError) as error:
            raise Unusable(f"{argv[0]} cannot be started in {directory}: {error}. Mend that and run again.") from error
        return cls(process, stdin, None if shell else missing_program(argv[0], directory, environment))

    def release(self) -> None:
        """Let the command run."""
        self._released_ms = milliseconds()
        with contextlib.suppress(BrokenPipeError):
            os.write(self._stdin.fileno(), b"go\n")

    def abandon(self) -> None:
        """End a child that nobody waits for, if it has not ended: one that was never released has run nothing."""
        if self._process.returncode is None:  # once it is reaped, the number may be another's
            self._end_group()
            self._reap()

    def wait(
        self,
        timeout_ms: int | None,
        stop: threading.Event | None = None,
        on_output: Callable[[bytes], None] | None = None,
        on_tick: Callable[[], None] = lambda: None,
    ) -> Exit:
        """Feed and drain until the command's own process ends; its group and its output end with it.

        After *timeout_ms*, or when *stop* is set, the group is asked to end and `GRACE_MS` later killed. *on_tick* is called
        all the while, twenty times a second at least.
        """
        capture = Capture()
        os.set_blocking(self._stdin.fileno(), False)
        os.set_blocking(self._stdout.fileno(), False)

        def keep(chunk: bytes) -> None:
            capture.add(chunk)
            if on_output is not None:
                on_output(chunk)

        try:
            timed_out, stopped = self._run(timeout_ms, stop, self._ticks(keep, on_tick))
            self._end_group()
            self._drain(keep)
        except BaseException:
            self._end_group()
            raise
        finally:
            self._reap()
        return self._exit(capture, timed_out=timed_out, stopped=stopped)

    # --- The loop ---

    def _run(self, timeout_ms: int | None, stop: threading.Event | None, ticks: Iterator[int]) -> tuple[bool, bool]:
        """Pump until the process has ended; (timed out, stopped)."""
        timed_out = stopped = False
        deadline = None if timeout_ms is None else self._released_ms + timeout_ms
        kill_at: int | None = None
        for now in ticks:
            if kill_at is not None:
                if now >= kill_at:
                    self._end_group()
                continue
            timed_out = deadline is not None and now >= deadline
            stopped = not timed_out and stop is not None and stop.is_set()
            if timed_out or stopped:
                signal_group(self.pid, signal.SIGTERM)
                kill_at = now + GRACE_MS
        return timed_out, stopped

    def _ticks(self, keep: Callable[[bytes], None], on_tick: Callable[[], None]) -> Iterator[int]:
        """Move bytes both ways; the monotonic time in milliseconds after each look, until the process has ended."""
        is_open, pause = True, 0.001
        while not self._has_ended():
            if not self._unsent:
                self._stdin.close()
            writing = [self._stdin] if self._unsent else []
            printed = self._stdout.fileno()
            reading = [*([printed] if is_open else []), *self._end]
            readable, writable, _ = select.select(reading, writing, [], pause)
            pause = 0.001 if readable or writable else min(0.05, 2 * pause)
            if writable:
                self._feed()
            if printed in readable:
                chunk = os.read(self._stdout.fileno(), CHUNK)
                is_open = bool(chunk)
                if chunk:
                    keep(chunk)
            on_tick()
            yield milliseconds()

    def _feed(self) -> None:
        try:
            self._unsent = self._unsent[os.write(self._stdin.fileno(), self._unsent[:CHUNK]) :]
        except BrokenPipeError:
            self._unsent = self._unsent[:0]  # a command need not read what it is given
        except BlockingIOError:
            return

    def _drain(self, keep: Callable[[bytes], None]) -> None:
        """Read what the dead left in the pipe, without waiting for a grandchild that still holds it."""
        left = LAST_DRAIN
        with contextlib.suppress(BlockingIOError):
            while left > 0 and (chunk := os.read(self._stdout.fileno(), min(left, CHUNK))):
                left -= len(chunk)
                keep(chunk)

    # --- The process ---

    def _has_ended(self) -> bool:
        """Whether the process ended; where possible it stays a zombie, so that its group cannot become another's."""
        if not hasattr(os, "waitid"):
            return self._process.poll() is not None
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _end_group(self) -> None:
        signal_group(self.pid, signal.SIGKILL)

    def _reap(self) -> None:
        self._stdin.close()
        self._process.wait()
        self._stdout.close()
        while self._end:
            os.close(self._end.pop())
        with FAMILY:
            LIVING.pop(self.pid, None)
            end_orphans(dict(LIVING))

    def _exit(self, capture: Capture, *, timed_out: bool, stopped: bool) -> Exit:
        code = self._process.returncode
        return Exit(
            status=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            timed_out=timed_out,
            stopped=stopped,
            spawn_error=self._missing if code in {126, 127} else None,
            duration_ms=milliseconds() - self._released_ms,
            output=capture.output,
            size=capture.size,
            left_out=capture.left_out,
        )


def watched(pid: int) -> list[int]:
    """A file descriptor that can be read once the process has ended (pidfd_open(2)); none where there is no such thing."""
    if not hasattr(os, "pidfd_open"):
        return []
    try:
        return [os.pidfd_open(pid)]
    except OSError:
        return []


def missing_program(program: str, directory: Path, environment: Mapping[str, str]) -> str | None:
    """A sentence when *program* cannot be executed, else nothing."""
    name = str(directory / program) if "/" in program else program
    if shutil.which(name, path=environment.get("PATH", os.defpath)) is None:
        return f"{program} was not found or may not be executed. Install it, or give its full path."
    return None
