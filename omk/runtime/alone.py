"""One process at a time: who takes a goal over, and cleans up after the one before, must not meet another who does."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from omk.errors import Unusable

NAME = "lock"
TRIES, PAUSE_SECONDS = 600, 0.05


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the store's lock while the block runs; the operating system lets go of it when the process ends.

    Raises `Unusable` when another process holds it for half a minute, or when the folder cannot be written.
    """
    try:
        file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Unusable(f"{folder / NAME} cannot be written: {error.strerror}. Make it writable.") from error
    try:
        _wait(file, folder)
        yield
    finally:
        os.close(file)


def _wait(file: int, folder: Path) -> None:
    for _ in range(TRIES):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(PAUSE_SECONDS)
    raise Unusable(f"Another omk holds {folder / NAME}. Wait until it ends, then try again.")
