"""Named questions on histories told by hand: the answers are known before they are asked."""

from datetime import UTC, datetime

import pytest

from omk.domain.plan import EXECUTE
from omk.domain.subjects.delivery import RejectChange
from omk.domain.subjects.progress import DetectStagnation, StagnationDetected
from omk.domain.subjects.task import FailTask, RetryTask
from omk.lake.question import questions
from tests.history import STORIES
from tests.lake.asking import asked, called, fork, log_of, spent, worked_by
from tests.scenario import (
    ANN,
    BOT,
    CREATED,
    READY,
    WORKED,
    accept,
    change,
    done,
    files,
    gate_run,
    goal,
    reviews,
    some,
    time,
    tree,
)

READY_AT = 41
"""The event at which a usual story is ready, and the second at which that was, from a begin of 0."""
FINISHED = (files("base", "done"), done(), *gate_run(), *reviews(), accept())
REJECTION = RejectChange(actor=ANN, tree=tree("done"), reason="It greets nobody.")
LATER = files("done", "later", change("hello.py", "later", "new"))


def row(rows, **where):
    """The one row in which these columns have these values."""
    (found,) = [one for one in rows if all(one[name] == value for name, value in where.items())]
    return found


# --- Goals ---


def test_readiness_counts_what_was_begun_became_ready_and_lost_it_step_by_step():
    rows = asked("readiness", {"g-ready": STORIES["ready"], "g-stale": STORIES["stale"]})
    first, last = rows[0], rows[-1]
    assert len(rows) == READY_AT + 1
    assert first == {
        "begins_at": time(1), "begun": 2, "became_ready": 0, "lost_ready": 0, "goals": 2, "ready": 0, "ready_percent": 0.0,
    }  # fmt: skip
    assert row(rows, begins_at=time(READY_AT)) == {**first, "begins_at": time(41), "begun": 0, "became_ready": 2, "ready": 2, "ready_percent": 100.0}  # fmt: skip # noqa: E501
    assert last == {**first, "begins_at": time(42), "begun": 0, "lost_ready": 1, "ready": 1, "ready_percent": 50.0}


def test_time_and_cost_to_ready_end_at_the_first_time_a_goal_was_ready():
    stories = {
        "g-cheap": goal.given(*CREATED, *worked_by("a"), spent(54_000), *FINISHED, spent(9_000_000, report=2)),
        "g-dear": goal.given(*CREATED, *worked_by("a"), spent(50_000), spent(4_001, report=2), *FINISHED, REJECTION),
        "g-never": goal.given(*WORKED, spent(7)),
    }
    rows = asked("time-to-ready", stories)
    expected = {
        "goals": 3, "ready": 2, "ready_percent": 66.7, "median_ms": 41_000, "p95_ms": 42_000, "median_micro_usd": 54_000,
        "mean_micro_usd": 54_001, "micro_usd": 108_001, "median_tokens": 22_800, "median_active_ms": 1_000,
    }  # fmt: skip
    assert rows == [{"kind": "bugfix", **expected}, {"kind": "all", **expected}]


def test_a_gap_is_counted_with_its_whole_time_in_each_goal():
    rows = asked("blocking-gaps", {"g-ready": STORIES["ready"], "g-stale": STORIES["stale"]})
    assert row(rows, code="integration.accepted") == {
        "code": "integration.accepted", "open_ms": 80_000, "median_ms": 40_000, "p95_ms": 40_000, "open_goals": 1, "goals": 2,
        "openings": 3,
    }  # fmt: skip
    assert row(rows, code="goal.testable")["open_ms"] == 4_000
    assert rows == sorted(rows, key=lambda one: -one["open_ms"])


def test_a_gap_counts_from_the_moment_that_is_asked_for():
    rows = asked("blocking-gaps", {"g-ready": STORIES["ready"]}, since=datetime(2026, 1, 2, 3, 4, 40, tzinfo=UTC))
    assert row(rows, code="integration.accepted")["open_ms"] == 6_000
    assert [one["code"] for one in rows if one["code"].startswith("gate")] == []


