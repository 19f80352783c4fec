"""Columns of the lake as Arrow arrays."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from omk.lake.stored import Columns

TYPES = {
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "VARCHAR": pa.string(),
    "JSON": pa.string(),
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
    "BIGINT[]": pa.list_(pa.int64()),
    "VARCHAR[]": pa.list_(pa.string()),
}
"""DuckDB types as Arrow has them; JSON is text."""
TIME = TYPES["TIMESTAMPTZ"]


def array_of(values: Sequence[Any], kind: str) -> pa.Array:
    """A column of these values; times are in the text form of a record (`2026-11-22T10:15:00.123456Z`)."""
    if kind == "TIMESTAMPTZ":
        return pa.array(values, pa.string()).cast(TIME)
    try:
        return pa.array(values, TYPES[kind])
    except (pa.ArrowInvalid, OverflowError):
        return pa.array([_fitting(value) for value in values], TYPES[kind])


def _fitting(value: Any) -> Any:
    """A number as a column can hold it: null beyond 64 bits, for nothing that is counted or paid comes near that."""
    if isinstance(value, list | tuple):
        return [_fitting(one) for one in value]
    return None if isinstance(value, int) and not -(2**63) <= value < 2**63 else value


def nulls(kind: str, count: int) -> pa.Array:
    """A column of nulls."""
    return pa.nulls(count, TYPES[kind])


def table_of(rows: Sequence[Sequence[Any]], columns: Columns) -> pa.Table:
    """A table of these rows, whose values are in the order of *columns*."""
    if not rows:
        return pa.table([nulls(kind, 0) for kind in columns.values()], names=list(columns))
    values = zip(*rows, strict=True)
    return pa.table([array_of(column, kind) for column, kind in zip(values, columns.values(), strict=True)], names=list(columns))
