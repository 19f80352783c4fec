"""fsck reads the trailers of merge commits: what a merged goal had come to cannot be taken back with the store."""

import json
import shutil
import sqlite3

import pytest

from tests.cli.calling import commit, git, omk, run_goal


@pytest.fixture
def merged(repository):
    """The id of a goal that was merged, and of which the store has everything."""
    goal = run_goal("--accept", "auto", at=repository).document["goal"]
    assert omk("merge", at=repository).code == 0
    assert "Omk-Head: " in git("log", "-1", "--format=%B", at=repository)
    assert check(repository) == (0, [])
    return goal


def check(at, *arguments):
    answer = omk("fsck", *arguments, "--json", at=at)
    report = json.loads(answer.out)
    return answer.code, [(one["goal"], one["code"]) for one in report["problems"]]


def change(repository, statement):
    connection = sqlite3.connect(repository / ".git" / "omk" / "log.sqlite")
    connection.execute(statement)
    connection.commit()
    connection.close()
    shutil.rmtree(repository / ".git" / "omk" / "heads")


def test_a_log_that_ends_before_the_goal_was_merged_is_damage(repository, merged):
    change(repository, "DELETE FROM stored_events WHERE originator_version > 20")
    assert check(repository) == (5, [(merged, "anchor.lost")])
    assert check(repository, merged) == (5, [(merged, "anchor.lost")])


def test_a_log_that_lacks_a_merged_goal_is_damage(repository, merged):
    change(repository, "DELETE FROM stored_events")
    assert check(repository) == (5, [(merged, "anchor.lost")])
    shutil.rmtree(repository / ".git" / "omk")
    assert check(repository) == (5, [(merged, "anchor.lost")])


def test_a_log_in_which_a_merged_goal_has_another_history_is_damage(repository, merged):
    head = git("log", "-1", "--format=%(trailers:key=Omk-Head,valueonly)", at=repository).split()[1]
    git("commit", "--amend", "--message", f"x\n\nOmk-Goal: {merged}\nOmk-Head: 7 {head}", at=repository)
    assert check(repository) == (5, [(merged, "anchor.differs")])


def test_what_others_merged_is_in_their_stores(repository, merged, tmp_path):
    git("clone", "--quiet", str(repository), str(tmp_path / "clone"), at=tmp_path)
    assert check(tmp_path / "clone") == (0, [])
    commit(tmp_path / "clone", more="more\n")
    run_goal("--accept", "auto", at=tmp_path / "clone")
    assert check(tmp_path / "clone") == (0, [])


def test_another_store_need_not_have_the_goals_of_the_repository_one_stands_in(repository, merged, tmp_path):
    answer = omk("fsck", "--store", str(tmp_path / "other"), at=repository)
    assert answer.code == 0
    copy = tmp_path / "copy"
    shutil.copytree(repository / ".git" / "omk", copy)
    change(repository, "DELETE FROM stored_events WHERE originator_version > 20")
    assert omk("fsck", "--store", str(copy), at=repository).code == 0
    shutil.copy(repository / ".git" / "omk" / "log.sqlite", copy / "log.sqlite")
    shutil.rmtree(copy / "heads")
    assert omk("fsck", "--store", str(copy), at=repository).code == 5
