"""A pause from another terminal stops all that runs, keeps what was done, and is taken up from there."""

import contextlib
import os
import select

import pytest

from tests.cli.calling import PATIENCE_SECONDS, WRITES_CLI, Meeting, begin, commit, end, is_running, omk, run_goal, worktrees
from tests.runtime.several import NAMES, OWN, several

OTHERS = ("--gate", "acceptance=test -f cli.py", "--gate", "demo=true")


@pytest.fixture
def meeting(tmp_path):
    return Meeting(tmp_path / "meeting")


def everybody(meeting):
    """Wait until all agents are there; their pids."""
    pids: set[int] = set()
    while len(pids) < len(NAMES):
        assert select.select([meeting.file], [], [], PATIENCE_SECONDS)[0], "somebody did not come"
        pids |= {int(pid) for pid in os.read(meeting.file, 1_000).split()}
    return pids


def halfway(meeting, trap=""):
    """An agent that writes half of its file and stays; when the half is there, it writes the rest."""
    stays = meeting.stays.replace("echo $$", "echo half > $F; echo $$")
    return f"command:F={OWN}; {trap} if test -e $F; then echo done >> $F; else {stays}; sleep 1000; fi"


@pytest.mark.parametrize("trap", ["", "trap '' TERM INT HUP;"], ids=["polite", "stubborn"])
def test_several_agents_are_stopped_and_go_on_where_they_were(trap, repository, home, tmp_path, meeting):
    with contextlib.closing(several(repository, halfway(meeting, trap)).handle.log):
        pass
    running = begin("execute", "--json", at=repository)
    agents = everybody(meeting)
    paused = omk("pause", at=repository)
    assert all(f"agent {name}:1" in paused.err for name in NAMES)
    assert end(running).document["status"] == "paused"
    assert not any(is_running(agent) for agent in agents)
    assert worktrees(home) == []
    assert omk("resume", "--json", at=repository).code == 0
    document = omk("replay", "--json", at=repository).document
    assert not document["state"]["obligations"]
    starts = [one["summary"] for one in document["timeline"] if one["kind"] == "agent_started.v1"]
    assert sorted(starts) == sorted(f"{name}:{n} on {name}, attempt {n}" for name in NAMES for n in (1, 2))
    assert omk("checkout", "latest", str(tmp_path / "then"), at=repository).code == 0
    assert {(tmp_path / "then" / f"{name}.txt").read_text() for name in NAMES} == {"half\ndone\n"}


def test_a_goal_of_several_tasks_is_waived_for_the_tree_of_all(repository):
    with contextlib.closing(several(repository, f"command:echo '# TODO' > {OWN}").handle.log):
        pass
    for order in ("execute", "verify", "review"):
        document = omk(order, "--json", at=repository).document
    blocked = [gap["code"] for gap in document["gaps"] if gap["code"].startswith("review.")]
    assert blocked
    waived = omk("waive", document["goal"], "review.performance", "--reason", "It is small.", "--json", at=repository)
    assert [(one["code"], one["fresh"]) for one in waived.document["waivers"]] == [("review.performance", True)]
    for code in blocked:
        assert code not in omk("waive", code, "--reason", "I looked.", "--json", at=repository).codes
    for code in ("agent.executed", "files.changed", "gate.smoke", "oracle.smoke", "review.dance"):
        assert omk("waive", code, "--reason", "Never mind.", at=repository).code == 1, code
    stale = omk("execute", "--agent", f"command:echo '# TODO' >> {OWN}", "--json", at=repository)
    assert {one["fresh"] for one in stale.document["waivers"]} == {False}
    assert set(blocked) <= set(stale.codes)


def test_an_order_says_that_nothing_was_running(repository):
    run_goal("--gate", "acceptance=false", at=repository)
    assert "Nothing was running." in omk("pause", at=repository).err
    assert "Nothing was running." in omk("cancel", at=repository).err


def test_a_setup_command_that_is_stopped_says_nothing_of_the_gate(repository, meeting):
    commit(repository, omk__toml=f"[worktree]\nsetup = [\"if ! test -e '{meeting.path}.been'; then touch '{meeting.path}.been'; "
           f'{meeting.stays}; fi"]\n')  # fmt: skip
    goal = "Build a greenfield CLI with acceptance smoke demo proof"
    gates = (*OTHERS, "--gate", "smoke=true")
    running = begin("run", goal, "--agent", WRITES_CLI, *gates, "--accept", "auto", "--json", at=repository)
    meeting.wait()
    assert "tool setup:acceptance" in omk("pause", at=repository).err
    document = end(running).document
    assert {gate["outcome"] for gate in document["gates"]} == {"never"}
    assert omk("resume", "--json", at=repository).document["status"] == "ready"
