"""A command in a terminal of its own."""

import os
import pty
import re
import select
import signal
import sys
import time
from pathlib import Path

from tests.cli.calling import PATIENCE_SECONDS


class Terminal:
    """A command in a terminal of 24 lines of 80 columns."""

    def __init__(self, *arguments, at, python=("-m", "omk"), **environment):
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.chdir(at)
            size = {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
            os.execve(sys.executable, (sys.executable, *python, *arguments), {**os.environ, **size, **environment})
        self.seen = ""

    def until(self, text):
        """Wait until the terminal has got *text*, whatever steers it in between."""
        end = time.monotonic() + PATIENCE_SECONDS
        while text not in self.plain:
            assert time.monotonic() < end, self.plain[-3000:]
            if not self._read(0.2):
                break
        assert text in self.plain, self.plain[-3000:]

    def type(self, keys):
        """Send keys."""
        os.write(self.file, keys.encode())

    def answer(self, keys, text, *, then=""):
        """Send keys, and wait for *text* in what comes after them, and for *then* at its end; what came."""
        before = len(self.plain)
        self.type(keys)
        end = time.monotonic() + PATIENCE_SECONDS
        while text not in self.plain[before:] or not self.plain.endswith(then):
            assert time.monotonic() < end, self.plain[-3000:]
            assert self._read(0.2), self.plain[-3000:]
        return self.plain[before:]

    def interrupt(self, text):
        """Press Ctrl-C until *text* comes, as a person does.

        Between two keys Python's readline does not look for a signal: one that falls there is heard with the next.
        """
        before, end = len(self.plain), time.monotonic() + PATIENCE_SECONDS
        while text not in self.plain[before:]:
            assert time.monotonic() < end, self.plain[-3000:]
            self.type("\x03")
            heard_by = time.monotonic() + 2
            while text not in self.plain[before:] and time.monotonic() < heard_by:
                assert self._read(0.2), self.plain[-3000:]

    def works(self):
        """Wait until the command computes: two seconds of processor time more than now, far beyond any preparation."""
        before, end = self._computed(), time.monotonic() + PATIENCE_SECONDS
        while self._computed() < before + 2:
            assert time.monotonic() < end, self.plain[-3000:]
            self._read(0.05)

    def _computed(self):
        if not sys.platform.startswith("linux"):
            return time.monotonic()
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return int(fields[11]) / os.sysconf("SC_CLK_TCK")

    def end(self):
        """Wait until the command ends; its exit code."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self._read(0.2):
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    @property
    def plain(self):
        """What came, without what steers the terminal."""
        return re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P][^\x07\x1b]*(\x07|\x1b\\)|\x1b.", "", self.seen)

    def _read(self, seconds):
        if not select.select([self.file], [], [], seconds)[0]:
            return True
        try:
            more = os.read(self.file, 65_536)
        except OSError:  # Linux says so when the other side is closed
            return False
        self.seen += more.decode("utf-8", "replace")
        return bool(more)
