"""A query reads the lake and can do nothing else, whatever somebody tries; and so do the relations of the Python API."""

import re

import duckdb
import pyarrow as pa
import pytest

from omk.errors import OmkError, Refused
from omk.lake.guard import reading
from omk.lake.trouble import told
from tests.lake.attempts import ATTEMPTS, READS
from tests.lake.stores import EVENTS, contents, lake_in, make_store, marks

SECRET = "SECRET-OF-THE-CANARY"
HARMS_THE_LAKE = {"COPY over a lake file at once", "COPY explained and carried out"}
"""What only the look at the statement keeps out: the files that may be read may be written, too, in a way."""


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A folder with a store, its lake, and files that nobody may read."""
    folder = tmp_path_factory.mktemp("room")
    (folder / "canary.txt").write_text(SECRET)
    (folder / "canary.csv").write_text(f"a,b\n{SECRET},1\n")
    make_store(folder / "store")
    return folder


@pytest.fixture(scope="module")
def lake(room):
    with lake_in(room / "store") as lake:
        lake.sql("SELECT * FROM goals").fetchall()  # all tables are in place
        before = contents(room)
        yield lake
        assert contents(room) == before


@pytest.fixture
def watched(room, lake, monkeypatch):
    """The folder, from which one asks; nothing in it may be another one afterwards, and the lake must still answer."""
    monkeypatch.chdir(room)
    before = marks(room)
    yield room
    assert marks(room) == before
    assert lake.sql("SELECT count(*) FROM events").fetchall() == [(EVENTS,)]
    assert lake.sql("SELECT count(*) FROM goals").fetchall() == [(1,)]


def tried(name, room):
    """The query of an attempt."""
    stored = next((room / "store" / "lake").rglob("events*.parquet"))
    return ATTEMPTS[name].format(
        canary=room / "canary.txt", table=room / "canary.csv", outside=room / "taken", stored=stored, folder=room
    )


def asked(lake, query):
    """The rows of an answer, asked for as the command line does."""
    connection = lake.ready_for(query)
    with told(query):
        return connection.execute(query).fetchall()


def test_there_are_enough_attempts():
    assert len(ATTEMPTS) >= 100


@pytest.mark.parametrize("name", ATTEMPTS)
def test_an_attempt_to_do_more_than_read_the_lake_is_refused_in_one_line(name, lake, watched):
    with pytest.raises(OmkError) as refused:
        asked(lake, tried(name, watched))
    said = str(refused.value)
    assert "\n" not in said
    assert SECRET not in said
    assert said.endswith((".", "?", "'"))


@pytest.mark.parametrize("name", ATTEMPTS)
def test_an_attempt_through_python_fails_too(name, lake, watched):
    with pytest.raises((OmkError, duckdb.Error)) as failed:
        lake.sql(tried(name, watched)).fetchall()
    assert SECRET not in str(failed.value)


@pytest.mark.parametrize("name", [one for one in ATTEMPTS if one not in HARMS_THE_LAKE and "pointer" not in one])
def test_without_the_look_at_the_statement_the_lock_and_the_transaction_hold(name, lake, watched):
    """What DuckDB itself lets through stays in memory, and in a transaction that changes nothing for others."""
    connection = reading(lake._connection)
    try:
        answered = str(connection.execute(tried(name, watched)).fetchall())
    except (duckdb.Error, ValueError) as problem:
        answered = str(problem)
    assert SECRET not in answered
    connection.close()


EMPTY = {"state_at"}
"""The queries that read what is not there."""


@pytest.mark.parametrize("name", READS)
def test_a_query_that_reads_is_answered(name, lake, watched):
    asked(lake, READS[name])
    assert bool(lake.sql(READS[name]).fetchall()) == (name not in EMPTY)


def test_what_is_refused_is_named_with_what_is_allowed(lake):
    with pytest.raises(Refused, match=r"The lake is only read, and COPY is not reading\. A query may be SELECT, .* EXPLAIN\."):
        lake.sql("-- just a copy\ncopy events to 'x'")
    with pytest.raises(Refused, match="INSERT is not reading"):
        lake.sql(ATTEMPTS["INSERT in a WITH"])
    with pytest.raises(Refused, match="EXPLAIN COPY is not reading"):
        lake.sql("explain analyze copy events to 'x'")
    with pytest.raises(Refused, match=re.escape("one query at a time, and these are 2.")):
        lake.sql("select 1; select 2")
    with pytest.raises(Refused, match=re.escape("one query at a time, and there is none here.")):
        lake.sql("-- nothing")
    with pytest.raises(Refused, match=re.escape("no file: x.csv is out of reach. `SHOW TABLES` lists the tables.")):
        lake.sql("from 'x.csv'")


def test_a_variable_of_the_caller_is_no_table(lake):
    frame = pa.table({"a": [1]})
    assert frame.num_rows == 1
    with pytest.raises(Refused, match="Table with name frame does not exist"):
        lake.sql("SELECT * FROM frame")


WRITES = {
    "create": lambda relation, _: relation.create("taken"),
    "to_table": lambda relation, _: relation.to_table("taken"),
    "create_view": lambda relation, _: relation.create_view("taken"),
    "create_view in place of a table": lambda relation, _: relation.create_view("events", replace=True),
    "insert_into": lambda relation, _: relation.insert_into("tail.events"),
    "to_csv": lambda relation, room: relation.to_csv(str(room / "taken")),
    "write_csv": lambda relation, room: relation.write_csv(str(room / "taken")),
    "to_parquet": lambda relation, room: relation.to_parquet(str(room / "taken")),
    "write_parquet": lambda relation, room: relation.write_parquet(str(room / "taken")),
    "write_parquet over a lake file": lambda relation, room: relation.write_parquet(
        str(next((room / "store" / "lake").rglob("events*.parquet")))
    ),
    "query that inserts": lambda relation, _: relation.query("x", "INSERT INTO tail.goals (goal) VALUES ('forged')"),
    "query that copies": lambda relation, room: relation.query("x", f"COPY x TO '{room / 'taken'}'"),
    "query that reads a file": lambda relation, room: relation.query("x", f"FROM read_text('{room / 'canary.txt'}')").fetchall(),
    "query that sets": lambda relation, _: relation.query("x", "SET enable_external_access = true"),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_relation_reads_and_what_writes_fails(name, lake, watched):
    relation = lake.sql("SELECT * FROM events")
    with pytest.raises(duckdb.Error) as failed:
        WRITES[name](relation, watched)
    assert SECRET not in str(failed.value)


def test_a_relation_is_worked_with_as_usual(lake):
    relation = lake.sql("SELECT seq, kind FROM events").filter("seq <= 10").order("seq").limit(3)
    assert relation.to_arrow_table().column("seq").to_pylist() == [1, 2, 3]
    assert relation.aggregate("count(*)").fetchall() == [(3,)]
    assert relation.query("x", "SELECT max(seq) FROM x").fetchall() == [(3,)]


def test_a_query_takes_parameters(lake):
    assert lake.sql("SELECT count(*) FROM events WHERE seq <= ?", [7]).fetchall() == [(7,)]
    assert lake.sql("SELECT count(*) FROM events WHERE seq <= $last", {"last": 7}).fetchall() == [(7,)]
    with pytest.raises(Refused, match="Values were not provided for the following parameters: last"):
        lake.sql("SELECT count(*) FROM events WHERE seq <= $last")


def test_a_query_that_failed_leaves_the_others_alone(lake):
    relation = lake.sql("SELECT count(*) FROM events")
    with pytest.raises(duckdb.Error, match="no way"):
        lake.sql("SELECT error('no way')").fetchall()
    assert relation.fetchall() == [(EVENTS,)]


def test_the_lock_holds_only_the_files_of_the_lake(lake, room):
    found = lake.sql("SELECT value FROM duckdb_settings() WHERE name = 'allowed_paths'").fetchall()[0][0]
    stored = {str(path) for path in (room / "store" / "lake").rglob("*.parquet")}
    assert set(found.strip("[]").split(", ")) == stored
    settings = dict(lake.sql("SELECT name, value FROM duckdb_settings()").fetchall())
    assert settings["lock_configuration"] == "true"
    assert settings["enable_external_access"] == settings["autoload_known_extensions"] == "false"
    assert settings["autoinstall_known_extensions"] == settings["allow_community_extensions"] == "false"
    assert settings["python_enable_replacements"] == settings["python_scan_all_frames"] == "false"
