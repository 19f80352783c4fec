"""Ctrl-C, as a terminal sends it to the whole process group, while several agents or gates are at work; also twice."""

import os
import subprocess
import sys

import pytest

from tests.cli.calling import GATES, GOAL, INTERRUPT, TERMINATE, WRITES_CLI, Meeting, end, is_running, omk, worktrees
from tools.soak.dying import TASKS

SEVERAL = ("-m", "tools.soak.dying", "append", "before", "0", os.devnull)
"""omk, but that its plan has three tasks."""


@pytest.fixture
def meeting(tmp_path):
    """Where an agent or a gate says that it is there."""
    return Meeting(tmp_path / "meeting")


def started(agent, repository, *more, way=("-m", "omk"), gates=GATES):
    """A run in a process group of its own, as a shell starts it."""
    command = (sys.executable, *way, "run", GOAL, "--agent", agent, *gates, "--accept", "auto", *more, "--json")
    return subprocess.Popen(
        command,
        cwd=repository,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
    )


def left(repository, home):
    """What is still open or there."""
    state = omk("replay", "--json", at=repository).document["state"]
    return [*state["obligations"], *([state["controller"]] if state["controller"] else []), *worktrees(home)]


def summaries(repository, kind):
    timeline = omk("replay", "--json", at=repository).document["timeline"]
    return [entry["summary"] for entry in timeline if entry["kind"].startswith(f"{kind}.")]


def test_an_interrupt_ends_two_agents_at_once_and_resume_does_each_task_once(repository, home, meeting, tmp_path):
    name = """n=$(printf %s "$OMK_PROMPT" | sed -n 's/^# Task \\(t[0-9]\\).*/\\1/p' | head -n 1)"""
    agent = f"command:{name}; if mkdir '{tmp_path}'/$n; then {meeting.stays}; fi; echo $n >> $n.txt"
    gates = [word for name in ("acceptance", "smoke", "demo") for word in ("--gate", f"{name}=true")]
    running = started(agent, repository, "--max-agents", "2", way=SEVERAL, gates=gates)
    agents = [meeting.wait(), meeting.wait()]
    os.killpg(running.pid, INTERRUPT)
    answer = end(running)
    assert (answer.code, answer.out) == (130, ""), answer.err
    assert not any(map(is_running, agents))
    assert left(repository, home) == []
    stopped = summaries(repository, "agent_finished")
    assert len(stopped) == 2
    assert all("stopped" in summary for summary in stopped)
    for name in TASKS:
        (tmp_path / name).mkdir(exist_ok=True)
    command = (sys.executable, *SEVERAL, "resume", "--json")
    resumed = subprocess.run(command, cwd=repository, capture_output=True, check=True, env=path_of_tests())
    assert b'"status":"ready"' in resumed.stdout, resumed.stdout
    done = [summary for summary in summaries(repository, "agent_finished") if "succeeded" in summary]
    assert len(done) == 3, done


def path_of_tests():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


@pytest.mark.parametrize("number", [INTERRUPT, TERMINATE])
def test_a_second_signal_while_an_agent_is_ended_changes_nothing(number, repository, home, meeting):
    stubborn = f"trap 'echo $$ > \"{meeting.path}\"' TERM; echo $$ > '{meeting.path}'; while :; do sleep 1000 & wait; done"
    running = started(f"command:{stubborn}", repository)
    agent = meeting.wait()
    os.killpg(running.pid, number)
    assert meeting.wait() == agent  # it is being ended
    os.killpg(running.pid, number)
    answer = end(running)
    assert (answer.code, answer.out) == (130, ""), answer.err
    assert "Traceback" not in answer.err
    assert not is_running(agent)
    assert left(repository, home) == []
    assert "interrupted" in summaries(repository, "controller_stopped")[-1]


@pytest.mark.parametrize("number", [INTERRUPT, TERMINATE])
def test_a_signal_in_a_gate_ends_its_process_group_and_is_no_verdict_on_it(number, repository, home, meeting):
    gate = f"smoke=sleep 1000 & {meeting.stays}"
    running = started(WRITES_CLI, repository, gates=("--gate", gate, "--gate", "acceptance=true", "--gate", "demo=true"))
    process = meeting.wait()
    os.killpg(running.pid, number)
    answer = end(running)
    assert (answer.code, answer.out) == (130, ""), answer.err
    assert not is_running(process)
    assert left(repository, home) == []
    assert summaries(repository, "effect_aborted")
    assert omk("fsck", at=repository).code == 0


def test_an_agent_that_is_killed_leaves_what_it_wrote_and_no_daemon(repository, home, meeting):
    born = repository.parent / "born"
    daemon = f"setsid sh -c \"echo > '{born}'; {meeting.stays}\""
    agent = f"command:echo 'print(1)' > cli.py; {daemon} & until test -s '{born}'; do sleep 0.01; done; kill -9 $$"
    answer = end(started(agent, repository))
    assert answer.code == 0, answer.err
    assert "agent.executed" in answer.codes
    assert answer.document["changed_files"] == ["cli.py"]
    assert not is_running(meeting.wait())
    assert left(repository, home) == []
