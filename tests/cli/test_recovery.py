"""What a controller that was killed left is found, ended, kept and closed, whoever comes next."""

import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from tests.cli.calling import GATES, GOAL, KILL, Meeting, begin, end, git, is_running, omk, worktrees, write

ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only /proc tells")
pytestmark = pytest.mark.leaves_processes


@pytest.fixture
def meeting(tmp_path):
    """Where an agent or a gate says that it is there."""
    return Meeting(tmp_path / "meeting")


@pytest.fixture
def staying(meeting, tmp_path):
    """An agent that leaves half of its work and stays the first time, and does all of it the second."""
    return f"command:if mkdir '{tmp_path}/been'; then echo half > half.py; {meeting.stays}; else echo 'print(1)' > cli.py; fi"


def killed(agent, repository, meeting, *, words=GOAL, gates=GATES):
    """A run whose controller is killed once the agent is there; the agent's pid."""
    running = begin("run", words, "--agent", agent, *gates, "--accept", "auto", "--json", at=repository)
    pid = meeting.wait()
    running.send_signal(KILL)
    end(running)
    return pid


def timeline(repository):
    return omk("replay", "--json", at=repository).document["timeline"]


def kinds(repository):
    return [entry["kind"].partition(".")[0] for entry in timeline(repository)]


def half_of(store):
    return [path for path in store.rglob("*") if path.name.startswith("scratch.") or path.name.endswith((".lock", ".new"))]


def test_what_a_dead_agent_left_is_kept_as_a_tree_of_its_own_and_is_no_part_of_the_goal(repository, meeting, staying):
    killed(staying, repository, meeting)
    resumed = omk("resume", "--json", at=repository)
    assert resumed.document["status"] == "ready", resumed.err
    assert resumed.document["changed_files"] == ["cli.py"]
    row = sqlite3.connect(repository / ".git" / "omk" / "log.sqlite").execute(
        "select json_extract(state, '$.sealed.event.tree') from stored_events where topic = 'work_kept.v1'"
    )
    (tree,) = next(row)
    shown = git("--git-dir", ".git/omk/repo.git", "ls-tree", "--name-only", tree, at=repository)
    assert shown.split() == ["README.md", "half.py"]
    assert kinds(repository).count("work_kept") == 1


@ON_LINUX
def test_a_daemon_of_a_dead_agent_in_a_session_of_its_own_is_ended_and_other_processes_are_not(
    repository, meeting, staying, tmp_path
):
    daemon, anothers = Meeting(tmp_path / "daemon"), {**os.environ, "OMK_INSIDE": "goal-1", "OMK_CHILD": f"{os.getpid()}:1-1"}
    other = subprocess.Popen(["sleep", "1000"], env=anothers)
    agent = staying.replace("command:", f"command:mkdir '{tmp_path}/born' && setsid sh -c \"{daemon.stays}\" & ")
    pids = [killed(agent, repository, meeting), daemon.wait()]
    os.kill(pids[0], signal.SIGKILL)
    try:
        assert omk("resume", "--json", at=repository).document["status"] == "ready"
        assert not any(map(is_running, pids))
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_locks_of_a_dead_git_and_half_made_things_of_dead_processes_do_not_stay_or_stop_anybody(
    repository, home, meeting, staying
):
    killed(staying, repository, meeting)
    store, dead = repository / ".git" / "omk", subprocess.Popen(["true"])
    dead.wait()
    for name in (
        "packed-refs.lock",
        "refs/heads/main.lock",
        "config.lock",
        "objects/pack/tmp_pack_x",
        f"config.{dead.pid}.1.new",
    ):
        write(store / "repo.git" / name, "")
    write(store / f"scratch.{dead.pid}.x" / "repo.git" / "HEAD", "")
    write(store / "controllers" / str(dead.pid), "long ago")
    mine = write(store / f"scratch.{os.getpid()}.x" / "mine", "")
    git("branch", "more", at=repository)
    resumed = omk("resume", "--json", at=repository)
    assert resumed.document["status"] == "ready", resumed.err
    assert mine.exists()
    mine.unlink()
    mine.parent.rmdir()
    assert half_of(store) == []
    assert list((store / "controllers").iterdir()) == []
    assert worktrees(home) == []
    assert not list((store / "repo.git").rglob("tmp_*"))


