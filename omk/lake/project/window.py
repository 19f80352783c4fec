"""A window: the rows that a stretch of the log becomes, table by table."""

from itertools import accumulate, chain
from typing import Any

import msgspec
import pyarrow as pa

from omk.domain.event import Recorded
from omk.lake.arrow import table_of
from omk.lake.project.changes import Changes
from omk.lake.project.events import Taken, events_table
from omk.lake.stored import STORED

_encode = msgspec.json.encode


class Window:
    """Rows as they are made: records for `events`, changes by event for `state_changes`, and rows for the other tables."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.erased: list[Recorded] = []
        """Those that say that a text was erased."""
        self.changes: list[tuple[int, str, int, Changes]] = []
        self.rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in STORED}

    def tables(self) -> dict[str, pa.Table]:
        """The stored tables by name, each in the order of the places in the log."""
        made = {name: table_of(rows, STORED[name]) for name, rows in self.rows.items() if name not in MADE}
        return {**made, "events": events_table(self.taken), "state_changes": self._changes()}

    def events(self) -> pa.Table:
        """The rows of `events` alone, with times as text: sooner at hand, for nothing has to be loaded that casts them."""
        return events_table(self.taken, {**STORED["events"], "recorded_at": "VARCHAR"})

    def _changes(self) -> pa.Table:
        told, kinds = self.changes, STORED["state_changes"]
        if not told:
            return table_of((), kinds)
        positions, goals, seqs, found = zip(*told, strict=True)
        paths, values = zip(*chain.from_iterable(found), strict=True)
        ends = pa.array(list(accumulate(map(len, found))), pa.int64())
        columns = {
            "position": _repeated(pa.array(positions, pa.int64()), ends),
            "goal": _repeated(pa.array(goals, pa.string()), ends),
            "seq": _repeated(pa.array(seqs, pa.int64()), ends),
            "path": pa.array(paths, pa.string()),
            "new": pa.array([None if value is None else _encode(value) for value in values], pa.string()),
        }
        return pa.table([columns[name] for name in kinds], names=list(kinds))


MADE = ("events", "state_changes")
"""The tables that are made column by column, for most rows are theirs."""


def _repeated(values: pa.Array, ends: pa.Array) -> pa.Array:
    """Each value up to the end that it has."""
    from pyarrow import compute

    return compute.run_end_decode(pa.RunEndEncodedArray.from_arrays(ends, values))
