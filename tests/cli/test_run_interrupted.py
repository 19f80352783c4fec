"""Whatever ends a run, it leaves a log that can be read, no process, no worktree; and somebody can go on."""

import re

import pytest

from tests.cli.calling import (
    GATES,
    GOAL,
    HANG_UP,
    INTERRUPT,
    KILL,
    TERMINATE,
    WRITES_CLI,
    Meeting,
    begin,
    end,
    git,
    is_running,
    omk,
    process,
    run_goal,
    worktrees,
)

OTHERS = ("--gate", "acceptance=test -f cli.py", "--gate", "demo=true")


@pytest.fixture
def meeting(tmp_path):
    """Where an agent or a gate says that it is there."""
    return Meeting(tmp_path / "meeting")


@pytest.fixture
def staying(meeting, tmp_path):
    """An agent that stays when it works for the first time, and does its work when it is there again."""
    return f"command:if mkdir '{tmp_path}/been'; then {meeting.stays}; else printf 'print(1)\\n' > cli.py; fi"


def started(agent, repository, *gates):
    return begin("run", GOAL, "--agent", agent, *(gates or GATES), "--accept", "auto", "--json", at=repository)


def open_obligations(repository):
    return omk("replay", "--json", at=repository).document["state"]["obligations"]


@pytest.mark.parametrize("signal", [INTERRUPT, TERMINATE, HANG_UP])
def test_an_interrupted_run_ends_its_agent_closes_what_is_open_and_can_be_resumed(signal, repository, home, meeting, staying):
    running = started(staying, repository)
    agent = meeting.wait()
    running.send_signal(signal)
    answer = end(running)
    assert answer.code == 130
    assert answer.out == ""
    assert "Traceback" not in answer.err
    assert "omk: Interrupted. What was done is on record. Go on with: omk resume goal-" in answer.err
    assert not is_running(agent)
    assert open_obligations(repository) in ([], {})
    assert worktrees(home) == []
    assert omk("proof", "--json", at=repository).document["status"] == "not_ready"
    assert omk("fsck", at=repository).code == 0
    assert "Not all that was asked for is done. Go on: omk resume goal-" in omk("status", at=repository).err
    resumed = omk("resume", "--json", at=repository)
    assert resumed.document["status"] == "ready", resumed.err
    assert omk("status", at=repository).err == ""


def test_an_interrupted_gate_is_no_evidence_and_resume_runs_it_again(repository, home, meeting, tmp_path):
    gate = f"smoke=if mkdir '{tmp_path}/been'; then {meeting.stays}; fi"
    running = started(WRITES_CLI, repository, *OTHERS, "--gate", gate)
    process_of_gate = meeting.wait()
    running.send_signal(INTERRUPT)
    assert end(running).code == 130
    assert not is_running(process_of_gate)
    proof = omk("proof", "--json", at=repository)
    assert "gate.smoke" in proof.codes
    assert worktrees(home) == []
    assert omk("resume", "--json", at=repository).document["status"] == "ready"


@pytest.mark.leaves_processes
def test_after_a_killed_controller_the_log_still_reads_and_resume_finishes_the_goal(repository, home, meeting, staying):
    running = started(staying, repository)
    agent = meeting.wait()
    running.send_signal(KILL)
    end(running)
    assert omk("status", at=repository).code == 0
    proof = omk("proof", "--json", at=repository)
    assert "obligations.closed" in proof.codes
    resumed = process("resume", "--json", at=repository)
    assert resumed.document["status"] == "ready", resumed.err
    assert not is_running(agent)
    assert open_obligations(repository) in ([], {})
    assert worktrees(home) == []
    assert omk("fsck", at=repository).code == 0
    kinds = [entry["kind"] for entry in omk("replay", "--json", at=repository).document["timeline"]]
    assert "effect_aborted.v1" in kinds


@pytest.mark.leaves_processes
def test_after_a_controller_was_killed_in_a_gate_resume_runs_that_gate_again(repository, home, meeting, tmp_path):
    gate = f"smoke=if mkdir '{tmp_path}/been'; then {meeting.stays}; fi"
    running = started(WRITES_CLI, repository, *OTHERS, "--gate", gate)
    process_of_gate = meeting.wait()
    running.send_signal(KILL)
    end(running)
    assert omk("why", at=repository).code == 0
    resumed = omk("resume", "--json", at=repository)
    assert resumed.document["status"] == "ready", resumed.err
    assert not is_running(process_of_gate)
    assert worktrees(home) == []
    timeline = omk("replay", "--json", at=repository).document["timeline"]
    assert sum(entry["kind"] == "agent_started.v1" for entry in timeline) == 1


@pytest.mark.leaves_processes
@pytest.mark.parametrize("order", [("execute",), ("cancel",)])
def test_after_a_killed_controller_other_orders_clean_up_too(order, repository, home, meeting, staying):
    running = started(staying, repository)
    agent = meeting.wait()
    running.send_signal(KILL)
    end(running)
    assert omk(*order, at=repository).code == 0
    assert not is_running(agent)
    assert open_obligations(repository) in ([], {})
    assert worktrees(home) == []