def test_lost_readiness_names_the_event_what_it_opened_and_when_the_goal_was_ready_again():
    stories = {"g-stale": STORIES["stale"], "g-again": goal.given(*READY, REJECTION, accept())}
    rows = asked("lost-readiness", stories)
    assert rows == [
        {
            "goal": "g-stale", "seq": 42, "kind": "files_changed.v1", "outcome": "still not ready",
            "lost_at": time(42), "ready_ms": 1_000, "again_after_ms": None, "status_then": "not_ready", "status_now": "not_ready",
            "opened": rows[0]["opened"],
        },
        {
            "goal": "g-again", "seq": 42, "kind": "change_rejected.v1", "outcome": "ready again",
            "lost_at": time(42), "ready_ms": 1_000, "again_after_ms": 1_000, "status_then": "not_ready", "status_now": "ready",
            "opened": ["integration.accepted"],
        },
    ]  # fmt: skip
    assert rows[0]["opened"][:2] == ["gate.tests", "integration.accepted"]


def test_what_goals_that_are_not_ready_have_in_common_is_counted_against_ready_ones():
    broken = goal.given(*CREATED, *worked_by("a", *called(1, "shell", "failed", 5)), files("base", "done"), done())
    fine = goal.given(*CREATED, *worked_by("a", *called(1, "shell", "succeeded", 5)), *FINISHED)
    stories = {**{f"g-bad-{number}": broken for number in range(3)}, **{f"g-good-{number}": fine for number in range(4)}}
    rows = asked("not-ready", stories)
    assert rows == [
        {
            "feature": "tool shell failed", "not_ready": 3, "ready": 0, "lift_at_least": 0.61, "lift": 8.75,
            "not_ready_percent": 100.0, "ready_percent": 0.0, "not_ready_goals": 3, "ready_goals": 4,
        },
    ]  # fmt: skip


def test_what_one_goal_alone_has_or_no_ready_goal_can_be_compared_with_is_not_told():
    assert asked("not-ready", {"g-1": STORIES["rejected"], "g-2": STORIES["ready"]}) == []
    assert asked("not-ready", {"g-1": STORIES["rejected"], "g-2": STORIES["rejected"]}) == []


# --- Work ---


def test_gates_are_told_with_their_failures_and_how_long_they_ran():
    runs = (
        *gate_run(outcome="failed", duration_ms=100, reason=None),
        *gate_run(attempt=2, duration_ms=300),
        *gate_run(outcome="timed_out", attempt=3, duration_ms=900, reason=None),
        *gate_run(attempt=4, duration_ms=200),
    )
    (found,) = asked("gate-failures", {"g-1": goal.given(*WORKED, *runs)})
    assert found == {
        "gate": "tests", "runs": 4, "failed_percent": 50.0, "p50_ms": 200, "p95_ms": 900, "passed": 2, "failed": 1,
        "timed_out": 1, "errored": 0, "other": 0, "goals": 1,
    }  # fmt: skip


def test_a_gate_is_flaky_where_it_passed_and_failed_on_the_same_tree_by_the_same_definition():
    red_then_green = goal.given(*WORKED, *gate_run(outcome="failed", reason=None), *gate_run(attempt=2))
    mended = goal.given(*WORKED, *gate_run(outcome="failed", reason=None, at="done"), LATER, *gate_run(attempt=2, at="later"))
    assert asked("flaky-gates", {"g-mended": mended}) == []
    (found,) = asked("flaky-gates", {"g-flaky": red_then_green, "g-mended": mended})
    last = {"goals": 2, "last_at": found["last_at"]}
    assert found == {"gate": "tests", "flaky_trees": 1, "trees": 1, "flaky_percent": 100.0, "passed": 1, "red": 2, **last}


def test_agents_are_compared_on_goals_of_one_kind_and_the_same_gates_alone():
    stories = {
        "g-1": goal.given(*CREATED, *worked_by("command:good"), spent(10), *FINISHED),
        "g-2": goal.given(*CREATED, *worked_by("command:good"), spent(11), *FINISHED),
        "g-3": goal.given(*CREATED, *worked_by("command:bad"), files("base", "done"), *gate_run()),
        "g-alone": goal.given(*CREATED, *worked_by("command:idle")),
    }
    rows = asked("agents", stories)
    like = {"kind": "bugfix", "gates": ["tests"], "runs_per_goal": 1.0, "tool_failures": 0}
    good = {"goals": 2, "ready": 2, "ready_percent": 100.0, "median_ms": 41_000, "mean_micro_usd": 11, "micro_usd": 21}
    bad = {"goals": 1, "ready": 0, "ready_percent": 0.0, "median_ms": None, "mean_micro_usd": 0, "micro_usd": 0}
    assert rows == [
        {**like, "agent": "command:good", **good, "mean_tokens": 22_800},
        {**like, "agent": "command:bad", **bad, "mean_tokens": 0},
    ]
    assert asked("agents", stories, agent="good") == []


