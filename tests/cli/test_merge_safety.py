"""`omk merge` loses nothing of the person's, whatever git was told to do by itself, and nothing of the goal's verdict."""

import os

import pytest

from tests.cli.calling import commit, git, omk, run_goal, write


def test_a_persons_ignored_file_in_the_way_refuses_the_merge_in_one_line(repository):
    run_goal("--accept", "auto", at=repository)
    write(repository / ".git" / "info" / "exclude", "cli.py\n")
    write(repository / "cli.py", "mine\n")
    before = git("rev-parse", "main", at=repository)
    merged = omk("merge", at=repository)
    assert merged.code != 0
    assert "cli.py" in merged.err
    assert len(merged.err.strip().splitlines()) == 1
    assert (repository / "cli.py").read_text() == "mine\n"
    assert git("rev-parse", "main", at=repository) == before
    assert git("status", "--porcelain", at=repository) == ""


@pytest.mark.parametrize("path", ["cli.py/mine.txt", "cli.py"])
def test_an_ignored_folder_or_a_file_for_a_folder_in_the_way_stays(path, repository):
    agent = "command:mkdir -p cli.py; echo 1 > cli.py/new.txt" if path == "cli.py" else "command:echo 1 > cli.py"
    gate = ("--gate", "acceptance=test -e cli.py", "--gate", "smoke=true", "--gate", "demo=true")
    run_goal(*gate, "--accept", "auto", at=repository, agent=agent)
    write(repository / ".git" / "info" / "exclude", "cli.py\nmine.txt\n")
    write(repository / path, "mine\n")
    merged = omk("merge", at=repository)
    assert merged.code != 0
    assert (repository / path).read_text() == "mine\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("branch.main.mergeOptions", "--squash"),
        ("branch.main.mergeOptions", "--no-commit"),
        ("branch.main.mergeOptions", "--verify-signatures"),
        ("merge.verifySignatures", "true"),
        ("merge.ff", "false"),
    ],
)
def test_merge_options_of_the_persons_do_not_change_what_a_merge_is(name, value, repository):
    proof = run_goal("--accept", "auto", at=repository).document
    git("config", name, value, at=repository)
    merged = omk("merge", at=repository)
    assert merged.code == 0, merged.err
    assert git("rev-parse", "main^{tree}", at=repository) == proof["tree"]
    assert git("status", "--porcelain", at=repository) == ""


def test_a_branch_that_git_did_not_move_is_no_merge(repository, tmp_path, monkeypatch):
    run_goal("--accept", "auto", at=repository)
    before = git("rev-parse", "main", at=repository)
    fake = write(
        tmp_path / "bin" / "git", f'#!/bin/sh\ncase " $* " in *\' merge --ff-only \'*) exit 0;; esac\nexec {git_itself()} "$@"\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    merged = omk("merge", at=repository)
    assert merged.code != 0
    assert f"main is at {before[:12]}" in merged.err
    assert "merge_failed" in omk("replay", "--json", at=repository).out


def git_itself() -> str:
    """Where git is."""
    return next(f"{folder}/git" for folder in os.environ["PATH"].split(":") if os.access(f"{folder}/git", os.X_OK))


def test_a_merged_goal_stays_merged_and_ready_when_the_branch_moves_on(repository):
    run_goal("--accept", "auto", at=repository)
    assert omk("merge", at=repository).code == 0
    commit(repository, later__txt="later\n")
    tip = git("rev-parse", "main", at=repository)
    again = omk("merge", at=repository)
    assert again.code == 0, again.err
    assert "Nothing to do" in again.out + again.err
    assert omk("proof", "--json", at=repository).document["status"] == "ready"
    assert git("rev-parse", "main", at=repository) == tip


def test_the_checkout_of_a_repository_whose_git_directory_is_elsewhere_is_updated(repository, tmp_path):
    git("init", "--quiet", f"--separate-git-dir={tmp_path}/elsewhere", at=repository)
    run_goal("--accept", "auto", at=repository)
    merged = omk("merge", at=repository)
    assert merged.code == 0, merged.err
    assert (repository / "cli.py").exists()
    assert git("status", "--porcelain", at=repository) == ""


def test_the_checkout_of_a_repository_whose_git_directory_is_a_link_is_updated(repository, tmp_path):
    (repository / ".git").rename(tmp_path / "elsewhere")
    (repository / ".git").symlink_to(tmp_path / "elsewhere")
    run_goal("--accept", "auto", at=repository)
    merged = omk("merge", at=repository)
    assert merged.code == 0, merged.err
    assert (repository / "cli.py").exists()
    assert git("status", "--porcelain", at=repository) == ""
