"""A connection that reads a store's `log.sqlite`, whatever the store allows, and SQLite's errors in our words."""

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from omk.errors import Damaged, OmkError, Unusable

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

WAIT = 30.0
READER = WRITER = 1
"""The newest format this omk reads and writes."""

_NO_STATE = "SELECT 1 FROM sqlite_master LIMIT 1"
_MODES = ("mode=rw", "mode=ro")
_CANNOT_SHARE = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def connected(path: Path, wait: float) -> "tuple[sqlite3.Connection, TemporaryDirectory[str] | None]":
    """A connection for reading, and the temporary copy it reads where the store lets nobody share its log.

    The files SQLite keeps beside a log need a folder that can be written. Without one the log is read as it stands if
    nothing waits in its write-ahead file, and else through a copy.
    """
    try:
        return _usable(path, wait), None
    except sqlite3.Error as problem:
        raise explained(problem, path) from problem
    except _Unshared:
        return _alone(path, wait)


class _Unshared(Exception):
    """The folder does not let SQLite share the log."""


def _usable(path: Path, wait: float) -> sqlite3.Connection:
    for mode in _MODES:
        try:
            return _opened(path, mode, wait)
        except sqlite3.Error as problem:
            if _code(problem) not in _CANNOT_SHARE:
                raise
    raise _Unshared


def _alone(path: Path, wait: float) -> "tuple[sqlite3.Connection, TemporaryDirectory[str] | None]":
    import shutil
    from tempfile import TemporaryDirectory

    waiting = path.with_name(path.name + "-wal")
    try:
        if not waiting.exists() or waiting.stat().st_size == 0:
            return _opened(path, "immutable=1", wait), None
        copy = TemporaryDirectory(prefix="omk-")
        shutil.copyfile(path, Path(copy.name, path.name))
        shutil.copyfile(waiting, Path(copy.name, waiting.name))
        return _opened(Path(copy.name, path.name), "mode=rw", wait), copy
    except sqlite3.Error as problem:
        raise explained(problem, path) from problem
    except OSError as problem:
        text = f"The store {path} cannot be read: {problem.strerror}. Check its permissions."
        raise Unusable(text) from problem


def _opened(path: Path, mode: str, wait: float) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=wait, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA query_only = 1")
        connection.execute(_NO_STATE).fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def explained(problem: BaseException, path: Path, goal: str | None = None) -> OmkError:
    """What SQLite complains of, in one line that says what to do."""
    code, place = _code(problem), f"The store {path}"
    if code in _LOCKED:
        return Unusable(f"{place} is locked by another process. Wait until it ends, then try again.")
    if code in _DAMAGED:
        return Damaged(goal or place, None, "store.unreadable", f"{path} cannot be read as SQLite ({problem}).")
    if code == sqlite3.SQLITE_READONLY:
        return Unusable(f"{place} cannot be written. Check its permissions and the file system.")
    if code == sqlite3.SQLITE_FULL:
        return Unusable(f"The disk of {place[4:]} is full. Nothing was recorded; make room, then try again.")
    if "no such table" in str(problem) or "no such column" in str(problem):
        return Damaged(place, None, "store.schema", f"it is not a log of omk, or not all of it is there ({problem}).")
    return Unusable(f"{place} cannot be used: {problem}. Check its permissions and the disk.")


def _code(problem: BaseException) -> int:
    """SQLite's primary result code; also of an error that eventsourcing wrapped."""
    inner: BaseException | None = problem
    while inner is not None:
        if isinstance(inner, sqlite3.Error):
            return int(getattr(inner, "sqlite_errorcode", 0) or 0) & 0xFF
        inner = inner.__cause__
    return 0