def test_tools_are_told_with_their_failures_and_how_long_they_took():
    calls = (
        *called(1, "shell", "succeeded", 10),
        *called(2, "shell", "failed", 30),
        *called(3, "shell", "timed_out", 90),
        *called(4, "edit", "succeeded", 1),
    )
    rows = asked("tool-failures", {"g-1": goal.given(*CREATED, *worked_by("command:a", *calls[:-1]))})
    none = {"failed": 0, "timed_out": 0, "stopped": 0, "aborted": 0, "open": 0, "goals": 1}
    assert rows == [
        {
            **none, "tool": "shell", "calls": 3, "failures": 2, "failed_percent": 66.7, "p50_ms": 30, "p95_ms": 90, "failed": 1,
            "timed_out": 1,
        },
        {
            **none, "tool": "edit", "calls": 0, "failures": 0, "failed_percent": None, "p50_ms": None, "p95_ms": None, "open": 1,
        },
    ]  # fmt: skip
    assert asked("tool-failures", {"g-1": goal.given(*CREATED, *worked_by("command:a", *calls))}, agent="command:b") == []


def test_files_that_were_changed_between_a_pass_and_a_red_run_are_named():
    both = files("done", "later", change("hello.py", "later", "new"), change("lib.py"))
    one = files("later", "last", change("hello.py", "last", "later"))
    story = goal.given(*WORKED, *gate_run(), both, *gate_run(outcome="failed", attempt=2, at="later", reason=None), one)
    first = {"breaks": 1, "gates": ["tests"], "breaking_changes": 1, "goals": 1}
    assert asked("breaking-files", {"g-1": story}) == [
        {"path": "lib.py", **first, "changes": 1, "breaking_percent": 100.0},
        {"path": "hello.py", **first, "changes": 3, "breaking_percent": 33.3},
    ]


def test_retries_are_runs_of_an_agent_beyond_the_first():
    again = (
        *worked_by("command:a", outcome="failed"),
        FailTask(actor=BOT, task=EXECUTE, attempt=1, reason="It broke."),
        RetryTask(actor=BOT, task=EXECUTE, reason="agent failed"),
        *worked_by("command:a", attempt=2),
    )
    stagnant = DetectStagnation(actor=BOT, detected=some(StagnationDetected))
    rows = asked("retries", {"g-1": goal.given(*CREATED, *again, spent(5), stagnant), "g-2": STORIES["ready"]})
    usual = {"exhausted": 0, "goals": 1}
    assert rows == [
        {
            **usual, "retries": "0", "ready": 1, "ready_percent": 100.0, "stagnant": 0, "most_attempts": 1, "median_micro_usd": 0,
            "micro_usd": 0,
        },
        {
            **usual, "retries": "1", "ready": 0, "ready_percent": 0.0, "stagnant": 1, "most_attempts": 2, "median_micro_usd": 5,
            "micro_usd": 5,
        },
    ]  # fmt: skip


# --- All of them ---


def test_a_fork_is_counted_by_what_it_did_itself():
    log = log_of({"g-ready": STORIES["ready"], "g-stale": STORIES["stale"]})
    fork(log, "g-stale", 42, name="g-fork")
    assert row(asked("time-to-ready", log), kind="all")["ready"] == 2
    assert [one["goal"] for one in asked("lost-readiness", log)] == ["g-stale"]
    assert row(asked("retries", log), retries="0")["goals"] == 2
    last = asked("readiness", log)[-1]
    assert (last["goals"], last["ready"]) == (3, 1)
    gap = row(asked("blocking-gaps", log), code="goal.testable")
    assert (gap["goals"], gap["open_ms"]) == (3, 4_000)


@pytest.mark.parametrize("name", questions())
def test_no_goal_is_an_answer_without_rows(name):
    assert asked(name, {}) == []
    assert asked(name, {"g-1": STORIES["ready"]}, repository="another") == []


@pytest.mark.parametrize("name", questions())
def test_what_an_answer_holds_is_what_the_question_says_of_it(name):
    one = questions()[name]
    with_rows = {"g-ready": STORIES["ready"], "g-stale": STORIES["stale"]}
    for rows in (
        asked(name, with_rows),
        asked(name, with_rows, since=datetime(2026, 1, 1, tzinfo=UTC), goal="g-ready", agent="c"),
    ):
        assert all(list(found) == list(one.columns) for found in rows)
    assert one.sentence.endswith((".", "?"))
    assert one.empty.endswith(".")
