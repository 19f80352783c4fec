"""Stores that are damaged in ways nobody thinks of, or are no stores: one line or a problem, and never a traceback."""

import json
import os
import sqlite3
import subprocess
import sys

import pytest

from tests.cli.calling import omk
from tests.history import STORIES, stored
from tests.scenario import GOAL


@pytest.fixture
def store(tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    stored(folder, STORIES["ready"])
    return folder


def check(store):
    answer = omk("fsck", "--json", "--store", f"sqlite://{store}", at=store)
    report = json.loads(answer.out)
    assert report["ok"] == (answer.code == 0)
    return answer.code, [one["code"] for one in report["problems"]]


def change(store, statement):
    connection = sqlite3.connect(store / "log.sqlite")
    connection.execute(statement)
    connection.commit()
    connection.close()


def one_line(answer, *words):
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("omk: ")
    assert answer.err.count("\n") == 1, answer.err
    for word in words:
        assert word in answer.err


@pytest.mark.parametrize("value", ["'text'", "7", "NULL", "2.5"])
@pytest.mark.parametrize("seq", [1, 7])
def test_a_body_that_is_not_bytes_is_damage(store, value, seq):
    change(store, f"UPDATE stored_events SET state = {value} WHERE originator_version = {seq}")
    code, problems = check(store)
    assert code == 5
    assert "body.unreadable" in problems
    for command in ("list", "status", "replay"):
        one_line(omk(command, "--store", f"sqlite://{store}", at=store), GOAL, f"event {seq}")


@pytest.mark.parametrize("column", ["originator_id = x'ff'", "originator_version = 'five'"])
def test_a_record_at_a_place_that_is_none_is_damage(store, column):
    change(store, f"UPDATE stored_events SET {column} WHERE originator_version = 5")
    assert check(store)[0] == 5
    one_line(omk("list", "--store", f"sqlite://{store}", at=store), "fsck")


def test_a_record_before_the_first_one_is_noticed_by_whoever_reads_the_goal(store):
    change(
        store, "INSERT INTO stored_events SELECT originator_id, 0, topic, state FROM stored_events WHERE originator_version = 5"
    )
    assert check(store)[0] == 5
    for command in ("list", "status", "proof", "replay"):
        one_line(omk(command, "--store", f"sqlite://{store}", at=store), GOAL, "event 0")


def test_an_anchor_with_a_name_that_is_no_text_is_a_problem_and_hides_nothing_else(store):
    (store / "heads" / os.fsdecode(b"\xff\xfe")).touch()
    change(store, "DELETE FROM stored_events WHERE originator_version > 20")
    code, problems = check(store)
    assert code == 5
    assert {"anchor.unreadable", "anchor.lost"} <= set(problems)


def test_an_anchor_that_is_a_folder_is_a_problem(store):
    (store / "heads" / GOAL).unlink()
    (store / "heads" / GOAL).mkdir()
    assert check(store) == (5, ["anchor.unreadable"])
    one_line(omk("status", "--store", f"sqlite://{store}", at=store), GOAL)


def test_a_file_in_place_of_the_folder_of_anchors_is_a_problem(store):
    (store / "heads" / GOAL).unlink()
    (store / "heads").rmdir()
    (store / "heads").write_text("")
    code, problems = check(store)
    assert code == 5
    assert set(problems) == {"anchor.unreadable"}


def test_a_folder_in_place_of_the_log_is_damage(tmp_path):
    (tmp_path / "log.sqlite").mkdir()
    assert check(tmp_path) == (5, ["store.unreadable"])
    one_line(omk("list", "--store", f"sqlite://{tmp_path}", at=tmp_path), "a folder stands where its log belongs")


@pytest.mark.parametrize("form", ["{}", "sqlite://{}", "file://{}"])
def test_a_path_that_is_there_and_is_no_store_is_said_to_be_none(tmp_path, form):
    (tmp_path / "passwd").write_text("root\n")
    for command in ("list", "status", "fsck"):
        one_line(omk(command, "--store", form.format(tmp_path / "passwd"), at=tmp_path), "is a file and no store")
        one_line(omk(command, "--store", form.format(tmp_path), at=tmp_path), "holds other things and no store")


def test_a_store_that_is_not_there_yet_has_no_goals(tmp_path):
    for place in ("store", "store.sqlite", "store.jsonl"):
        assert omk("list", "--json", "--store", str(tmp_path / place), at=tmp_path).out == "[]\n"


def test_a_store_is_named_without_the_slashes_that_were_too_many(tmp_path):
    (tmp_path / "passwd").write_text("root\n")
    answer = omk("list", "--store", f"sqlite:///{tmp_path}/passwd", at=tmp_path)
    one_line(answer, f"omk: {tmp_path}/passwd ")


@pytest.mark.parametrize("speed", ["nan", "inf"])
def test_a_speed_that_is_none_is_refused(store, speed):
    one_line(omk("replay", f"--speed={speed}", "--store", f"sqlite://{store}", at=store), "--speed", "finite")


@pytest.mark.parametrize("speed", ["-inf", "-1", "0", "1e-9", "fast"])
def test_a_speed_below_the_least_is_a_usage_error(store, speed):
    answer = omk("replay", f"--speed={speed}", "--store", f"sqlite://{store}", at=store)
    assert (answer.code, answer.out) == (2, "")
    assert "--speed" in answer.err


def shell(command, at):
    """What `sh` makes of it; `$0` is this Python."""
    return subprocess.run(["sh", "-c", command, sys.executable], cwd=at, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"])
def test_a_stream_that_the_caller_closed_is_no_reason_to_break(store, closed):
    for words, code in ((f"proof --store sqlite://{store}", 0), (f"proof nobody --store sqlite://{store}", 1)):
        answer = shell(f'exec "$0" -m omk {words} {closed}', store)
        assert answer.returncode == code
        assert "Traceback" not in answer.stdout + answer.stderr
        assert answer.stdout == "" or code == 0


def test_a_current_directory_that_is_gone_is_said_to_be_gone(tmp_path):
    for arguments in (["list"], ["status"], ["fsck"], ["run", "x"], ["accept", "--summary", "x"], ["pause"]):
        gone = tmp_path / "gone"
        gone.mkdir()
        command = f'rmdir "{gone}"; exec "$0" -P -m omk {" ".join(arguments)}'
        answer = shell(command, gone)
        assert answer.returncode == 1
        assert answer.stderr == "omk: The current directory is gone. Go to one that exists.\n"
