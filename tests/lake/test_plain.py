"""The values of an answer are exact, and JSON is JSON."""

import duckdb
import msgspec
import pytest

from omk.lake.plain import columns_of, plain_rows, unlike, written


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


VALUES = {
    "1": "1",
    "9223372036854775807": "9223372036854775807",
    "170141183460469231731687303715884105727::HUGEINT": "170141183460469231731687303715884105727",
    "-170141183460469231731687303715884105727::HUGEINT": "-170141183460469231731687303715884105727",
    "340282366920938463463374607431768211455::UHUGEINT": "340282366920938463463374607431768211455",
    "'123456789012345678901234567890123456789012345'::BIGNUM": "123456789012345678901234567890123456789012345",
    "sum(123456789012345678::BIGINT)": "123456789012345678",
    "1.10::DECIMAL(10, 2)": "1.10",
    "0.0000001::DECIMAL(18, 10)": "0.0000001000",
    "12345678901234567890.123456789::DECIMAL(38, 9)": "12345678901234567890.123456789",
    "0.1::DOUBLE": "0.1",
    "'NaN'::DOUBLE": "null",
    "'-Infinity'::FLOAT": "null",
    "NULL": "null",
    "true": "true",
    "'é\"'": '"é\\""',
    "TIMESTAMPTZ '2026-11-22 11:15:00.123456+01'": '"2026-11-22T10:15:00.123456Z"',
    "TIMESTAMPTZ '2026-11-22 10:15:00+00'": '"2026-11-22T10:15:00.000000Z"',
    "TIMESTAMP '2026-11-22 10:15:00'": '"2026-11-22T10:15:00.000000"',
    "'infinity'::TIMESTAMPTZ": '"infinity"',
    "'-infinity'::TIMESTAMP": '"-infinity"',
    "DATE '2026-11-22'": '"2026-11-22"',
    "TIME '10:15:00'": '"10:15:00"',
    "INTERVAL '1 day 2 hours 3 seconds'": '"1 days 02:00:03.000000"',
    "INTERVAL '-1 second'": '"-00:00:01.000000"',
    "'\\xAB'::BLOB": '"ab"',
    "'8f14e45f-ceea-467f-ab2d-1d3f5e2f0a11'::UUID": '"8f14e45f-ceea-467f-ab2d-1d3f5e2f0a11"',
    "'101'::BIT": '"101"',
    "'{\"a\": [1.10, 123456789012345678901]}'::JSON": '{"a": [1.10, 123456789012345678901]}',
    "'{\"a\":\n1}'::JSON": '{"a": 1}',
    "['{}'::JSON, NULL]": "[{},null]",
    "{'a': '[1]'::JSON, 'b': [1.5::DECIMAL(3, 1)]}": '{"a":[1],"b":[1.5]}',
    "[1, NULL]": "[1,null]",
    "[1, 2]::INTEGER[2]": "[1,2]",
    "MAP {'a': 1}": '{"a":1}',
    "MAP {1: TIMESTAMPTZ '2026-11-22 10:15:00+00'}": '{"1":"2026-11-22T10:15:00.000000Z"}',
    "[170141183460469231731687303715884105727::HUGEINT]": "[170141183460469231731687303715884105727]",
}


@pytest.mark.parametrize("expression", VALUES)
def test_a_value_is_written_exactly(expression, connection):
    answer = connection.execute(f"SELECT {expression}")
    rows = plain_rows(columns_of(answer), answer.fetchall())
    assert msgspec.json.encode(rows[0][0]).decode() == VALUES[expression]


def test_every_type_of_duckdb_can_be_written(connection):
    answer = connection.execute("SELECT * FROM test_all_types()")
    for row in plain_rows(columns_of(answer), answer.fetchall()):
        assert msgspec.json.decode(msgspec.json.encode(row), type=list)
        assert all(isinstance(written(value), str) for value in row)


def test_columns_of_the_same_name_are_numbered():
    assert unlike(["a", "b", "a", "a"]) == ["a", "b", "a_1", "a_2"]
    assert unlike(["a", "a", "a_1"]) == ["a", "a_2", "a_1"]


def test_a_value_as_text_is_what_it_is_or_json():
    assert [written(value) for value in (None, True, 1, 1.5, "a", [1, None], {"a": 1})] == [
        *("", "true", "1", "1.5", "a", "[1,null]", '{"a":1}'),
    ]
