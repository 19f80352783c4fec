"""The page about the lake's tables, from the tables that the lake itself uses."""

from collections.abc import Iterator

from omk.lake.tables import MACROS, TABLES, Macro, Table

HEAD = """\
# The tables of the lake

What `omk sql`, `omk.lake(…).sql(…)` and every named question ask. They cover every goal of the store, up to the newest
record.

- Times are UTC, to the microsecond. A duration is in the unit that its column's name says.
- Money is whole millionths of a US dollar (`micro_usd`): sums of it are exact.
- A column of type JSON holds JSON text: `payload->>'outcome'` is a string, `texts->>'reason'` the words of a person, an agent
  or a tool. What was erased from the log is gone from the lake with the next answer.
- A number that 64 bits cannot hold is null in its column; `payload` has it as it was recorded.
- *The fold* is omk's own: `status`, `verdicts` and `state_changes` are what `omk show`, `omk verdicts` and `omk diff` say.
- A fork's inherited events stand under its parent's name; its verdicts and its state are told from the first inherited event on.
- `recorded_at` is the time of an event. (`at` would be a reserved word.)

What an event of each kind holds in `payload` is in the [events](events.md) page.
"""


def lake_parts() -> Iterator[str]:
    """The parts of the page."""
    yield HEAD
    yield "Tables: " + ", ".join(f"[`{table.name}`](#{table.name})" for table in TABLES) + "."
    yield from map(_table, TABLES)
    yield from map(_macro, MACROS.values())


def _table(table: Table) -> str:
    rows = [f"| `{one.name}` | {one.type} | {one.sentence} | {one.source} |" for one in table.columns]
    return "\n".join([f"## {table.name}", "", table.sentence, "", "| column | type | | from |", "|---|---|---|---|", *rows])


def _macro(macro: Macro) -> str:
    return f"## {macro.call.partition('(')[0]}\n\n`{macro.call}`: {macro.sentence}"
