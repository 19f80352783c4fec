"""What the tab key offers at the prompt of `omk sql`: commands, tables, columns of the tables that are named, words of SQL."""

import re
from collections.abc import Callable, Iterable

from omk.lake.tables import MACROS, TABLES

KEYWORDS = (
    *("SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "HAVING", "LIMIT", "OFFSET", "AS", "DISTINCT", "ALL", "WITH", "UNION"),
    *("JOIN", "LEFT JOIN", "ANTI JOIN", "USING", "ON", "AND", "OR", "NOT", "IN", "IS NULL", "IS NOT NULL", "LIKE", "ILIKE"),
    *("BETWEEN", "CASE", "WHEN", "THEN", "ELSE", "END", "DESC", "ASC", "EXISTS", "FILTER", "OVER", "PARTITION BY", "QUALIFY"),
    *("DESCRIBE", "SUMMARIZE", "SHOW TABLES", "EXPLAIN", "PIVOT", "UNPIVOT", "VALUES", "NULL", "TRUE", "FALSE", "INTERVAL"),
    *("count(", "sum(", "min(", "max(", "avg(", "median(", "quantile_cont(", "list(", "string_agg(", "coalesce(", "unnest("),
    *(
        "date_trunc(",
        "date_diff(",
        "json_extract_string(",
        "list_contains(",
        "regexp_matches(",
        "round(",
        "arg_max(",
        "any_value(",
    ),
)
_COLUMNS = {one.name: [column.name for column in one.columns] for one in TABLES}


class Completion:
    """Offers what may stand where one types; *before* gives the lines of the query that are finished."""

    def __init__(self, commands: Iterable[str], before: Callable[[], str]) -> None:
        self._commands, self._before = list(commands), before
        self._offers: list[str] = []

    def complete(self, begun: str, number: int) -> str | None:
        """The *number*-th thing that may complete what is *begun*, as the readline library asks for it."""
        if number == 0:
            import readline

            self._offers = self.offers(begun, readline.get_line_buffer()[: readline.get_begidx()])
        return self._offers[number] if number < len(self._offers) else None

    def offers(self, begun: str, typed: str) -> list[str]:
        """What may complete *begun*, after what is *typed* in its line."""
        before = f"{self._before()} {typed}"
        if not before.strip() and begun.startswith("."):
            return [one for one in self._commands if one.startswith(begun)]
        if not self._before() and typed.strip() == ".schema":
            return [one for one in _COLUMNS if one.startswith(begun)]
        if not self._before() and typed.strip() == ".mode":
            return [one for one in ("text", "json", "csv", "md") if one.startswith(begun)]
        table, dot, column = begun.rpartition(".")
        if dot:
            return [f"{table}.{one}" for one in _COLUMNS.get(table, _named(before)) if one.startswith(column)]
        return self._words(begun, before)

    def _words(self, begun: str, before: str) -> list[str]:
        if re.search(r"(?i)\b(from|join|describe|summarize|table|pivot)\s+$", before):
            names = [*_COLUMNS, *(f"{name}(" for name in MACROS)]
        else:
            names = [*_named(before), *_COLUMNS, *(f"{name}(" for name in MACROS)]
        keywords = KEYWORDS if begun[:1].isupper() else [one.lower() for one in KEYWORDS]
        return list(dict.fromkeys(one for one in (*names, *keywords) if one.startswith(begun)))


def _named(before: str) -> list[str]:
    """The columns of the tables that are named, or of all where none is."""
    words = set(re.findall(r"\w+", before))
    tables = [name for name in _COLUMNS if name in words] or list(_COLUMNS)
    return list(dict.fromkeys(column for name in tables for column in _COLUMNS[name]))
