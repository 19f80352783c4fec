"""What only the SQLite log promises: durability, privacy, and one clear line when the store cannot be used."""

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from omk.errors import Conflict, Damaged, OmkError, Unusable
from omk.log import recorder
from omk.log.blobs import pack
from omk.log.recorder import Recorder
from omk.log.sqlite import SqliteLog
from tests.log.records import GOAL, OTHER, history, many

_, BLOB = pack(b"one\n", b"", 4, b"s" * 16)
WRITER = """
import sys
from pathlib import Path
from omk.domain.subjects.goal import GoalPaused
from omk.errors import Conflict
from omk.log.sqlite import SqliteLog
from tests.log.records import GOAL, history
log = SqliteLog(Path(sys.argv[1]))
input()
entries = history([GoalPaused(reason=sys.argv[2])], after=3, prev=sys.argv[3])
try:
    log.append(GOAL, entries, after=3)
    print("succeeded")
except Conflict:
    print("conflict")
log.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with three records."""
    path = tmp_path / "store" / "log.sqlite"
    recorder.create(path)
    with closing(SqliteLog(path)) as log:
        log.append(GOAL, many(3), after=0, blobs=[BLOB])
    return path


def changed(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement, values)


def one_line(problem: OmkError) -> str:
    text = str(problem)
    assert "\n" not in text
    assert text.endswith((".", "…"))
    return text


def test_the_table_of_events_is_that_of_eventsourcing(path):
    with closing(SQLiteDatastore(":memory:", originator_id_type="text")) as store:
        (statement,) = SQLiteApplicationRecorder(store).create_table_statements
        assert Recorder(store).create_table_statements[0] == statement
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT originator_id, originator_version, topic FROM stored_events").fetchall()
        assert rows == [(GOAL, seq, "goal_planned.v1") for seq in (1, 2, 3)]
        assert connection.execute("SELECT * FROM format").fetchall() == [(1, 1)]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_folder_and_files_are_private_also_while_they_are_in_use(path):
    with closing(SqliteLog(path)) as log:
        log.append(GOAL, many(4)[3:], after=3)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"log.sqlite": 0o600, "log.sqlite-wal": 0o600, "log.sqlite-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["log.sqlite"]


def test_creating_a_store_that_exists_changes_nothing(path):
    recorder.create(path)
    with closing(SqliteLog(path)) as log:
        assert [record.seq for record in log.read(GOAL)] == [1, 2, 3]


def test_of_processes_that_expect_the_same_head_exactly_one_succeeds(path):
    with closing(SqliteLog(path)) as log:
        *_, last = log.read(GOAL)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), f"writer {number}", last.digest],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        for number in range(3)
    ]
    answers = [writer.communicate("go\n")[0].strip() for writer in writers]
    assert sorted(answers) == ["conflict", "conflict", "succeeded"]
    with closing(SqliteLog(path)) as log:
        assert [record.seq for record in log.read(GOAL)] == [1, 2, 3, 4]


def test_reading_does_not_import_eventsourcing(path):
    script = (
        "import sys; from pathlib import Path; from omk.log.open import open_log\n"
        "log = open_log(None, folder=Path(sys.argv[1]), create=True); print(len(list(log.read(sys.argv[2]))))\n"
        "assert not {'eventsourcing', 'zstandard'} & set(sys.modules); log.close()"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", script, str(path.parent), GOAL], text=True, capture_output=True, cwd=root, check=True
    )
    assert done.stdout == "3\n"


