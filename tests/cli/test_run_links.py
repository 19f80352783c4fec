"""Gates run in the worktree and nowhere else, and what agents change stays in what is theirs, wherever links lead."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.calling import GATES, GOAL, commit, git, omk, process, run_goal, worktrees, write

ALL_GATES = ("acceptance", "smoke", "demo")


@pytest.fixture
def part(repository):
    """A folder of the repository in which the goal is started."""
    commit(repository, part_in_check__sh="grep -q right cli.py\n")
    return repository / "part"


@pytest.mark.parametrize(
    "script", ["cd .. && rm -r part && ln -s {outside} part", "cd .. && rm -r part", "cd .. && rm -r part && echo x > part"]
)
def test_gates_do_not_run_where_a_replaced_subdirectory_leads(script, part, tmp_path):
    write(tmp_path / "outside" / "cli.py", "right\n")
    script = script.format(outside=tmp_path / "outside")
    answer = run_goal(
        "--gate", "acceptance=touch ran-here", "--gate", "smoke=true", "--gate", "demo=true", at=part, agent=f"command:{script}"
    )
    assert not (tmp_path / "outside" / "ran-here").exists()
    assert [answer.gate(name)["outcome"] for name in ALL_GATES] == ["errored"] * 3
    assert answer.document["status"] == "not_ready"


def test_a_goal_started_in_a_folder_that_its_base_lacks_works_at_the_top(repository):
    (repository / "untracked").mkdir()
    answer = run_goal("--accept", "auto", at=repository / "untracked")
    assert answer.document["status"] == "ready"
    assert answer.document["changed_files"] == ["cli.py"]


def test_an_agent_can_bring_back_the_subdirectory_that_another_removed(part):
    gates = ("--gate", "acceptance=sh check.sh", "--gate", "smoke=true", "--gate", "demo=true")
    run_goal(*gates, at=part, agent="command:cd .. && rm -r part")
    again = "command:pwd; mkdir part && echo 'grep -q right cli.py' > part/check.sh && echo right > part/cli.py"
    assert omk("execute", "--agent", again, at=part).code == 0
    verified = omk("verify", "--json", at=part).document
    assert [gate["outcome"] for gate in verified["gates"]] == ["passed"] * 3


@pytest.mark.parametrize("script", ["ln -s {outside} deps", "echo x > deps"])
def test_a_shared_path_is_not_written_where_a_link_of_the_tree_leads(script, repository, tmp_path):
    commit(repository, omk__toml='[worktree]\nshare = ["deps/lib"]\n', __gitignore="deps/lib\n")
    write(repository / "deps" / "lib", "shared\n")
    (tmp_path / "outside").mkdir()
    answer = run_goal(at=repository, agent=f"command:echo 'print(1)' > cli.py; {script.format(outside=tmp_path / 'outside')}")
    assert os.listdir(tmp_path / "outside") == []  # noqa: PTH208 - names
    assert [answer.gate(name)["outcome"] for name in ALL_GATES] == ["errored"] * 3


def test_a_shared_path_in_a_folder_the_tree_lacks_is_there_for_the_gate(repository):
    commit(repository, omk__toml='[worktree]\nshare = ["deps/more/lib"]\n', __gitignore="deps/\n")
    write(repository / "deps" / "more" / "lib", "shared\n")
    answer = run_goal(
        "--gate", "acceptance=grep shared deps/more/lib", "--gate", "smoke=true", "--gate", "demo=true", at=repository
    )
    assert answer.gate("acceptance")["outcome"] == "passed"


def test_what_an_agent_configures_for_all_of_git_does_not_reach_the_person(repository, home):
    write(home / ".config" / "git" / "config", "[user]\n\temail = xdg@example.org\n[alias]\n\tco = checkout\n")
    before = (home / ".gitconfig").read_bytes()
    xdg = (home / ".config" / "git" / "config").read_bytes()
    agent = (
        "command:git config user.name > cli.py; git config user.email >> cli.py; git config alias.co >> cli.py;"
        "git config --global user.name Mallory; git config user.name >> cli.py"
    )
    gates = ("--gate", "acceptance=git config user.name | grep Ann", "--gate", "smoke=true", "--gate", "demo=true")
    answer = run_goal(*gates, "--accept", "auto", at=repository, agent=agent)
    assert (home / ".gitconfig").read_bytes() == before
    assert (home / ".config" / "git" / "config").read_bytes() == xdg
    own = repository / ".git" / "omk" / "repo.git"
    said = git("cat-file", "-p", f"{answer.document['tree']}:cli.py", at=own)
    assert said.split("\n") == ["Ann Example", "ann@example.org", "checkout", "Mallory"]
    assert answer.gate("acceptance")["outcome"] == "passed"
    assert worktrees(home) == []


def test_a_worktree_that_an_agent_adds_elsewhere_below_omks_is_removed_with_the_goal(repository, home):
    answer = run_goal(at=repository, agent="command:echo 'print(1)' > cli.py; git worktree add --detach -f ../../zz/deep")
    assert answer.code == 0
    assert worktrees(home) == []
    assert not list((home / ".local" / "state" / "omk" / "worktrees").glob("*/zz"))
    own = repository / ".git" / "omk" / "repo.git"
    assert git("worktree", "list", at=own).count("\n") == 0


def test_a_worktree_that_an_agent_adds_outside_of_omks_folder_is_left_alone(repository, tmp_path):
    run_goal(at=repository, agent=f"command:echo 'print(1)' > cli.py; git worktree add --detach -f {tmp_path}/zz")
    assert (tmp_path / "zz" / "README.md").exists()


def test_an_agent_that_removes_the_repositorys_identity_leaves_nothing_behind(repository, home):
    known = repository / ".git" / "omk" / "repository-id"
    answer = run_goal(
        "--accept", "auto", at=repository, agent=f"command:echo 'print(1)' > cli.py; cp {known} {home}/id; rm {known}"
    )
    assert answer.document["status"] == "ready"
    assert worktrees(home) == []
    assert known.read_bytes() == (home / "id").read_bytes()


def test_paths_that_are_not_utf8_work(repository, tmp_path, home):
    strange = Path(os.fsdecode(os.fsencode(tmp_path) + b"/r\xe9po"))
    repository.rename(strange)
    state = os.fsdecode(os.fsencode(home) + b"/st\xe9")
    answer = process(
        "run", GOAL, "--agent", "command:echo 'print(1)' > cli.py; git status", *GATES, "--accept", "auto", "--json",
        at=strange, environment={"XDG_STATE_HOME": state},
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert answer.document["status"] == "ready"
    merged = process("merge", at=strange, environment={"XDG_STATE_HOME": state})
    assert merged.code == 0, merged.err


def test_a_change_of_many_files_is_read_by_a_few_processes(repository, monkeypatch):
    counted: list[str] = []
    run = subprocess.run

    def count(command, **more):
        counted.extend(word for word in command if word in {"cat-file", "hash-object"})
        return run(command, **more)

    monkeypatch.setattr(subprocess, "run", count)
    script = "for n in $(seq 200); do echo $n > $n.py; ln -s $n.py $n; done; echo 'print(1)' > cli.py"
    answer = run_goal("--accept", "auto", at=repository, agent=f"command:{script}")
    assert answer.document["status"] == "ready"
    assert len(answer.document["changed_files"]) == 401
    assert len(counted) < 30


def test_a_link_that_was_the_persons_stays_readable_to_reviews(repository):
    (repository / "link").symlink_to("README.md")
    git("add", "--all", at=repository)
    git("commit", "--quiet", "--message", "link", at=repository)
    answer = run_goal("--accept", "auto", at=repository, agent="command:echo 'print(1)' > cli.py; ln -sfn cli.py link")
    assert answer.document["status"] == "ready"
    assert omk("fsck", at=repository).code == 0
