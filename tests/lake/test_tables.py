"""What is written of the tables is what DuckDB says of them."""

import pytest

from omk.lake.opening import lake_at
from omk.lake.tables import MACROS, TABLES
from tools.corpus import REPLAYS


@pytest.fixture(scope="module")
def lake():
    with lake_at(str(REPLAYS / "gate-red-then-green" / "log.jsonl")) as lake:
        yield lake


def named(kind):
    """A type as `tables.py` writes it."""
    return kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


@pytest.mark.parametrize("table", TABLES, ids=lambda one: one.name)
def test_a_table_has_the_columns_and_types_that_are_written(table, lake):
    described = [(row[0], named(row[1])) for row in lake.sql(f"DESCRIBE {table.name}").fetchall()]
    assert described == [(one.name, one.type) for one in table.columns]
    assert all(one.sentence and one.source for one in table.columns)


def test_every_table_is_written_of(lake):
    shown = {row[0] for row in lake.sql("SHOW TABLES").fetchall()}
    assert shown == {one.name for one in TABLES}


def test_every_macro_gives_the_columns_that_its_sentence_names(lake):
    assert [*MACROS] == ["state_at"]
    described = [(row[0], named(row[1])) for row in lake.sql("DESCRIBE FROM state_at('x', 1)").fetchall()]
    assert described == [("path", "VARCHAR"), ("value", "JSON")]
    for name, kind in described:
        assert f"{name} {kind}" in MACROS["state_at"].sentence
    macros = lake.sql(
        "SELECT function_name FROM duckdb_functions() WHERE NOT internal AND function_type LIKE '%macro'"
    ).fetchall()
    assert {row[0] for row in macros} == {*MACROS}


@pytest.mark.parametrize("table", TABLES, ids=lambda one: one.name)
def test_a_table_can_be_read_whole(table, lake):
    assert len(lake.sql(f"SELECT * FROM {table.name}").columns) == len(table.columns)
    lake.sql(f"SELECT * FROM {table.name}").fetchall()
