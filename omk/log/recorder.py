"""Writing to SQLite: the recorder of `eventsourcing`, with the blobs of a batch in the batch's own transaction."""
# ruff: noqa: D102 - the protocol says what each method of a log does

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkstemp
from typing import Any

from eventsourcing.persistence import PersistenceError, StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
)

from omk.domain.event import kind_of
from omk.errors import Conflict, Unusable
from omk.log.blobs import Blob
from omk.log.codec import Entry
from omk.log.connection import READER, WAIT, WRITER, explained
from omk.log.folder import private_folder
from omk.log.protocol import begins_fork

_BLOBS = "CREATE TABLE IF NOT EXISTS blobs (digest TEXT PRIMARY KEY, salt BLOB, size INTEGER, frame BLOB) WITHOUT ROWID"
_FORMAT = "CREATE TABLE IF NOT EXISTS format (minimum_reader INTEGER, minimum_writer INTEGER)"
_FORMAT_ROW = f"INSERT INTO format SELECT {READER}, {WRITER} WHERE NOT EXISTS (SELECT 1 FROM format)"  # noqa: S608 - numbers
_HAS = "SELECT 1 FROM stored_events WHERE originator_id = ? AND originator_version = ?"


class Recorder(SQLiteApplicationRecorder):
    """The recorder of eventsourcing, which also stores blobs and refuses a batch that leaves a hole."""

    def construct_create_table_statements(self) -> list[str]:
        return [*super().construct_create_table_statements(), _BLOBS, _FORMAT, _FORMAT_ROW]

    def _insert_events(
        self,
        c: SQLiteCursor,
        stored_events: Sequence[StoredEvent],
        *,
        blobs: Sequence[Blob] = (),
        follows: bool = False,
        **_: Any,
    ) -> Sequence[int] | None:
        for blob in blobs:
            c.execute("INSERT OR IGNORE INTO blobs VALUES (?,?,?,?)", (blob.digest, blob.salt, blob.size, blob.frame))
        positions = super()._insert_events(c, stored_events)
        if follows and stored_events:
            first = stored_events[0]
            c.execute(_HAS, (first.originator_id, first.originator_version - 1))
            if c.fetchone() is None:
                raise _Gap
        return positions


class _Gap(Exception):
    """The batch would not follow the goal's last record."""


class _DurablePool(SQLiteConnectionPool):
    def _create_connection(self) -> SQLiteConnection:
        connection = super()._create_connection()
        connection.cursor().execute("PRAGMA synchronous = FULL")
        return connection


class Writer:
    """The writing half of a store that exists."""

    def __init__(self, path: Path, *, wait: float = WAIT) -> None:
        self._path = path
        self._datastore = SQLiteDatastore(str(path.absolute()), originator_id_type="text")
        self._datastore.pool.close()
        self._datastore.pool = _DurablePool(
            db_name=str(path.absolute()), lock_timeout=max(1, round(wait)), pool_size=1, pool_timeout=wait
        )
        self._recorder = Recorder(self._datastore)

    def create_tables(self) -> None:
        try:
            self._recorder.create_table()
        except PersistenceError as problem:
            raise explained(problem, self._path) from problem

    def append(self, goal: str, entries: Sequence[Entry], *, after: int, blobs: Sequence[Blob]) -> None:
        rows = [StoredEvent(goal, entry.record.seq, kind_of(entry.record.event), entry.body) for entry in entries]
        follows = after > 0 and bool(entries) and not (begins_fork(entries) and not self._exists(goal))
        try:
            self._recorder.insert_events(rows, blobs=blobs, follows=follows)
        except _Gap:
            raise Conflict(goal, after) from None
        except (PersistenceError, sqlite3.Error) as problem:
            if entries and _is_duplicate(problem) and self._exists(goal, after + 1):
                raise Conflict(goal, after) from None
            raise explained(problem, self._path) from problem

    def close(self) -> None:
        self._datastore.close()

    def _exists(self, goal: str, seq: int | None = None) -> bool:
        """Whether the goal has a record, or that record."""
        found = self._recorder.select_events(goal, gt=None if seq is None else seq - 1, lte=seq, limit=1)
        return bool(found)


def create(path: Path) -> None:
    """Create an empty log at *path*, whole or not at all; one that exists stays as it is."""
    private_folder(path.parent)
    fresh: Path | None = None
    try:
        file, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600, which SQLite's other files inherit
        os.close(file)
        fresh = Path(name)
        writer = Writer(fresh)
        try:
            writer.create_tables()
        finally:
            writer.close()
        os.link(fresh, path)
    except FileExistsError:
        pass  # somebody else was faster: their log is as good as ours
    except OSError as problem:
        text = f"No store can be made at {path}: {problem.strerror}. Check the folder's permissions and the disk."
        raise Unusable(text) from problem
    finally:
        if fresh is not None:
            for rest in ("", "-wal", "-shm"):
                fresh.with_name(fresh.name + rest).unlink(missing_ok=True)


def _is_duplicate(problem: BaseException) -> bool:
    inner: BaseException | None = problem
    while inner is not None:
        if isinstance(inner, sqlite3.IntegrityError):
            return True
        inner = inner.__cause__
    return False
