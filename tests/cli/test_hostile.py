"""Agents that do what no agent should: each is contained, recorded and explained."""

import json
import os
import subprocess
import sys

import pytest

from omk.runtime.proposals import proposals_in
from tests.cli.calling import GATES, git, is_running, omk, process, room, run_goal, worktrees, write

WORKS = "echo 'print(1)' > cli.py"
PEAK_KIB = 220 << 10
MEASURING = """
import resource, subprocess, sys
ended = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(ended.returncode)
"""
"""A small process between: what a child is said to have used at the peak includes what its parent used when it forked."""
on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux hands a daemon over to omk")


def timeline(repository, kind):
    """What the timeline says of the events of a kind."""
    shown = omk("replay", "latest", "--json", at=repository).document["timeline"]
    return [one["summary"] for one in shown if one["kind"].startswith(f"{kind}.")]


def pids(path):
    return [int(pid) for pid in path.read_text().split()]


def run_by(script, repository, *more):
    """`omk run` with an agent that works, and does this besides."""
    return run_goal("--accept", "auto", *more, at=repository, agent=f"command:{WORKS}; {script}")


# --- Output and processes ---


def test_a_flood_of_output_fills_no_memory_and_the_run_ends(repository, home):
    flood = "head -c 300000000 /dev/zero | tr '\\0' x"
    arguments = ("run", "Build a greenfield CLI with acceptance smoke demo proof", "--agent", f"command:{WORKS}; {flood}")
    command = (sys.executable, "-c", MEASURING, sys.executable, "-m", "omk", *arguments, *GATES, "--accept", "auto")
    measured = subprocess.run(command, cwd=repository, capture_output=True, check=False)
    assert measured.returncode == 0, measured.stderr.decode()
    assert int(measured.stdout) < PEAK_KIB * (1 if sys.platform.startswith("linux") else 1024)
    assert omk("proof", "latest", "--json", at=repository).document["status"] == "ready"
    assert worktrees(home) == []


def test_a_crowd_of_processes_that_print_ends_with_the_agent(repository, home, tmp_path):
    crowd = f"for n in $(seq 50); do (while :; do echo bomb $n; done) & echo $! >> '{tmp_path}/pids'; done"
    assert run_by(crowd, repository).document["status"] == "ready"
    assert len(pids(tmp_path / "pids")) == 50
    assert not any(is_running(pid) for pid in pids(tmp_path / "pids"))
    assert worktrees(home) == []


@on_linux
def test_a_daemon_without_an_environment_ends_with_the_agent(repository, home, tmp_path):
    pid = tmp_path / "pid"
    daemon = f'(setsid env -i /bin/sh -c \'echo $$ > {pid}; while :; do echo late >> "$0"; sleep 0.01; done\' "$PWD/late" &)'
    answer = run_by(f"{daemon}; while [ ! -s {pid} ]; do :; done", repository)
    assert not any(is_running(one) for one in pids(pid))
    assert answer.document["readiness"]
    assert worktrees(home) == []


# --- Its own worktree ---


def test_of_a_worktree_that_an_agent_deletes_nothing_is_taken(repository, home):
    answer = run_by('rm -rf "$PWD"', repository)
    assert answer.code == 0
    assert answer.document["changed_files"] == []
    assert answer.codes[0] == "files.changed"
    gone = "No file was changed by goal-agent-execute. Its worktree was gone when the agent ended"
    assert answer.gap("files.changed")["text"].startswith(gone)
    assert "✗ goal-agent-execute failed: its worktree was gone" in answer.err
    assert "worktree was gone" in timeline(repository, "task_failed")[0]
    assert worktrees(home) == []


PAIR = "".join(
    f'[[tasks]]\nid = "{name}"\ntitle = "T"\ndescription = "D"\nacceptance = "A"\nwrite = ["{name}.txt"]\n'
    for name in ("one", "two")
)


def test_a_folder_of_omks_own_that_an_agent_shuts_is_opened_again_for_those_beside_it(repository, home, tmp_path):
    write(tmp_path / "tasks.toml", PAIR)
    until_open = "for _ in $(seq 100); do test $(stat -c %a ..) = 700 && exec sh -c 'echo 2 > two.txt'; sleep 0.1; done; exit 1"
    shut = f"touch {tmp_path}/shut; chmod 000 .."
    two = f"until test -e {tmp_path}/shut; do sleep 0.1; done; sleep 0.1; {until_open}"
    script = f'case "$OMK_PROMPT" in *"# Task one:"*) echo 1 > one.txt; {shut};; *) {two};; esac'
    gate = ("--gate", "acceptance-smoke-demo=true")
    tasks = ("--tasks", str(tmp_path / "tasks.toml"), "--max-agents", "2")
    answer = run_goal(*gate, *tasks, "--accept", "auto", at=repository, agent=f"command:{script}")
    assert answer.document["status"] == "ready", answer.err
    assert answer.document["changed_files"] == ["one.txt", "two.txt"]
    assert worktrees(home) == []


