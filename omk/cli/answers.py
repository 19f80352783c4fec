"""An answer of the lake, written: as text, JSON, CSV, Markdown or Parquet, in pieces, so that a large one needs little memory."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, Any

from omk.cli.output import drawn, encoded, is_terminal, json_bytes, say, width
from omk.domain.words import counted
from omk.errors import Unusable
from omk.lake.plain import Column, columns_of, plain_rows, unlike, written
from omk.replay.printable import printable
from omk.views.lines import Span, line
from omk.views.rows import Head, Layout, rows_markdown

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Add = Callable[[bytes], Any]
Rows = Iterator[list[Any]]
PIECE = 2_048
"""Rows that are fetched at once."""
_SAMPLE = 1_000
"""Rows that tell how wide a table's columns are."""
SHOWN = 100
"""Rows that a terminal shows unless one asks for more."""
_COUNTED = 100_000
"""Rows that are counted to say how many there are."""
_PLANS = [["explain_key", "explain_value"]]


class Form(StrEnum):
    """How an answer is written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    MD = "md"


def rows_of(answer: "DuckDBPyConnection", columns: Sequence[Column]) -> Rows:
    """The rows of an answer as plain values, fetched as they are needed."""
    while rows := answer.fetchmany(PIECE):
        yield from plain_rows(columns, rows)


def write_answer(answer: "DuckDBPyConnection", form: Form, add: Add, shown: int | None = None) -> None:
    """Write an answer that is not Parquet. As text, no more than *shown* rows (0: all; null: as many as one looks at)."""
    columns = columns_of(answer)
    rows = rows_of(answer, columns)
    match form:
        case Form.JSON:
            _write_json(columns, rows, add)
        case Form.CSV:
            _write_csv(columns, rows, add)
        case Form.MD:
            heads, texts = _heads(columns), (_texts(row) for row in rows)
            for one in rows_markdown(heads, texts):
                add(encoded(printable(one) + "\n"))
        case _:
            _write_text(columns, rows, add, (SHOWN if is_terminal() else 0) if shown is None else shown)


def _write_json(columns: Sequence[Column], rows: Rows, add: Add) -> None:
    names = [one.name for one in columns]
    before = b"["
    for piece in _pieces(rows):
        add(before + json_bytes([dict(zip(names, row, strict=True)) for row in piece])[1:-1])
        before = b","
    add(b"]\n" if before == b"," else b"[]\n")


def _write_csv(columns: Sequence[Column], rows: Rows, add: Add) -> None:
    tidy = printable if is_terminal() else str
    for piece in chain([[[one.name for one in columns]]], _pieces(rows)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([[tidy(written(value)) for value in row] for row in piece])
        add(text.getvalue().encode())


def _write_text(columns: Sequence[Column], rows: Rows, add: Add, limit: int) -> None:
    if [[one.name for one in columns]] == _PLANS:
        for row in rows:
            add(drawn(line(text) for text in str(row[1]).splitlines()))
        return
    known = list(islice(rows, min(limit or _SAMPLE, _SAMPLE)))
    layout = Layout(_heads(columns), [_texts(row) for row in known], width())
    add(drawn(layout.head()))
    number = 0
    for piece in _pieces(chain(known, islice(rows, limit - len(known)) if limit else rows)):
        add(drawn(layout.lines(_texts(row) for row in piece)))
        number += len(piece)
    more = sum(1 for _ in islice(rows, _COUNTED))
    _tell_count(number, more, add)


def _tell_count(number: int, more: int, add: Add) -> None:
    """Say how many rows there are: below the table where one looks at it, aside where rows are missing from a file."""
    total = f"more than {number + more:,}" if more == _COUNTED else f"{number + more:,}"
    text = (
        f"{number:,} of {total} rows; --rows 0 shows all, --format json, csv and parquet have all"
        if more
        else counted(number, "row")
    )
    if is_terminal():
        add(drawn([line(Span(f"  {text}", "dim"))]))
    elif more:
        say(text)


def _heads(columns: Sequence[Column]) -> list[Head]:
    return [Head(printable(one.name), one.is_number, one.is_time) for one in columns]


def _texts(row: Sequence[Any]) -> list[str | None]:
    return [None if value is None else printable(written(value)) for value in row]


def _pieces(rows: Iterable[list[Any]]) -> Iterator[list[list[Any]]]:
    waiting = iter(rows)
    while piece := list(islice(waiting, PIECE)):
        yield piece


def write_parquet(connection: "DuckDBPyConnection", query: str, file: IO[bytes]) -> None:
    """Carry out a query and write its answer as Parquet, in row groups."""
    import pyarrow as pa
    from pyarrow import parquet

    reader = connection.sql(query).to_arrow_reader(50 * PIECE)
    schema = pa.schema([field.with_name(name) for field, name in zip(reader.schema, unlike(reader.schema.names), strict=True)])
    try:
        with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
    except pa.ArrowNotImplementedError as problem:
        text = f"Parquet has no such type: {' '.join(str(problem).split())[:200]}. Cast that column, as in `x::VARCHAR`."
        raise Unusable(text) from problem
