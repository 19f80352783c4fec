"""Asking the person at the terminal what only they can say: one question at a time, whoever asks."""

import contextlib
import os
import select
import sys
import termios
import threading
from collections.abc import Callable, Iterator

from omk.cli.progress import Progress
from omk.domain.visible import visible

PATIENCE_SECONDS = 300
PER_SECOND = 10
"""How often it is looked at whether the question still matters."""
YES, NO = ("y", "yes"), ("n", "no", "")


def is_attended() -> bool:
    """Whether a person sits at the terminal: they see what is asked, and what they type comes to this command."""
    try:
        return sys.stdin.isatty() and sys.stderr.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False


class Questions:
    """Asks through the terminal that *progress* is drawn on; several who ask wait for one another."""

    def __init__(self, progress: Progress, patience_seconds: int = PATIENCE_SECONDS) -> None:
        self._progress, self._patience_seconds = progress, patience_seconds
        self._turn = threading.Lock()

    def ask(self, question: str, is_over: Callable[[], bool]) -> bool | None:
        """What the person says; null when they say nothing, or when it does not matter any more."""
        while not self._turn.acquire(timeout=1 / PER_SECOND):
            if is_over():
                return None
        try:
            if is_over() or not is_attended():
                return None
            with self._progress.aside():
                return self._answer(question, is_over)
        finally:
            self._turn.release()

    def _answer(self, question: str, is_over: Callable[[], bool]) -> bool | None:
        """Ask until yes or no is said; what was typed before the question was there is no answer to it."""
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
        _write(f"omk: {visible(question)}\n")
        for word in self._lines(is_over):
            if word in YES:
                return True
            if word in NO:
                return False
        _write("\n")
        return None

    def _lines(self, is_over: Callable[[], bool]) -> Iterator[str]:
        """What is typed, line by line, in lower case, for as long as a person is waited for."""
        _write(PROMPT)
        for _ in range(self._patience_seconds * PER_SECOND):
            if is_over():
                return
            if not select.select([sys.stdin.fileno()], [], [], 1 / PER_SECOND)[0]:
                continue
            typed = os.read(sys.stdin.fileno(), 4096)
            if not typed:
                return
            yield typed.decode(errors="replace").strip().lower()
            _write(PROMPT)


PROMPT = "     May it? [y/N] "


def _write(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal is gone, and so is who could answer
        sys.stderr.write(text)
        sys.stderr.flush()
