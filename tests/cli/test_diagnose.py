"""`omk diagnose`, and what a loop says of itself when it ends."""

import pytest

from tests.cli.calling import GATES, GOAL, WRITES_CLI, commit, omk, run_goal

NEVER = "command:true"
RED = ("--gate", "acceptance-smoke-demo=echo nothing here; test -f cli.py")


@pytest.fixture
def stagnant(repository):
    """A goal whose agent never helps, with twelve attempts."""
    commit(repository, **{"omk.toml": "[breaker]\nfailures = 0\n"})
    arguments = ("run", GOAL, "--agent", NEVER, *RED, "--until-ready", "--max-attempts", "12")
    return repository, omk(*arguments, at=repository)


def test_an_agent_that_never_helps_is_stopped_at_the_eighth_attempt_and_everybody_is_told_why(stagnant, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    repository, answer = stagnant
    assert answer.code == 0
    assert " ".join(answer.out.split()).endswith(
        "Why it ended: stagnation after 8 iterations: what failed printed the same again and again."
    )
    replayed = omk("replay", "--json", at=repository).document
    kinds = [one["kind"] for one in replayed["timeline"]]
    assert kinds.count("agent_started.v1") == kinds.count("iteration_measured.v1") == 8
    stopped = replayed["timeline"][kinds.index("controller_stopped.v1")]["summary"]
    assert "stagnation after 8 iterations" in stopped
    assert replayed["state"]["stagnation"]["code"] == "external_dependency_broken"
    assert "The loop was stopped" in omk("why", at=repository).out
    assert "stood still" in omk("status", at=repository).out
    assert omk("status", "--json", at=repository).document["stagnation"]["attempts"] == 8
    told = omk("diagnose", "--json", at=repository).document
    assert [one["iteration"] for one in told["iterations"]] == list(range(1, 9))
    assert (told["judged"], told["stagnant"], told["diagnosis"]["confidence"]) == (True, True, 100)
    assert told["diagnosis"]["command"] == f"omk why {told['goal']}"
    text = omk("diagnose", at=repository).out
    assert "external dependency broken, 100 % sure" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "| 8 |" in omk("diagnose", "--format", "md", at=repository).out
    past = omk("diagnose", "latest@iteration_measured#4", "--json", at=repository).document
    assert (past["iterations"][-1]["iteration"], past["judged"], past["diagnosis"]) == (4, False, None)
    assert "Too early to tell: 8 iterations are needed, there were 4." in omk(
        "diagnose", "latest@iteration_measured#4", at=repository
    ).out.replace("\n  ", " ")
    assert omk("replay", "--redecide", "--json", at=repository).document["differences"] == []
    assert omk("fsck", at=repository).code == 0
    omk("execute", at=repository)
    assert omk("diagnose", "--json", at=repository).document["iterations"] == []


def test_a_goal_that_was_no_loop_has_no_diagnosis_and_says_so(repository):
    run_goal(at=repository)
    assert "No iteration was measured" in omk("diagnose", at=repository).out
    assert omk("diagnose", "--json", at=repository).document["diagnosis"] is None


def test_the_configuration_says_when_a_loop_is_stopped(repository):
    commit(repository, omk__toml="[stagnation]\nwarmup = 0\nwindow = 2\n")
    omk("run", GOAL, "--agent", NEVER, *RED, "--until-ready", at=repository)
    told = omk("diagnose", "--json", at=repository).document
    assert told["policy"] == {"warmup": 0, "window": 2, "metrics": 3}
    assert told["detected"]["attempts"] == 2


def test_a_loop_that_ends_well_says_so(repository):
    answer = omk("run", GOAL, "--agent", WRITES_CLI, *GATES, "--until-ready", at=repository)
    assert answer.out.endswith("Why it ended: a person's turn: integration.accepted.\n")
    assert "Why it ended" not in omk("verify", at=repository).out
