"""Reading commands: one contract for all of them, what each tells, and one line for everything that is wrong."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from freezegun import freeze_time

from omk.__main__ import VERSION
from omk.cli.app import COMMANDS, SUMMARIES, application, loaded
from omk.log.anchors import write_anchor
from tests.cli.calling import omk
from tests.history import STORIES, red, stored
from tests.scenario import GOAL

READING = ("status", "show", "proof", "why", "verdicts", "replay")
OTHER = "g-7hk2xxxx"


@pytest.fixture
def store(tmp_path):
    """A store with one ready goal, and nothing else around it."""
    folder = tmp_path / "store"
    folder.mkdir()
    stored(folder, STORIES["ready"])
    return folder


def read(store, *arguments):
    return omk(*arguments, "--store", f"sqlite://{store}", at=store)


def document(store, *arguments):
    answer = read(store, *arguments, "--json")
    assert (answer.code, answer.err) == (0, "")
    return json.loads(answer.out)


def one_line(answer, code=1):
    """What it complained of: one line on stderr, nothing on stdout, no traceback."""
    assert answer.code == code
    assert answer.out == ""
    assert answer.err.count("\n") == 1
    assert answer.err.startswith("omk: ")
    return answer.err


# --- All of them ---


@pytest.mark.parametrize("command", ["list", *READING])
@pytest.mark.parametrize("form", [[], ["--format", "text"], ["--format", "md"], ["--format", "json"], ["--json"]])
def test_a_reading_command_answers_in_every_format(store, command, form):
    answer = read(store, command, *form)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.endswith("\n")
    assert "\x1b" not in answer.out
    if "json" in "".join(form):
        assert json.loads(answer.out)


@pytest.mark.parametrize("command", ["list", *READING, "fsck"])
def test_a_format_given_twice_is_a_usage_error(store, command):
    answer = read(store, command, "--json", "--format", "text")
    assert (answer.code, answer.out) == (2, "")


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize("address", [f"{GOAL}@{seq}" for seq in (0, 1, 5)] + ["latest", GOAL[:4], "latest@-1", "latest@ready"])
def test_a_reading_command_takes_every_address(store, command, address):
    assert read(store, command, address, "--json").code == 0


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("g-nobody", "'g-nobody' not found"),
        ("", "empty"),
        ("@3", "empty"),
        ("latest@", "empty"),
        ("latest@999", "0.."),
        ("latest@nonsense!", "no position"),
        ("latest@1999-01-01", "before the first event"),
    ],
)
def test_a_bad_address_is_one_line(store, command, address, words):
    assert words in one_line(read(store, command, address, "--json"))


def test_an_ambiguous_prefix_names_what_it_fits(store):
    stored(store, STORIES["unaccepted"], name=OTHER)
    assert f"{GOAL}, {OTHER}" in one_line(read(store, "proof", "g-7hk2"))


@pytest.mark.parametrize("command", READING)
def test_where_no_store_is_a_reading_command_says_how_to_begin_and_creates_none(tmp_path, command):
    assert "omk run" in one_line(read(tmp_path, command, "--json"))
    assert list(tmp_path.iterdir()) == []


def test_where_no_store_is_the_list_is_empty(repository):
    assert omk("list", "--json", at=repository).out == "[]\n"
    assert not (repository / ".git" / "omk").exists()


def test_outside_of_a_repository_and_without_a_store_it_says_so(tmp_path):
    assert "not in a git repository" in one_line(omk("list", at=tmp_path))


@pytest.mark.parametrize("command", [*READING, "list"])
def test_the_alias_goal_means_the_same(store, command):
    assert read(store, "goal", command, "--json").out == read(store, command, "--json").out


def test_an_unknown_command_is_a_usage_error(store):
    answer = omk("dance", at=store)
    assert (answer.code, answer.out) == (2, "")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_exists_and_its_help_begins_with_its_summary(name):
    assert (loaded(COMMANDS[name]).__doc__ or "").startswith(SUMMARIES[name])


def test_the_help_names_every_command(store):
    shown = omk("--help", at=store)
    assert shown.code == 0
    assert all(f"  {name} " in shown.out for name in COMMANDS)


def test_only_the_command_that_is_named_is_registered():
    assert [one.name for one in application("why").registered_commands] == ["why"]


# --- Each of them ---


def test_proof_check_tells_ready_from_not_ready_by_the_exit_code(store, tmp_path):
    assert read(store, "proof", "--check").code == 0
    other = tmp_path / "other"
    other.mkdir()
    stored(other, STORIES["unaccepted"])
    assert read(other, "proof", "--check", "--json").code == 3


def test_replay_tells_timeline_state_and_proof_of_that_moment(store):
    whole = document(store, "replay")
    assert {"goal", "at", "events", "head", "state", "proof", "timeline", "problems"} <= set(whole)
    assert whole["events"] == whole["at"]["seq"] == len(whole["timeline"]) == len(STORIES["ready"].records) + 1
    assert whole["proof"] == document(store, "proof")
    assert {**whole["state"], "forks": [], "permissions": []} == document(store, "show")
    assert set(whole["timeline"][0]) == {"seq", "at", "kind", "actor", "causes", "summary"}
    assert whole["timeline"][-1]["kind"] == "proof_issued.v1"


def test_replay_gives_every_moment_and_a_timeline_up_to_it(store):
    whole = document(store, "replay")
    for seq in range(len(whole["timeline"]) + 1):
        part = document(store, "replay", f"latest@{seq}")
        assert part["timeline"] == whole["timeline"][:seq]
        assert part["at"] == {"seq": seq, "time": whole["timeline"][seq - 1]["at"] if seq else None}
        assert part["proof"]["seq"] == seq
        assert part["proof"] == document(store, "proof", f"latest@{seq}")
    assert document(store, "replay", "latest@0")["head"] is None


def test_replay_shows_only_the_kinds_asked_for_and_the_same_proof(store):
    part = document(store, "replay", "--kind", "gate_ran", "-k", "review_passed.v1")
    assert {one["kind"] for one in part["timeline"]} == {"gate_ran.v1", "review_passed.v1"}
    assert part["proof"] == document(store, "proof")


def test_replay_says_so_when_there_is_nothing_of_a_kind(store):
    answer = read(store, "replay", "--kind", "tea_made", "--json")
    assert json.loads(answer.out)["timeline"] == []
    assert "tea_made" in answer.err
    for form in ("text", "md"):
        alone = read(store, "replay", "--kind", "tea_made", "--format", form)
        assert (alone.code, alone.out) == (0, "")
        assert "tea_made" in alone.err
        beside = read(store, "replay", "--kind", "tea_made", "--kind", "gate_ran", "--format", form).out
        assert "tests passed (exit 0" in beside


def test_replay_follows_until_the_controller_has_stopped(tmp_path):
    stored(tmp_path, STORIES["ended"])
    lines = read(tmp_path, "replay", "--follow", "--json").out.splitlines()
    assert len(lines) == len(STORIES["ended"].records) + 1
    assert json.loads(lines[0])["kind"] == "goal_created.v1"


def test_replay_at_a_speed_shows_the_same_lines(store):
    fast = read(store, "replay", "--speed", "1000000").out.splitlines()
    assert all(line in read(store, "replay").out for line in fast)


def test_why_explains_a_red_gate_with_the_end_of_its_output(tmp_path):
    story, blobs = red()
    stored(tmp_path, story, blobs=blobs)
    told = document(tmp_path, "why")
    assert {"goal", "seq", "status", "blocking", "fewest"} <= set(told)
    gap = next(one for one in told["blocking"] if one["code"] == "gate.tests")
    assert gap["output_tail"][-1] == "1 failed, 1 passed"
    assert "1 failed, 1 passed" in read(tmp_path, "why").out
    assert [one["code"] for one in told["blocking"]] == [one["code"] for one in document(tmp_path, "proof")["gaps"]]


def test_list_shows_the_newest_goal_first(store):
    stored(store, STORIES["blocked"], name="z-later")
    assert [one["goal"] for one in document(store, "list")] == ["z-later", GOAL]
    keys = {"goal", "status", "phase", "created_at", "updated_at", "events", "prompt"}
    assert keys <= set(document(store, "list")[0])


def test_goals_of_another_repository_are_shown_only_when_asked_for(repository):
    folder = repository / ".git" / "omk"
    folder.mkdir()
    stored(folder, STORIES["ready"])
    (folder / "repository-id").write_text("another-one\n")
    answer = omk("list", "--json", at=repository)
    assert answer.out == "[]\n"
    assert "--all" in answer.err
    assert len(json.loads(omk("list", "--json", "--all", at=repository).out)) == 1
    assert omk("proof", at=repository).code == 1
    assert omk("proof", GOAL, at=repository).code == 0


def test_the_store_is_found_from_a_subfolder_and_from_a_linked_worktree(repository, tmp_path):
    folder = repository / ".git" / "omk"
    folder.mkdir()
    stored(folder, STORIES["ready"])
    (folder / "repository-id").write_text("r-4f1c\n")
    (repository / "deep" / "er").mkdir(parents=True)
    subprocess.run(["git", "worktree", "add", "-q", str(tmp_path / "linked")], cwd=repository, check=True)
    here = omk("proof", "--json", "--all", at=repository).out
    assert here
    assert omk("proof", "--json", "--all", at=repository / "deep" / "er").out == here
    assert omk("proof", "--json", "--all", at=tmp_path / "linked").out == here


# --- Damage ---


def change(store, statement, *values):
    connection = sqlite3.connect(store / "log.sqlite")
    for name in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name[0]}")
    connection.execute(statement, values)
    connection.commit()
    connection.close()


@pytest.mark.parametrize("command", [*READING, "list"])
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM stored_events WHERE originator_version = 5",
        (
            "UPDATE stored_events SET state = CAST(replace(CAST(state AS TEXT), 'controller:c-1', 'controller:c-2') AS BLOB)"
            " WHERE originator_version = 6"
        ),
    ],
)
def test_a_reading_command_refuses_a_damaged_history_and_says_where(store, command, statement):
    change(store, statement)
    said = one_line(read(store, command, "--json"))
    assert GOAL in said
    assert "event" in said


@pytest.mark.parametrize("command", [*READING, "list"])
def test_a_history_that_was_cut_short_is_refused(store, command):
    change(store, "DELETE FROM stored_events WHERE originator_version >= 30")
    assert "ends before" in one_line(read(store, command))


@pytest.mark.parametrize("command", [*READING, "list"])
def test_a_goal_that_is_gone_is_refused(store, command):
    write_anchor(store, "g-gone", 3, "b2:" + 64 * "0")
    assert "g-gone" in one_line(read(store, command))


@pytest.mark.parametrize("command", READING)
def test_a_store_that_is_none_is_one_line(tmp_path, command):
    (tmp_path / "log.sqlite").write_text("this is not SQLite, but it is long enough to be looked at")
    assert "omk: " in one_line(read(tmp_path, command))


def test_a_read_only_store_can_be_read(store):
    expected = read(store, "proof", "--json").out
    (store / "log.sqlite").chmod(0o400)
    store.chmod(0o500)
    try:
        assert read(store, "proof", "--json").out == expected
    finally:
        store.chmod(0o700)


# --- Determinism ---


def replayed(store, directory, *words, **environment):
    command = [sys.executable, "-m", "omk", *(words or ("replay", GOAL)), "--json", "--store", f"sqlite://{store}"]
    settings = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment}
    done = subprocess.run(command, cwd=directory, env=settings, capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout


@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "Asia/Kathmandu"},
        {"LC_ALL": "C", "LANG": "C"},
        {"LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "0"},
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "77"},
        {"COLUMNS": "40", "NO_COLOR": "1", "FORCE_COLOR": "1"},
    ],
    ids=str,
)
def test_a_replay_is_the_same_bytes_in_every_environment(store, tmp_path, environment):
    assert replayed(store, tmp_path, **environment) == replayed(store, store)


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_what_explains_is_the_same_bytes_whatever_the_hash_seed(store, seed):
    for words in (("unblock", f"{GOAL}@task_proposed#3"), ("why", f"{GOAL}@task_proposed#3", "--chain"), ("verdicts", GOAL)):
        assert replayed(store, store, *words, PYTHONHASHSEED=seed) == replayed(store, store, *words, PYTHONHASHSEED="0")


def test_a_replay_is_the_same_bytes_at_every_time(store):
    first = read(store, "replay", "--json").out
    with freeze_time("2031-07-08 09:10:11"):
        assert read(store, "replay", "--json").out == first


def test_a_replay_is_the_same_bytes_from_a_copy_of_the_store(store, tmp_path):
    shutil.copytree(store, tmp_path / "copy")
    assert read(tmp_path / "copy", "replay", "--json").out == read(store, "replay", "--json").out


def test_a_reader_who_leaves_early_is_no_error(store, tmp_path):
    line = f"{sys.executable} -m omk replay {GOAL} --store sqlite://{store} | head -n 1"
    settings = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, env=settings, capture_output=True, check=True, text=True)
    assert (done.stderr, done.stdout.count("\n")) == ("", 1)


def test_the_version_is_that_of_the_package():
    settings = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert settings["project"]["version"] == VERSION
