"""The guard: one statement that reads, on a connection that can reach nothing but the lake."""

import re
from typing import TYPE_CHECKING

from omk.errors import Refused
from omk.lake.tables import MACROS, STORED, TABLES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def lock(connection: "DuckDBPyConnection", paths: list[str]) -> None:
    """Let the connection read these files and nothing else, and let nobody change that."""
    connection.execute("SET allowed_paths = $paths", {"paths": paths})
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def checked(connection: "DuckDBPyConnection", query: str) -> set[str]:
    """The stored tables that a query is made of. Raises Refused unless it is one statement that reads."""
    statements = connection.extract_statements(query)
    if len(statements) != 1:
        raise Refused(f"The lake answers one query at a time, and these are {len(statements)}.")
    words = set(_WORD.findall(query.lower()))
    return {"events"} if words & _NAMES <= {"events"} else set(STORED)


_WORD = re.compile(r"\w+")
_NAMES = {"query", "query_table", *STORED, *MACROS, *(table.name for table in TABLES)}
"""Words that may name a table; a query without any but `events` needs no fold."""
