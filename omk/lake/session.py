"""A lake that is asked: what is stored and what the log has beyond that, as the tables that people know, locked."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self
from weakref import finalize

from omk.domain.proof.rules import RULES
from omk.errors import Refused
from omk.lake.segments import LANES, WINDOW, Segment
from omk.lake.shelf import Shelf, chained
from omk.lake.store import Store
from omk.lake.stored import STORED
from omk.lake.sync import Quiet, sync
from omk.lake.tables import MACROS, TABLES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

CHEAP = frozenset({"events"})
"""The tables whose rows need no fold."""
MEMORY, SPILL = "1GB", "8GB"
"""What a query may use in memory, and beyond that on disk, in a private temporary folder."""


class Lake:
    """The tables of a store's goals as they are now; a context, for it keeps what it reads from being taken away.

    It first builds what is missing, if that is much; the rest is projected when it is asked for, in memory.
    """

    def __init__(self, store: Store, hears: Quiet | None = None, memory: str = MEMORY) -> None:
        self._store, self._hears, self._memory = store, hears or Quiet(), memory
        self._stack = ExitStack()
        finalize(self, self._stack.close)
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

    def sql(self, query: str, parameters: object = None) -> "DuckDBPyRelation":
        """The answer to one query that reads, as a relation of DuckDB, with *parameters* for its `?`, `$1` or `$name`.

        Its rows come when they are asked for (`fetchall`, `to_arrow_table`, `df`, `pl`). It reads: what writes fails (`create`,
        `insert_into`, `to_csv`, `write_parquet`). Raises Refused for anything but one query that reads and can be answered.
        """
        from omk.lake.trouble import told

        connection = self.ready_for(query)
        with told(query):
            return connection.sql(query, params=parameters)

    def ready_for(self, query: str) -> "DuckDBPyConnection":
        """A connection on which *query* can be carried out, and interrupted: its tables are in place, and it cannot write.

        Raises Refused unless it is one query that reads.
        """
        from omk.lake.guard import checked, reading

        self._provide(checked(self._connection, query))
        connection = reading(self._connection)
        finalize(connection, _let_go, self).atexit = False  # what is asked of a lake keeps it: omk.lake(store).sql(query)
        return connection

    # --- What is stored ---

    def _stored(self) -> list[Segment]:
        """The segments to read, built first where that is due: elsewhere where the store's lake cannot be used."""
        shelf = None if self._store.lake is None else Shelf(self._store.lake)
        found = self._read(shelf) if shelf is not None and shelf.is_lockable else []
        covered = found[-1].manifest.end if found else 0
        if self.head - covered < WINDOW and not (shelf and shelf.flaws):
            return found
        self._stack.close()
        if shelf is None or not shelf.is_writable:
            shelf = Shelf(Path(self._stack.enter_context(TemporaryDirectory(prefix="omk-lake-"))))
        sync(self._store, shelf, self._hears)
        return self._read(shelf)

    def _read(self, shelf: Shelf) -> list[Segment]:
        """The segments that are there, which stay there from now on, and the head as it is since then."""
        self._stack.enter_context(shelf.reading())
        self.head = self._store.head
        return chained(shelf.sound(self._store.log, self.head))

    # --- The tables ---

    def _connected(self) -> "DuckDBPyConnection":
        """A locked connection with all tables. Raises Refused where the memory that it is given is of no use."""
        import duckdb

        try:
            return self._connected_with(TemporaryDirectory(prefix="omk-lake-", ignore_cleanup_errors=True))
        except (duckdb.OutOfMemoryException, duckdb.ParserException) as problem:
            text = f"The lake cannot be opened with {self._memory} of memory. Give a size such as 512MB or 4GB."
            raise Refused(text) from problem

    def _connected_with(self, spill: "TemporaryDirectory[str]") -> "DuckDBPyConnection":
        import duckdb

        from omk.lake.guard import CONFIGURATION, lock

        folder = self._stack.enter_context(spill)
        limits = {"memory_limit": self._memory, "temp_directory": folder, "max_temp_directory_size": SPILL}
        connection = duckdb.connect(config={**CONFIGURATION, **limits})
        self._stack.callback(connection.close)
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE SCHEMA tail")
        connection.execute("CREATE TABLE tail.trial AS FROM range(10000)")  # too little memory is told now, not at a query
        connection.execute("DROP TABLE tail.trial")
        connection.execute("CREATE SCHEMA stored")
        lock(connection, [str(path) for segment in self._segments for name in STORED for path in segment.paths(name)])
        return connection

    def _provide(self, wanted: Iterable[str]) -> None:
        """Put the rows in place that the log has beyond what is stored, of the tables that are *wanted*."""
        lacking = set(wanted) - self._told
        if not lacking:
            return
        from omk.lake.trouble import told

        names = CHEAP if lacking <= CHEAP else set(STORED)
        self._connection.begin()
        try:
            with told(""):
                self._insert(names - self._told, is_cheap=names is CHEAP)
        except BaseException:  # also Ctrl-C: nothing is in place twice when one asks again
            self._connection.rollback()
            raise
        self._connection.commit()
        self._told |= names

    def _insert(self, names: Collection[str], *, is_cheap: bool) -> None:
        for statement in _definitions(self._segments, names, is_all=not is_cheap):
            self._connection.execute(statement)
        for tables in self._tail(is_cheap=is_cheap):
            for name in names:
                if tables[name].num_rows:
                    self._connection.register("fresh", tables[name])
                    self._connection.execute(f"INSERT INTO tail.{name} SELECT * FROM fresh")  # noqa: S608 - a name of ours
                    self._connection.unregister("fresh")

    def _tail(self, *, is_cheap: bool) -> Iterator[dict[str, Any]]:
        from omk.lake.lane import Lane

        start = self._segments[-1].manifest.end if self._segments else 0
        for number in range(LANES):
            lane = Lane(self._store.log, number, start, self._store.folder, is_cheap=is_cheap)
            for _, window in lane.windows(self.head):
                yield {"events": window.events()} if is_cheap else window.tables()