def test_a_goal_that_died_before_it_began_leaves_no_ref_in_the_persons_repository(repository):
    omk("plan", "Another goal with acceptance", *GATES, at=repository)
    dead = subprocess.Popen(["true"])
    dead.wait()
    git("update-ref", "refs/omk/goal-that-never-was", "HEAD", at=repository)
    write(repository / ".git" / "omk" / "controllers" / str(dead.pid), "long ago\ngoal-that-never-was\nbegins\n")
    omk("verify", at=repository)
    assert len(git("for-each-ref", "refs/omk", at=repository).splitlines()) == 1


# --- omk run notices ---


def test_run_with_the_same_words_goes_on_with_the_goal_whose_controller_died(repository, meeting, staying):
    killed(staying, repository, meeting)
    again = omk("run", f"  {GOAL.replace(' ', '   ')} ", "--json", at=repository)
    assert again.document["status"] == "ready", again.err
    assert f"the controller of {again.document['goal']}, which has the same words, died" in again.err
    assert len(omk("list", "--json", at=repository).document) == 1
    once_more = omk("run", GOAL, "--agent", staying, *GATES, "--json", at=repository)
    assert "died" not in once_more.err
    assert len(omk("list", "--json", at=repository).document) == 2


def test_run_with_other_words_begins_another_goal_and_says_how_to_continue_the_one_left(repository, meeting, staying):
    killed(staying, repository, meeting)
    left = omk("list", "--json", at=repository).document[0]["goal"]
    other = omk("run", f"{GOAL} twice", "--agent", staying, *GATES, "--accept", "auto", "--json", at=repository)
    assert other.document["status"] == "ready", other.err
    assert f"Continue it: omk resume {left}" in other.err
    assert other.document["goal"] != left
    assert omk("resume", left, "--json", at=repository).document["status"] == "ready"


# --- omk resume ---


def test_resume_continues_a_goal_that_was_paused_and_whose_controller_died(repository, meeting, staying):
    killed(staying, repository, meeting)
    paused = omk("pause", "--json", at=repository)
    assert paused.document["status"] == "paused"
    words = omk("run", GOAL, "--agent", staying, "--json", at=repository)
    assert words.document["goal"] != paused.document["goal"]
    resumed = omk("resume", paused.document["goal"], "--json", at=repository)
    assert resumed.document["status"] == "ready", resumed.err


def test_a_second_resume_says_who_works_and_changes_nothing(repository, meeting, tmp_path):
    running = begin("run", GOAL, "--agent", f"command:{meeting.stays}", *GATES, at=repository)
    meeting.wait()
    before = kinds(repository)
    refused = omk("resume", at=repository)
    assert (refused.code, refused.out) == (1, "")
    assert f"process {running.pid}" in refused.err
    assert kinds(repository) == before
    omk("cancel", at=repository)
    end(running)


def test_resume_while_a_paused_controller_winds_up_lets_it_go_on_or_takes_over(repository, meeting, tmp_path):
    says_so = f"echo $$ > '{meeting.path}'"
    stubborn = f'trap "{says_so}" TERM; {says_so}; while :; do sleep 1000 & wait; done'
    agent = f"command:if mkdir '{tmp_path}/been'; then {stubborn}; else echo 'print(1)' > cli.py; fi"
    running = begin("run", GOAL, "--agent", agent, *GATES, "--accept", "auto", "--json", at=repository)
    process = meeting.wait()
    omk("pause", at=repository)
    assert meeting.wait() == process  # it is being ended
    resumed = omk("resume", "--json", at=repository)
    assert resumed.code == 0, resumed.err
    ended = end(running)
    assert ended.code == 0, ended.err
    assert omk("proof", "--json", at=repository).document["status"] == "ready"
    assert kinds(repository).count("agent_started") == 2
