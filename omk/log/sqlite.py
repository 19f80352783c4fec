"""The log in SQLite: read by plain iteration, written through the recorder of `eventsourcing` (facts.md says why)."""
# ruff: noqa: D102 - the protocol says what each method of a log does

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from omk.domain.event import Recorded
from omk.errors import Damaged, Unusable
from omk.log import chain
from omk.log.blobs import Blob, unpack
from omk.log.codec import Entry, decode
from omk.log.connection import READER, WAIT, WRITER, connected, explained
from omk.log.folder import file_at
from omk.log.protocol import Head, Problem, Stored, consecutive

if TYPE_CHECKING:
    from omk.log.recorder import Writer

_HEADS = """
WITH RECURSIVE goals(goal) AS (
    SELECT min(originator_id) FROM stored_events
    UNION ALL
    SELECT (SELECT min(originator_id) FROM stored_events WHERE originator_id > goal) FROM goals WHERE goal IS NOT NULL
)
SELECT goal, originator_version, stored_events.rowid FROM goals JOIN stored_events ON originator_id = goal
AND originator_version = (SELECT max(originator_version) FROM stored_events WHERE originator_id = goal) ORDER BY goal
"""  # a loose index scan: one step for each goal, however many records it has
_OWN = "SELECT state FROM stored_events WHERE originator_id = ? AND originator_version > ? "


