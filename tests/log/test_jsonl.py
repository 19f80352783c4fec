"""What only the log of lines promises: one canonical body per line, a torn tail mended, one writer at a time."""

import fcntl
import stat
from pathlib import Path

import pytest

from omk.errors import Damaged, Unusable
from omk.log import jsonl
from omk.log.blobs import pack
from omk.log.jsonl import JsonlLog
from tests.log.records import GOAL, OTHER, STORY, history, many

_, BLOB = pack(b"one\n", b"", 4, b"s" * 16)
ENTRIES = history()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log with a whole story."""
    path = tmp_path / "log.jsonl"
    jsonl.create(path)
    JsonlLog(path).append(GOAL, ENTRIES, after=0, blobs=[BLOB])
    return path


def test_each_line_is_a_stored_body(path):
    assert path.read_bytes() == b"".join(entry.body + b"\n" for entry in ENTRIES)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.with_name("log.blobs.jsonl").read_bytes().splitlines()) == 1


@pytest.mark.parametrize("torn", [1, 7, 200])
def test_a_torn_tail_is_left_out_reported_and_mended_at_the_next_append(path, torn):
    with path.open("ab") as file:
        file.write(ENTRIES[0].body[:torn])
    log = JsonlLog(path)
    assert len(list(log.read(GOAL))) == len(STORY)
    assert [(problem.code, problem.seq) for problem in log.problems] == [("tail.torn", None)]
    log.append(OTHER, many(1, goal=OTHER), after=0)
    assert [problem.code for problem in log.problems] == ["tail.torn"]
    assert "was cut off" in log.problems[0].text
    assert JsonlLog(path).problems == ()
    assert [record.goal for _, record in JsonlLog(path).follow()] == [GOAL] * len(STORY) + [OTHER]


def test_a_last_line_without_its_end_is_whole(path):
    path.write_bytes(path.read_bytes()[:-1])
    log = JsonlLog(path)
    assert (len(list(log.read(GOAL))), log.problems) == (len(STORY), ())
    log.append(OTHER, many(1, goal=OTHER), after=0)
    assert len(path.read_bytes().splitlines()) == len(STORY) + 1


@pytest.mark.parametrize("place", range(len(STORY) - 1))
def test_damage_inside_refuses_naming_goal_and_seq(path, place):
    lines = path.read_bytes().splitlines(keepends=True)
    lines[place] = lines[place].replace(b"controller:c1", b"controller:c2")
    path.write_bytes(b"".join(lines))
    with pytest.raises(Damaged) as caught:
        list(JsonlLog(path).read(GOAL))
    assert (caught.value.goal, caught.value.seq, caught.value.code) == (GOAL, place + 2, "chain.broken")


def test_a_line_that_is_no_record_refuses(path):
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1][:-9] + b"\n"
    path.write_bytes(b"".join(lines))
    with pytest.raises(Damaged) as caught:
        list(JsonlLog(path).read(GOAL))
    assert caught.value.code == "body.unreadable"


def test_a_second_writer_waits_and_is_then_refused(path):
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(Unusable, match="locked by another process"):
            JsonlLog(path, wait=0.01).append(GOAL, history(after=5), after=5)
    JsonlLog(path).append(GOAL, many(6)[5:], after=5)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Unusable, match="No such file"):
        JsonlLog(tmp_path / "none.jsonl")
