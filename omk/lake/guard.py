"""The guard: one statement that reads, on a connection that can reach nothing but the lake.

Three walls, each of which would do for most of what somebody may try. The statement is taken apart by DuckDB's own parser, and
every part of it must be known to read. It runs in a transaction that cannot write. And the configuration is locked: no file but
the lake's own, no network, no extension, no variable of Python.
"""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from omk.errors import Refused
from omk.lake.stored import STORED
from omk.lake.tables import MACROS, TABLES
from omk.lake.tokens import Token, tokens
from omk.lake.trouble import told

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, Statement

CONFIGURATION: dict[str, str | bool] = {
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "python_scan_all_frames": False,
}
"""What a connection is opened with."""
ALLOWED = "SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE, PIVOT, UNPIVOT and EXPLAIN"


def lock(connection: "DuckDBPyConnection", paths: list[str]) -> None:
    """Let the connection read these files and nothing else, and let nobody change that."""
    connection.execute("SET allowed_paths = $paths", {"paths": paths})
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def reading(connection: "DuckDBPyConnection") -> "DuckDBPyConnection":
    """A connection to the same tables that cannot change them."""
    fresh = connection.cursor()
    fresh.execute("BEGIN TRANSACTION READ ONLY")
    return fresh


def checked(connection: "DuckDBPyConnection", query: str) -> set[str]:
    """The stored tables that a query is made of. Raises Refused unless it is one statement that reads."""
    if not query.isprintable():
        _require_unicode(query)
    with told(query):
        _check(connection, query)
    words = set(_WORD.findall(query.lower()))
    is_plain = words & _NAMES == {"events"} and not any(word.startswith(_CATALOGUE) for word in words)
    return {"events"} if is_plain else set(STORED)


def _require_unicode(query: str) -> None:
    try:
        query.encode()
    except UnicodeEncodeError as problem:
        raise Refused(f"The query is not UTF-8 text (character {problem.start + 1}). Write it anew.") from problem


_WORD = re.compile(r"\w+")
_NAMES = {*STORED, *MACROS, *(table.name for table in TABLES)}
"""Words that may name a table; a query without any but `events` needs no fold, and none of the other tables."""
_CATALOGUE = ("desc", "duckdb_", "information_schema", "pg_", "pragma_", "show", "sqlite_", "summar")
"""What words begin with that ask which tables there are."""

# --- The statement ---


def _check(connection: "DuckDBPyConnection", query: str) -> None:
    statements = connection.extract_statements(query)
    if len(statements) != 1:
        asked = f"these are {len(statements)}" if statements else "there is none here"
        raise Refused(f"The lake answers one query at a time, and {asked}.")
    match _kind(statements[0]):
        case "SELECT":
            _check_tree(connection, query)
        case "MULTI":
            _check_pivot(query)
        case "EXPLAIN":
            _check_explained(connection, query)
        case _:
            raise _writes(query)


def _kind(statement: "Statement") -> str:
    try:
        return statement.type.name
    except ValueError:  # one that DuckDB's Python library has no name for
        return "OTHER"


def _writes(query: str, what: str | None = None) -> Refused:
    if what is None:
        what = next((one.text for one in tokens(query)), "nothing").upper()
    return Refused(f"The lake is only read, and {what[:40]} is not reading. A query may be {ALLOWED}.")


def _check_explained(connection: "DuckDBPyConnection", query: str) -> None:
    """What is explained must read, too: EXPLAIN ANALYZE carries it out."""
    words = list(tokens(query))[1:]
    if words and words[0].text == "(":
        words = _after_options(words)
    while words and words[0].text.upper() in {"ANALYZE", "VERBOSE"}:
        words = words[1:]
    inner = query.encode()[words[0].start :].decode() if words else ""
    statements = connection.extract_statements(inner)
    if len(statements) != 1 or _kind(statements[0]) != "SELECT":
        raise _writes(inner, f"EXPLAIN {words[0].text.upper()}" if words else "EXPLAIN")
    _check_tree(connection, inner)


def _after_options(words: list[Token]) -> list[Token]:
    """What follows a parenthesis, unless that is all there is."""
    depth = 0
    for number, word in enumerate(words):
        depth += word.text.count("(") - word.text.count(")")
        if depth == 0:
            return words[number + 1 :] or words
    return words


def _check_pivot(query: str) -> None:
    """A PIVOT that first asks for its columns is several statements to DuckDB, and has no tree: its words are looked at."""
    for one in tokens(query):
        word = one.text.strip('"').lower()
        if one.kind != "string_const" and (word in _WRITING or _is_closed(word)):
            raise _writes(query, f"{word.upper()} within PIVOT")


_WRITING = {"insert", "update", "delete", "merge", "copy", "truncate"}

# --- The tree ---


def _check_tree(connection: "DuckDBPyConnection", query: str) -> None:
    """Every part of a SELECT, as DuckDB's parser gives it."""
    found = connection.cursor().execute("SELECT json_serialize_sql($1::VARCHAR)", [query]).fetchone()
    tree = json.loads(found[0]) if found else {"error": True}
    if tree.get("error"):
        raise _writes(query)
    for part in _parts(tree):
        _check_part(part, query)


def _parts(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object in a tree, without going deep where the tree does."""
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _check_part(part: dict[str, Any], query: str) -> None:
    kind = part.get("type")
    if isinstance(kind, str) and kind.endswith("_NODE") and kind not in _NODES:
        raise _writes(query, kind.removesuffix("_NODE").removesuffix("_QUERY").replace("_", " "))
    function = part.get("function") if kind == "TABLE_FUNCTION" else None
    if isinstance(function, dict) and (name := str(function.get("function_name", "")).lower()) not in TABLE_FUNCTIONS:
        raise _out_of_reach(name)
    if part.get("class") == "FUNCTION" and str(part.get("function_name", "")).lower() in _CLOSED:
        raise _out_of_reach(str(part["function_name"]))


def _out_of_reach(function: str) -> Refused:
    return Refused(f"{function}() is not open to queries: they read the tables of the lake. `SHOW TABLES` lists them.")


def _is_closed(name: str) -> bool:
    return name in _CLOSED or name.startswith(("read_", "parquet_", "sniff_")) or name.endswith("_scan")


_NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
"""What DuckDB's parser calls the queries that read."""
TABLE_FUNCTIONS = {
    *MACROS,
    *("generate_series", "range", "repeat", "repeat_row", "unnest", "json_each", "json_tree", "histogram", "histogram_values"),
    *("duckdb_columns", "duckdb_constraints", "duckdb_databases", "duckdb_functions", "duckdb_keywords", "duckdb_memory"),
    *("duckdb_optimizers", "duckdb_schemas", "duckdb_settings", "duckdb_tables", "duckdb_types", "duckdb_views"),
    *("icu_calendar_names", "pg_timezone_names", "pragma_show", "pragma_table_info", "pragma_version", "summary"),
    *("test_all_types",),
}
"""The functions that may stand in a FROM: they make rows of what is in the query, of the lake, or of DuckDB's own catalogue."""
_CLOSED = {
    *("create_external_resource", "destroy_external_resource", "register_external_resource", "register_external_resource_type"),
    *("json_execute_serialized_sql", "query", "query_table", "sleep_ms", "write_log", "getenv", "glob", "pandas_scan"),
    *("add_grammar_extension", "remove_grammar_extension", "enable_logging", "disable_logging", "truncate_duckdb_logs"),
    *("nextval", "setval", "setseed", "which_secret", "checkpoint", "force_checkpoint", "python_map_function"),
}
"""Functions that no query may call, wherever they stand."""