def test_a_locked_store_is_refused_in_one_line(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as other, closing(SqliteLog(path, wait=0.01)) as log:
        other.execute("BEGIN IMMEDIATE")
        assert len(list(log.read(GOAL))) == 3
        with pytest.raises(Unusable, match="is locked by another process") as caught:
            log.append(GOAL, many(4)[3:], after=3)
        one_line(caught.value)
        other.execute("ROLLBACK")
        log.append(GOAL, many(4)[3:], after=3)


def test_a_store_locked_also_for_reading_is_refused_in_one_line(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Unusable, match="is locked by another process"):
            SqliteLog(path, wait=0.01)


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at" * 20, b"", b"short"])
def test_what_is_no_database_is_damage_in_one_line(path, content):
    path.write_bytes(content)
    with pytest.raises(Damaged) as caught:
        SqliteLog(path)
    assert str(path) in one_line(caught.value)


def test_a_truncated_database_is_damage_in_one_line(path):
    with closing(SqliteLog(path)) as log:
        log.append(OTHER, many(300, goal=OTHER), after=0)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(Damaged) as caught, closing(SqliteLog(path)) as log:
        list(log.read(OTHER))
    one_line(caught.value)


def test_a_database_of_something_else_is_refused(path):
    changed(path, "DROP TABLE stored_events")
    with pytest.raises(Damaged, match="not a log of omk"):
        SqliteLog(path)


def test_a_newer_format_is_refused_with_one_sentence(path):
    changed(path, "UPDATE format SET minimum_writer = 2")
    with closing(SqliteLog(path)) as log:
        assert len(list(log.read(GOAL))) == 3
        with pytest.raises(Unusable, match="upgrade omk"):
            log.append(GOAL, many(4)[3:], after=3)
    changed(path, "UPDATE format SET minimum_reader = 2")
    with pytest.raises(Unusable, match="has format 2 and this omk reads up to 1"):
        SqliteLog(path)


@pytest.mark.parametrize(
    ("statement", "seq", "code"),
    [
        (
            "UPDATE stored_events SET state = replace(state, 't1', 't9') WHERE originator_version = 2",
            2,
            "body.unreadable",
        ),
        ("UPDATE stored_events SET state = CAST(replace(CAST(state AS TEXT), 't1', 't9') AS BLOB)", 3, "chain.broken"),
        ("DELETE FROM stored_events WHERE originator_version = 2", 2, "seq.hole"),
        ("DELETE FROM stored_events WHERE originator_version = 1", 1, "seq.hole"),
        ("UPDATE stored_events SET state = NULL WHERE originator_version = 3", 3, "body.unreadable"),
        ("UPDATE stored_events SET state = NULL WHERE originator_version = 1", 1, "body.unreadable"),
        ("UPDATE stored_events SET state = 'text' WHERE originator_version = 1", 1, "body.unreadable"),
        ("UPDATE stored_events SET state = x'' WHERE originator_version = 1", 1, "body.unreadable"),
        (
            "UPDATE stored_events SET state = (SELECT state FROM stored_events) WHERE originator_version = 2",
            2,
            "seq.hole",
        ),
    ],
)
def test_damage_inside_is_refused_with_goal_and_seq(path, statement, seq, code):
    changed(path, statement)
    with closing(SqliteLog(path)) as log, pytest.raises(Damaged) as caught:
        list(log.read(GOAL))
    assert (caught.value.goal, caught.value.seq, caught.value.code) == (GOAL, seq, code)
    one_line(caught.value)


def test_a_writer_that_dies_leaves_what_it_had_appended_and_nothing_half(path):
    script = (
        "import os, sys; from pathlib import Path\n"
        "from omk.log.sqlite import SqliteLog; from tests.log.records import *\n"
        "log = SqliteLog(Path(sys.argv[1])); log.append(GOAL, many(5)[3:], after=3)\n"
        "c = log._writer._datastore.pool.get_connection().cursor(); c.execute('BEGIN IMMEDIATE')\n"
        "c.execute('DELETE FROM stored_events'); os._exit(9)"
    )
    root = str(Path(__file__).parents[2])
    assert subprocess.run([sys.executable, "-c", script, str(path)], cwd=root, check=False).returncode == 9
    assert path.with_name("log.sqlite-wal").stat().st_size > 0
    with closing(SqliteLog(path)) as log:
        assert [record.seq for record in log.read(GOAL)] == [1, 2, 3, 4, 5]


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that other users could enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nobody may write in *folder*, not even root."""
    files = list(folder.iterdir())
    for file in files:
        file.chmod(0o444)
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o755)


@pytest.mark.parametrize("is_left_open", [False, True])
def test_a_read_only_store_is_read_and_not_written(public, is_left_open):
    path = public / "store" / "log.sqlite"
    recorder.create(path)
    writer = SqliteLog(path)
    writer.append(GOAL, many(3), after=0, blobs=[BLOB])
    if is_left_open:  # as after a crash: the last records are still in the write-ahead file
        kept = {file: file.read_bytes() for file in path.parent.iterdir()}
    writer.close()
    if is_left_open:
        for file, content in kept.items():
            if not file.name.endswith("-shm"):
                file.write_bytes(content)
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    with read_only(path.parent), closing(SqliteLog(path, wait=0.01)) as log:
        assert [record.seq for record in log.read(GOAL)] == [1, 2, 3]
        assert log.blob(BLOB.digest) == b"one\n"
        with pytest.raises(Unusable) as caught:
            log.append(GOAL, many(4)[3:], after=3)
        one_line(caught.value)
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == before


def test_a_store_that_cannot_be_made_is_refused_in_one_line(public):
    with read_only(public), pytest.raises(Unusable) as caught:
        recorder.create(public / "store" / "log.sqlite")
    one_line(caught.value)
    (public / "file").write_text("")
    with pytest.raises(Unusable) as caught:
        recorder.create(public / "file" / "log.sqlite")
    one_line(caught.value)


def test_a_full_disk_leaves_nothing_half_done(path):
    with closing(SqliteLog(path)) as log:
        connection = log._writer._datastore.pool.get_connection()
        connection.cursor().execute("PRAGMA max_page_count = 1")
        log._writer._datastore.pool.put_connection(connection)
        _, big = pack(os.urandom(200_000), b"", 200_000, b"t" * 16)
        with pytest.raises(Unusable, match="is full") as caught:
            log.append(GOAL, many(4)[3:], after=3, blobs=[big])
        one_line(caught.value)
        assert [record.seq for record in log.read(GOAL)] == [1, 2, 3]
        assert log.blob(big.digest) is None


def test_a_conflict_is_not_taken_for_another_failure(path):
    with closing(SqliteLog(path)) as log:
        with pytest.raises(Conflict):
            log.append(GOAL, history()[:1], after=0)
        changed(path, "CREATE TRIGGER no BEFORE INSERT ON stored_events BEGIN SELECT RAISE(ABORT, 'no'); END")
        with pytest.raises(Unusable, match="cannot be used: no"):
            log.append(GOAL, many(4)[3:], after=3)
