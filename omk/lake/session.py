"""A lake that is asked: what is stored and what the log has beyond that, as the tables that people know, locked."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

from omk.domain.proof.rules import RULES
from omk.lake.lane import Lane
from omk.lake.segments import LANES, WINDOW, Segment
from omk.lake.shelf import Shelf, chained
from omk.lake.store import Store
from omk.lake.sync import Quiet, sync
from omk.lake.tables import MACROS, STORED, TABLES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

CHEAP = frozenset({"events"})
"""The tables whose rows need no fold."""


class Lake:
    """The tables of a store's goals as they are now; a context, for it keeps what it reads from being taken away.

    It first builds what is missing, if that is much; the rest is projected when it is asked for, in memory.
    """

    def __init__(self, store: Store, hears: Quiet | None = None) -> None:
        self._store, self._hears = store, hears or Quiet()
        self._stack = ExitStack()
        try:
            self.head = store.head
            self._segments = self._stored()
            self._connection = self._connected()
        except BaseException:
            self._stack.close()
            raise
        self._told: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of everything."""
        self._stack.close()

    def sql(self, query: str) -> "DuckDBPyRelation":
        """The answer to one query that reads, as a relation of DuckDB. Raises Refused for anything else."""
        from omk.lake.guard import checked

        self._provide(checked(self._connection, query))
        return self._connection.sql(query)

    @property
    def connection(self) -> "DuckDBPyConnection":
        """The locked connection, with every table in place."""
        self._provide(set(STORED))
        return self._connection

    # --- What is stored ---

    def _stored(self) -> list[Segment]:
        """The segments to read, built first where that is due."""
        shelf = None if self._store.lake is None else Shelf(self._store.lake)
        found: list[Segment] = []
        if shelf is not None:
            self._stack.enter_context(shelf.reading())
            found = chained(shelf.sound(self._store.log, self.head))
        covered = found[-1].manifest.end if found else 0
        if self.head - covered < WINDOW and not (shelf and shelf.flaws):
            return found
        self._stack.close()
        if shelf is None or not shelf.is_writable:
            shelf = Shelf(Path(self._stack.enter_context(TemporaryDirectory(prefix="omk-lake-"))))
        sync(self._store, shelf, self._hears)
        self._stack.enter_context(shelf.reading())
        return chained(shelf.sound(self._store.log, self.head))

    # --- The tables ---

    def _connected(self) -> "DuckDBPyConnection":
        import duckdb

        from omk.lake.guard import lock

        connection = duckdb.connect(config={"TimeZone": "UTC", "autoinstall_known_extensions": False})
        self._stack.callback(connection.close)
        paths = [str(path) for segment in self._segments for name in STORED for path in segment.paths(name)]
        for statement in _definitions(self._segments):
            connection.execute(statement)
        lock(connection, paths)
        return connection

    def _provide(self, wanted: Iterable[str]) -> None:
        """Put the rows in place that the log has beyond what is stored, of the tables that are *wanted*."""
        lacking = set(wanted) - self._told
        if not lacking:
            return
        names = CHEAP if lacking <= CHEAP else set(STORED)
        for tables in self._tail(is_cheap=names is CHEAP):
            for name in names - self._told:
                if tables[name].num_rows:
                    self._connection.register("fresh", tables[name])
                    self._connection.execute(f"INSERT INTO tail.{name} SELECT * FROM fresh")  # noqa: S608 - a name of ours
                    self._connection.unregister("fresh")
        self._told |= names

    def _tail(self, *, is_cheap: bool) -> Iterator[dict[str, Any]]:
        start = self._segments[-1].manifest.end if self._segments else 0
        for number in range(LANES):
            lane = Lane(self._store.log, number, start, self._store.folder, is_cheap=is_cheap)
            for _, window in lane.windows(self.head):
                yield window.tables()


def _definitions(segments: list[Segment]) -> Iterator[str]:
    """What makes the tables: those that are stored, in the schemas `tail` and `stored`, and those that people know."""
    yield "CREATE SCHEMA tail"
    yield "CREATE SCHEMA stored"
    for name, columns in STORED.items():
        yield f"CREATE TABLE tail.{name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})"
        paths = [str(path) for segment in segments for path in segment.paths(name)]
        chosen = ", ".join(f"{column}::{kind} AS {column}" for column, kind in columns.items())
        sources = [f"read_parquet([{', '.join(map(_quoted, paths))}])"] if paths else []
        parts = (f"SELECT {chosen} FROM {source}" for source in (*sources, f"tail.{name}"))  # noqa: S608 - names of ours
        yield f"CREATE VIEW stored.{name} AS {' UNION ALL '.join(parts)}"
    yield "CREATE TABLE stored.rules (code VARCHAR, is_family BOOLEAN, sentence VARCHAR, owner VARCHAR)"
    for rule in RULES:
        values = f"{_quoted(rule.code)}, {'<' in rule.code}, {_quoted(rule.sentence)}, {_quoted(rule.owed_by)}"
        yield f"INSERT INTO stored.rules VALUES ({values})"  # noqa: S608 - the rule table's own words
    for table in TABLES:
        yield f"CREATE VIEW {table.name} AS {sql_of(table.name)}"
    for name, macro in MACROS.items():
        yield f"CREATE MACRO {name}({', '.join(macro.parameters)}) AS TABLE {sql_of(name)}"


def sql_of(name: str) -> str:
    """The SQL of a table that people know."""
    return (files("omk.lake") / "views" / f"{name}.sql").read_text(encoding="utf-8")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
