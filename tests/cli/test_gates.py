"""Gates that rest, that are run again, that need others, and that run side by side; and `omk gates`, which shows them."""

import json
import os
import re

import pytest

from tests.cli.calling import (
    GOAL,
    INTERRUPT,
    WRITES_CLI,
    begin,
    commit,
    end,
    omk,
    run_goal,
    worktrees,
)

SOON = '[breaker]\nfailures = 1\nrecovery = "1s"\n'
LATE = '[breaker]\nfailures = 1\nrecovery = "1d"\n'


def failing_once(mark, name="smoke"):
    """A gate that is red when it runs for the first time."""
    return ("--gate", f"{name}=mkdir '{mark}' 2>/dev/null && exit 1; true")


def others(*names):
    return tuple(word for name in names for word in ("--gate", f"{name}=true"))


def kinds(repository, *only):
    timeline = omk("replay", "--json", at=repository).document["timeline"]
    return [name for one in timeline if (name := one["kind"].partition(".")[0]) in only]


def gate(answer, name):
    return next(one for one in answer.document["gates"] if one["name"] == name)


@pytest.fixture
def waiting(repository, tmp_path):
    """A controller that waits for a breaker, and the process it is."""
    commit(repository, omk__toml=LATE)
    flags = (*failing_once(tmp_path / "mark"), *others("acceptance", "demo"), "--rerun-failed", "1", "--flaky", "passed")
    running = begin("run", GOAL, "--agent", WRITES_CLI, *flags, "--accept", "auto", "--json", at=repository)
    assert running.stderr is not None
    for line in running.stderr:
        if b"gate demo passed" in line:
            break
    return running


def test_a_controller_waits_until_a_gate_may_be_run_again_and_the_log_can_be_decided_again(repository, tmp_path):
    commit(repository, omk__toml=f'rerun_failed = 1\nflaky = "passed"\n{SOON}')
    answer = run_goal(*failing_once(tmp_path / "mark"), *others("acceptance", "demo"), "--accept", "auto", at=repository)
    assert answer.document["status"] == "ready"
    assert re.search(r"gate smoke failed; its next run has to wait [12]s, until \d\d:\d\d:\d\d UTC\n", answer.err)
    assert "gate smoke is tried again" in answer.err
    assert kinds(repository, "breaker_opened", "breaker_half_opened", "breaker_closed", "review_started")[:4] == [
        "breaker_opened", "breaker_half_opened", "breaker_closed", "review_started",
    ]  # fmt: skip
    assert omk("replay", "--redecide", at=repository).code == 0
    assert gate(omk("gates", "--json", at=repository), "smoke")["breaker"] == "closed"
    assert "It was red on this tree once before it passed" in omk("gates", at=repository).out


def test_a_pause_ends_the_waiting_at_once(repository, home, waiting):
    assert omk("pause", at=repository).code == 0
    assert end(waiting).document["status"] == "paused"
    assert worktrees(home) == []


def test_ctrl_c_ends_the_waiting_at_once_and_a_resumed_goal_waits_on(repository, home, waiting):
    waiting.send_signal(INTERRUPT)
    assert end(waiting).code == 130
    assert worktrees(home) == []
    text = omk("why", "--json", at=repository).document["blocking"][0]["text"]
    assert text.startswith("The breaker of gate smoke is open until")
    assert omk("gates", "--reset", "smoke", at=repository).code == 0
    assert omk("resume", "--json", at=repository).document["status"] == "ready"


def test_a_person_who_closes_the_breaker_ends_the_waiting(repository, waiting):
    shown = omk("gates", at=repository).out
    assert "omk gates goal-" in shown
    assert "--reset smoke" in shown
    closed = omk("gates", "--reset-all", "--json", at=repository)
    assert gate(closed, "smoke")["breaker"] == "closed"
    assert end(waiting).document["status"] == "ready"
    last = [one for one in omk("replay", "--json", at=repository).document["timeline"] if "breaker_closed" in one["kind"]]
    assert last[0]["actor"].startswith("person:")