@pytest.mark.parametrize(("order", "status"), [("pause", "paused"), ("cancel", "cancelled")])
def test_an_order_from_another_process_stops_the_agent_soon(order, status, repository, home, meeting, staying):
    running = started(staying, repository)
    agent = meeting.wait()
    ordered = omk(order, "--json", at=repository)
    assert ordered.document["status"] == status
    answer = end(running)
    assert answer.code == 0, answer.err
    assert answer.document["status"] == status
    assert not is_running(agent)
    assert open_obligations(repository) in ([], {})
    assert worktrees(home) == []
    proof = omk("proof", "--json", at=repository)
    assert proof.document["status"] == status
    if order == "pause":
        resumed = omk("resume", "--json", at=repository)
        assert resumed.document["status"] == "ready", resumed.err


def test_a_pause_while_a_gate_runs_stops_the_gate(repository, meeting, tmp_path):
    gate = f"smoke=if mkdir '{tmp_path}/been'; then {meeting.stays}; fi"
    running = started(WRITES_CLI, repository, *OTHERS, "--gate", gate)
    process_of_gate = meeting.wait()
    omk("pause", at=repository)
    assert end(running).code == 0
    assert not is_running(process_of_gate)
    resumed = omk("resume", "--json", at=repository)
    assert resumed.document["status"] == "ready", resumed.err


def test_an_agent_that_ignores_a_polite_signal_is_ended_all_the_same(repository, meeting):
    running = started(f"command:trap '' TERM INT HUP; {meeting.stays}; sleep 1000", repository)
    agent = meeting.wait()
    omk("cancel", at=repository)
    assert end(running).code == 0
    assert not is_running(agent)


def test_an_agent_out_of_time_is_ended_and_the_goal_needs_more_budget(repository):
    answer = run_goal("--budget-time", "1s", at=repository, agent="command:sleep 1000")
    assert answer.code == 0
    assert answer.document["status"] == "needs_more_budget"
    assert {"agent.executed", "budget.within"} <= set(answer.codes)


def test_two_runs_at_once_in_one_repository_both_end(repository):
    both = [started(WRITES_CLI, repository) for _ in range(2)]
    answers = [end(one) for one in both]
    assert [answer.code for answer in answers] == [0, 0], [answer.err for answer in answers]
    assert [answer.document["status"] for answer in answers] == ["ready", "ready"]
    assert len({answer.document["goal"] for answer in answers}) == 2
    assert omk("fsck", "--json", at=repository).document["goals"] == 2


def test_goals_at_once_do_not_disturb_one_another(repository, home):
    agent = "command:printf 'print(1)\n' > cli.py; git add -A; git commit -qm x; git worktree prune; git gc -q --prune=now; true"
    all_of_them = [started(agent, repository) for _ in range(3)]
    answers = [end(one) for one in all_of_them]
    assert [answer.document["status"] for answer in answers] == ["ready"] * 3, [answer.err for answer in answers]
    assert worktrees(home) == []
    assert not list((repository / ".git" / "omk" / "repo.git" / "worktrees").glob("*"))


def test_of_two_that_resume_one_goal_one_works_and_the_other_says_so(repository, meeting, tmp_path):
    omk("plan", GOAL, *GATES, at=repository)
    agent = f"command:{meeting.stays}"
    omk("execute", "--agent", "command:false", at=repository)
    first = begin("execute", "--agent", agent, "--json", at=repository)
    meeting.wait()
    second = omk("resume", at=repository)
    assert second.code == 1
    assert len(second.err.splitlines()) == 1, second.err
    assert re.search(r"controller-[0-9a-f]+|is at work|works on", second.err), second.err
    third = omk("execute", "--agent", "command:true", at=repository)
    assert third.code == 1
    omk("pause", at=repository)
    assert end(first).code == 0


@pytest.mark.leaves_processes
def test_of_two_resumes_at_once_exactly_one_works(repository, meeting, staying):
    running = started(staying, repository)
    meeting.wait()
    running.send_signal(KILL)
    end(running)
    both = [begin("resume", "--json", at=repository) for _ in range(2)]
    answers = [end(one) for one in both]
    codes = sorted(answer.code for answer in answers)
    assert codes in ([0, 1], [0, 0]), answers
    for answer in answers:
        assert "Traceback" not in answer.err
        assert (answer.out == "") == (answer.code == 1)
    assert omk("proof", "--json", at=repository).document["status"] == "ready"
    timeline = omk("replay", "--json", at=repository).document["timeline"]
    assert sum(entry["kind"] == "agent_finished.v1" and "succeeded" in entry["summary"] for entry in timeline) == 1
    assert omk("fsck", at=repository).code == 0


def test_a_person_may_accept_and_commit_while_another_goal_runs(repository, meeting, staying):
    ready = run_goal(at=repository).document["goal"]
    running = started(staying, repository)
    meeting.wait()
    assert omk("accept", ready, "--summary", "ok", "--json", at=repository).document["status"] == "ready"
    assert omk("merge", ready, at=repository).code == 0
    assert git("log", "--oneline", at=repository).count("\n") == 1
    omk("cancel", "latest", at=repository)
    assert end(running).code == 0
