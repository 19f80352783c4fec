"""A window: the rows that a stretch of the log becomes, table by table."""

from itertools import chain, repeat
from operator import itemgetter
from typing import Any

import msgspec
import pyarrow as pa

from omk.lake.arrow import TYPES, table_of
from omk.lake.project.changes import Changes
from omk.lake.project.events import Taken, events_table
from omk.lake.tables import STORED

_encode = msgspec.json.encode


class Window:
    """Rows as they are made: records for `events`, changes by event for `state_changes`, and rows for the other tables."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.changes: list[tuple[int, str, int, Changes]] = []
        self.rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in STORED}

    def tables(self) -> dict[str, pa.Table]:
        """The stored tables by name, each in the order of the places in the log."""
        made = {name: table_of(rows, STORED[name]) for name, rows in self.rows.items() if name not in MADE}
        return {**made, "events": events_table(self.taken), "state_changes": self._changes()}

    def _changes(self) -> pa.Table:
        told = self.changes
        counts = [len(changes) for _, _, _, changes in told]
        pairs = list(chain.from_iterable(sorted(changes, key=_path) for _, _, _, changes in told))
        columns = {
            "position": _repeated((position for position, _, _, _ in told), counts),
            "goal": _repeated((goal for _, goal, _, _ in told), counts),
            "seq": _repeated((seq for _, _, seq, _ in told), counts),
            "path": [path for path, _ in pairs],
            "new": [None if value is None else _encode(value) for _, value in pairs],
        }
        kinds = STORED["state_changes"]
        return pa.table([pa.array(columns[name], TYPES[kind]) for name, kind in kinds.items()], names=list(kinds))


MADE = ("events", "state_changes")
"""The tables that are made column by column, for most rows are theirs."""


_path = itemgetter(0)  # the order in which an immutable map is gone through is another in each process


def _repeated(values: Any, counts: list[int]) -> list[Any]:
    return list(chain.from_iterable(map(repeat, values, counts)))