class SqliteLog:
    """A store's `log.sqlite`: tables `stored_events`, `blobs` and `format`. Opening never creates it (see `create`).

    `wait` is the number of seconds to wait for a lock that another process holds.
    """

    def __init__(self, path: Path, *, wait: float = WAIT) -> None:
        self._path, self._wait = path.absolute(), wait
        self._file = file_at(path)
        self._connection, self._copy = connected(path, wait)
        try:
            with self._explaining():
                self._minimum_writer = self._format()
        except BaseException:
            self.close()
            raise

    @property
    def problems(self) -> tuple[Problem, ...]:
        return ()

    def append(self, goal: str, entries: Sequence[Entry], *, after: int, blobs: Sequence[Blob] = ()) -> None:
        consecutive(goal, entries, after)
        if self._minimum_writer > WRITER:
            text = f"The store {self._path} wants a writer of format {self._minimum_writer}, not {WRITER}: upgrade omk."
            raise Unusable(text)
        self._present()
        self._writer.append(goal, entries, after=after, blobs=blobs)
        self._present()  # what was written to a file that nobody finds again is not recorded

    def read(
        self, goal: str, *, after: int = 0, upto: int | None = None, verify: bool = True, texts: bool = True
    ) -> Iterator[Recorded]:
        with self._explaining(goal):
            yield from chain.read(self._own, goal, after=after, upto=upto, verify=verify, texts=texts)

    def pick(self, goal: str, kinds: frozenset[str], *, after: int, upto: int) -> Iterator[Recorded]:
        def chosen(goal: str, after: int, upto: int | None) -> Iterator[bytes]:
            marks = ", ".join("?" * len(kinds))
            query = f"{_OWN}AND originator_version <= ? AND topic IN ({marks}) ORDER BY originator_version"
            return map(itemgetter(0), self._connection.execute(query, (goal, after, upto, *sorted(kinds))))

        with self._explaining(goal):
            yield from chain.pick(self._own, chosen, goal, after=after, upto=upto)

    def follow(self, *, after: int = 0) -> Iterator[tuple[int, Recorded]]:
        with self._explaining():
            rows = self._connection.execute(
                "SELECT rowid, originator_id, originator_version, state FROM stored_events WHERE rowid > ? ORDER BY rowid",
                (after,),
            )
            for position, goal, seq, body in rows:
                try:
                    yield position, decode(body)
                except (Damaged, TypeError, AttributeError) as problem:
                    raise chain.unreadable(problem, goal, seq) from problem

    def stretch(self, after: int, upto: int, *, share: tuple[int, int] = (0, 1)) -> Iterator[tuple[int, str, bytes]]:
        number, count = share
        query = "SELECT rowid, originator_id, state FROM stored_events WHERE rowid > ? AND rowid <= ? {}ORDER BY rowid"
        mine = "" if count == 1 else "AND unicode(substr(originator_id, -1)) % ? = ? "  # omk.log.shares
        with self._explaining():
            yield from self._connection.execute(query.format(mine), (after, upto, *((count, number) if mine else ())))

    def placed(self, positions: Sequence[int]) -> dict[int, bytes]:
        query = "SELECT state FROM stored_events WHERE rowid = ?"
        with self._explaining():
            rows = ((position, self._connection.execute(query, (position,)).fetchone()) for position in positions)
            return {position: row[0] for position, row in rows if row is not None}

    def end(self) -> int:
        with self._explaining():
            return int(self._connection.execute("SELECT coalesce(max(rowid), 0) FROM stored_events").fetchone()[0])

    def heads(self) -> list[Head]:
        with self._explaining():
            return [Head(*self._placed(*row)) for row in self._connection.execute(_HEADS)]

    def blob(self, digest: str) -> bytes | None:
        packed = self.packed(digest)
        return None if packed is None else unpack(packed)

    def packed(self, digest: str) -> Blob | None:
        with self._explaining():
            row = self._connection.execute("SELECT digest, salt, size, frame FROM blobs WHERE digest = ?", (digest,)).fetchone()
        return None if row is None else Blob(*row)

    def bodies(self, goal: str) -> Iterator[Stored]:
        with self._explaining():
            rows = self._connection.execute(
                "SELECT originator_version, topic, state FROM stored_events WHERE originator_id = ? ORDER BY originator_version",
                (goal,),
            )
            for seq, topic, body in rows:
                self._placed(goal, seq, 0)
                yield Stored(seq, topic, body)

    def close(self) -> None:
        self._connection.close()
        if "_writer" in self.__dict__:
            self._writer.close()
            del self._writer
        if self._copy is not None:
            self._copy.cleanup()

    def _placed(self, goal: object, seq: object, position: int) -> tuple[str, int, int]:
        """Raises Damaged where the columns, which hold what anybody puts there, are not what they should be."""
        if not isinstance(goal, str) or not isinstance(seq, int):
            text = f"a record stands at {goal!r}, {seq!r}, which is no goal and no event."
            raise Damaged(f"The store {self._path}", None, "store.unreadable", text)
        return goal, seq, position

    @cached_property
    def _writer(self) -> "Writer":
        from omk.log.recorder import Writer

        return Writer(self._path, wait=self._wait)

    def _present(self) -> None:
        """Raise Unusable unless the path still leads to the file that was opened."""
        if file_at(self._path) != self._file:
            text = f"The store {self._path} was removed or replaced while omk used it: nothing more can be recorded."
            raise Unusable(f"{text} Restore it from a copy.")

    def _own(self, goal: str, after: int, upto: int | None) -> Iterator[bytes]:
        """The bodies alone, one by one: a million rows in a few megabytes."""
        bound, values = ("", (goal, after)) if upto is None else ("AND originator_version <= ? ", (goal, after, upto))
        return map(itemgetter(0), self._connection.execute(f"{_OWN}{bound}ORDER BY originator_version", values))

    def _format(self) -> int:
        """Check that omk can read the store; the oldest omk that may write it."""
        row = self._connection.execute("SELECT minimum_reader, minimum_writer FROM format").fetchone()
        self._connection.execute("SELECT originator_id, originator_version, topic, state FROM stored_events LIMIT 0")
        self._connection.execute("SELECT digest, salt, size, frame FROM blobs LIMIT 0")
        if row is None or not all(isinstance(each, int) for each in row):
            raise Damaged(f"The store {self._path}", None, "store.format", "its format is not written in it.")
        if row[0] > READER:
            text = f"The store {self._path} has format {row[0]} and this omk reads up to {READER}: upgrade omk."
            raise Unusable(text)
        return int(row[1])

    @contextmanager
    def _explaining(self, goal: str | None = None) -> Iterator[None]:
        """SQLite's errors as ours."""
        try:
            yield
        except sqlite3.Error as problem:
            raise explained(problem, self._path, goal) from problem