def _let_go(_: Lake) -> None:
    """Nobody needs the lake for this any more."""


def _definitions(segments: list[Segment], names: Collection[str], *, is_all: bool) -> Iterator[str]:
    """What makes the stored tables of these *names*, in the schemas `tail` and `stored`, and the tables that people know."""
    for name in names:
        columns = STORED[name]
        yield f"CREATE TABLE tail.{name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})"
        paths = [str(path) for segment in segments for path in segment.paths(name)]
        chosen = ", ".join(f"{column}::{kind} AS {column}" for column, kind in columns.items())
        sources = [f"read_parquet([{', '.join(map(_quoted, paths))}])"] if paths else []
        parts = (f"SELECT {chosen} FROM {source}" for source in (*sources, f"tail.{name}"))  # noqa: S608 - names of ours
        yield f"CREATE VIEW stored.{name} AS {' UNION ALL '.join(parts)}"
    if is_all:
        yield from _rules()
    for table in TABLES:
        if table.name in names or (is_all and table.name not in STORED):
            yield f"CREATE VIEW {table.name} AS {sql_of(table.name)}"
    for name, macro in MACROS.items() if is_all else ():
        yield f"CREATE MACRO {name}({', '.join(macro.parameters)}) AS TABLE {sql_of(name)}"


def _rules() -> Iterator[str]:
    """What makes the table of rules."""
    yield "CREATE TABLE stored.rules (code VARCHAR, is_family BOOLEAN, sentence VARCHAR, owner VARCHAR, command VARCHAR)"
    words = ((one.code, "<" in one.code, one.sentence, one.owed_by, one.command.replace("{goal}", "GOAL")) for one in RULES)
    rows = (f"({', '.join(_quoted(str(word)) for word in row)})" for row in words)
    yield f"INSERT INTO stored.rules VALUES {', '.join(rows)}"  # noqa: S608 - the rule table's own words


def sql_of(name: str) -> str:
    """The SQL of a table that people know."""
    return (files("omk.lake") / "views" / f"{name}.sql").read_text(encoding="utf-8")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