def test_gates_are_shown_with_what_they_said_and_why(repository, tmp_path):
    flags = (*failing_once(tmp_path / "mark"), "--gate", "acceptance=false", "--gate", "demo=true")
    run_goal(*flags, "--needs", "demo=acceptance,smoke", "--rerun-failed", "1", at=repository)
    shown = omk("gates", "--json", at=repository)
    told = [(one["name"], one["outcome"], one["runs"], one["failures"], one["needs"]) for one in shown.document["gates"]]
    assert told == [
        ("smoke", "inconclusive", 2, 2, []),
        ("acceptance", "failed", 2, 2, []),
        ("demo", "skipped", 1, 0, ["acceptance", "smoke"]),
    ]
    for form in ("text", "md"):
        text = " ".join(omk("gates", "--format", form, at=repository).out.split())
        assert "It passed, but was red on this tree once before." in text
        assert "It needs acceptance and smoke, which did not pass on this tree." in text
    assert omk("gates", "latest@gates_configured", "--json", at=repository).document["gates"][0]["outcome"] == "never"


def test_a_new_order_verifies_anew_and_may_say_how(repository, tmp_path):
    run_goal(*failing_once(tmp_path / "mark"), *others("acceptance", "demo"), "--accept", "auto", at=repository)
    again = omk("verify", "--rerun-failed", "2", "--gates-at-once", "3", "--needs", "demo=smoke", "--json", at=repository)
    assert {one["outcome"] for one in again.document["gates"]} == {"passed"}
    replaced = omk("verify", *others("smoke"), "--json", at=repository)
    assert replaced.code == 0
    assert gate(omk("gates", "--json", at=repository), "smoke")["needs"] == []


def test_one_gate_at_once_or_four_prove_the_same(repository, tmp_path):
    fifo = tmp_path / "fifo"
    gates = (
        "--gate", f"acceptance=test -p '{fifo}' && cat '{fifo}'; test -f cli.py",
        "--gate", "smoke=false", "--gate", "demo=true", "--gate", f"late=test -p '{fifo}' && echo > '{fifo}'; true",
    )  # fmt: skip
    one = run_goal(*gates, at=repository)
    os.mkfifo(fifo)  # now the first gate ends only when the last one has begun
    four = run_goal(*gates, "--gates-at-once", "4", at=repository)

    def core(answer):
        document = answer.document
        gates = [(gate["name"], gate["outcome"], gate["tree"], gate["fresh"]) for gate in document["gates"]]
        return document["status"], document["tree"], answer.codes, gates, [held["code"] for held in document["held"]]

    assert core(one) == core(four)
    told = [f"{one['kind']} {one['summary']}" for one in omk("replay", "--json", at=repository).document["timeline"]]
    begun = next(place for place, one in enumerate(told) if one.startswith("gate_started.v1 late"))
    assert begun < next(place for place, one in enumerate(told) if one.startswith("gate_ran.v1 acceptance"))


TOML = '[gates.a]\nrun = "true"\nneeds = ["b", "nope"]\n[gates.b]\nrun = "true"\nneeds = ["a"]\n'


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--needs", "smoke"), "is not GATE=OTHER"),
        (("--needs", "smoke=nope"), "smoke needs nope, which is no gate. Gates: smoke, demo."),
        (("--needs", "smoke=demo", "--needs", "demo=smoke"), "need each other"),
        (("--gates-at-once", "0"), "--gates-at-once must be a number from 1 to 64, not 0."),
        (("--rerun-failed", "-1"), "--rerun-failed must be a number from 0 to 100, not -1."),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_nothing_begins(repository, flags, words):
    answer = omk("run", GOAL, "--agent", WRITES_CLI, *others("smoke", "demo"), *flags, at=repository)
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert words in answer.err
    assert json.loads(omk("list", "--json", at=repository).out) == []


def test_everything_that_is_wrong_with_the_needs_of_omk_toml_is_said_at_once(repository):
    commit(repository, omk__toml=TOML)
    answer = omk("run", GOAL, "--agent", WRITES_CLI, at=repository)
    assert answer.code == 1
    assert "omk.toml: needs: a needs nope, which is no gate. Gates: a, b." in answer.err
    assert "need each other" in answer.err


def test_there_is_no_breaker_to_close_of_a_gate_that_is_none_or_whose_breaker_is_closed(repository):
    run_goal(*others("smoke"), at=repository)
    before = omk("proof", "--json", at=repository).document["seq"]
    unknown = omk("gates", "--reset", "nope", at=repository)
    assert (unknown.code, unknown.err) == (1, "omk: There is no gate nope. Gates: smoke.\n")
    assert "Nothing to do" in omk("gates", "--reset-all", at=repository).err
    assert omk("proof", "--json", at=repository).document["seq"] == before