def test_a_worktree_that_cannot_be_entered_holds_no_proposals(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "open", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert proposals_in(tmp_path, source="agent") == ()


def test_a_worktree_that_became_a_link_is_gone_too(repository, home, tmp_path):
    write(tmp_path / "elsewhere" / "secret", "mine\n")
    answer = run_by(f'cd /; rm -rf "$OLDPWD"; ln -s {tmp_path}/elsewhere "$OLDPWD"', repository)
    assert answer.document["changed_files"] == []
    assert "worktree was gone" in timeline(repository, "task_failed")[0]
    assert (tmp_path / "elsewhere" / "secret").read_text() == "mine\n"
    assert worktrees(home) == []


def test_the_next_attempt_has_a_worktree_again(repository, tmp_path):
    script = f"test -e '{tmp_path}/tried' || {{ touch '{tmp_path}/tried'; rm -rf \"$PWD\"; }}"
    answer = run_by(script, repository, "--until-ready", "--max-attempts", "2")
    assert answer.document["status"] == "ready"
    assert answer.document["changed_files"] == ["cli.py"]


@pytest.mark.parametrize(
    "script", ["echo junk > .git", "rm .git", "rm .git; mkdir .git; echo x > .git/x", "rm .git; git init -q"]
)
def test_what_an_agent_makes_of_its_git_file_is_no_part_of_the_tree(script, repository, home):
    answer = run_by(script, repository)
    assert answer.document["status"] == "ready"
    assert answer.document["changed_files"] == ["cli.py"]
    assert worktrees(home) == []


def test_a_link_out_of_the_tree_is_recorded_as_a_link_and_read_by_nobody(repository, tmp_path):
    secret = "AKIA" + "IOSFODNN7QWERTYZ"
    write(tmp_path / "outside" / "key", f"aws_key = '{secret}'\n# TODO: hide it\n")
    answer = run_by(f"ln -s {tmp_path}/outside/key key.py; ln -s {tmp_path}/outside out", repository)
    assert answer.codes == ["review.architect", "integration.accepted"]
    assert "key.py link_absolute, out link_absolute" in answer.gap("review.architect")["text"]
    assert answer.document["changed_files"] == ["cli.py", "key.py", "out"]
    own = repository / ".git" / "omk" / "repo.git"
    assert {line.split()[0] for line in git("ls-tree", answer.document["tree"], "key.py", "out", at=own).split("\n")} == {
        "120000"
    }
    assert omk("checkout", "latest", str(tmp_path / "copy"), at=repository).code == 0
    assert os.readlink(tmp_path / "copy" / "out") == f"{tmp_path}/outside"  # noqa: PTH115 - a text
    assert secret not in omk("show", "latest", "--format", "json", at=repository).out


# --- What is not its own ---


def test_an_edit_of_the_persons_checkout_is_told_and_left_as_it_is(repository):
    answer = run_by(f"echo mine >> '{repository}/README.md'; echo new > '{repository}/new'", repository)
    assert answer.document["status"] == "ready"
    assert answer.document["changed_files"] == ["cli.py"]
    assert timeline(repository, "outside_touched") == ["checkout changed while goal-agent-execute:1 ran: README.md, new"]
    assert "! checkout changed while goal-agent-execute:1 ran: README.md, new" in answer.err
    assert (repository / "README.md").read_text().endswith("mine\n")


def test_a_second_edit_of_a_file_that_was_changed_before_is_told_too(repository):
    write(repository / "README.md", "mine\n")
    run_by(f"echo more >> '{repository}/README.md'", repository)
    assert timeline(repository, "outside_touched") == ["checkout changed while goal-agent-execute:1 ran: README.md"]


def test_what_an_agent_writes_into_the_persons_git_folder_is_told(repository):
    there = repository / ".git"
    script = f"echo '#!/bin/sh' > {there}/hooks/post-commit; git --git-dir={there} tag stolen; git -C {repository} config a.b c"
    assert run_by(script, repository).document["status"] == "ready"
    assert timeline(repository, "outside_touched") == [
        "git folder changed while goal-agent-execute:1 ran: config, hooks/post-commit, refs/tags/stolen"
    ]


def test_a_repository_that_an_agent_breaks_ends_in_one_line(repository):
    running = process("run", "Build a CLI", "--agent", f"command:{WORKS}; rm {repository}/.git/HEAD", *GATES, at=repository)
    assert "Traceback" not in running.err
    assert "outside_touched" not in running.out


def test_nothing_is_told_of_an_agent_that_keeps_to_its_worktree(repository):
    before = room(repository)
    answer = run_by("git add --all; git commit -qm done; git stash; git tag mine; git config a.b c", repository)
    assert timeline(repository, "outside_touched") == []
    assert room(repository) == before
    assert "changed while" not in answer.err


def test_a_name_with_an_escape_sequence_is_shown_and_not_carried_out(repository):
    document = run_by("printf x > \"$(printf 'a\\033[2Kb.txt')\"", repository).document
    assert "a\x1b[2Kb.txt" in document["changed_files"]
    for answer in (omk("proof", at=repository), omk("show", at=repository), omk("proof", "--format", "md", at=repository)):
        assert r"a\x1b[2Kb.txt" in answer.out
    assert r"goal-\x1b[2K" in omk("show", "goal-\x1b[2K", at=repository).err


def test_a_scope_that_several_tasks_left_is_told_task_by_task(repository):
    tasks = [
        {"id": name, "title": "T", "description": "D", "acceptance": "A", "write": [f"{name}.txt"]} for name in ("one", "two")
    ]
    write(repository / "tasks.json", json.dumps(tasks))
    agent = 'command:case "$OMK_PROMPT" in *"# Task one:"*) echo > b.md;; *) echo > c.md; echo > d.md;; esac'
    answer = run_goal("--tasks", "tasks.json", agent=agent, at=repository)
    assert answer.gap("scope.respected")["text"] == (
        "2 tasks changed files outside their declared scopes: one changed b.md; two changed c.md, d.md."
    )
