"""What a gap says is missing: real events with real fields, one for each thing that was announced and not answered."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from omk.domain.catalogue import EVENTS
from omk.domain.event import Unknown
from omk.domain.proof.proof import prove
from omk.domain.proof.standing import judge
from omk.domain.subjects.agent import AgentStarted, PermissionAsked, ToolCalled
from omk.domain.subjects.delivery import MergeStarted
from omk.domain.subjects.landing import PullRequestMergeRequested
from omk.domain.subjects.obligation import BOOKKEEPING, CLOSES
from omk.domain.subjects.publication import PullRequestRequested, PushStarted
from omk.domain.subjects.review import ReviewBlocked
from omk.domain.subjects.task import StartTask
from tests.domain.rule_stories import LACKS, gate_story, waive
from tests.histories import histories
from tests.noise import noise
from tests.scenario import (
    BOT,
    CREATED,
    READY,
    WORKED,
    create,
    files,
    gate_named,
    gate_run,
    gates,
    goal,
    review_run,
    some,
    tree,
    two_tasks,
    work,
)


def fields_of(kind: str) -> dict[str, Any]:
    shape = inspect.type_info(EVENTS[kind])
    assert isinstance(shape, inspect.StructType)
    return {one.name: one.type for one in shape.fields}


def assert_real(gaps) -> None:
    """Every event that is said to be missing is of a kind there is, and has fields of that kind only."""
    for one in (one for gap in gaps for one in (gap.missing, *gap.also)):
        if one.kind not in EVENTS:
            assert not one.where
            continue
        assert set(one.where) <= set(fields_of(one.kind)), one
        for name, value in one.where.items():
            assert isinstance(value, bool | int | str), (one.kind, name)


@pytest.mark.parametrize("steps", [steps for _, steps, *_ in LACKS], ids=[f"{n}-{one[0]}" for n, one in enumerate(LACKS)])
def test_what_is_missing_names_fields_that_its_kind_has(steps):
    assert_real(goal.given(*steps).proof.gaps)


@settings(max_examples=150)
@given(histories() | noise(), st.data())
def test_what_is_missing_names_fields_that_its_kind_has_in_any_log(records, data):
    answers = [one.seq for one in records if type(one.event) in CLOSES]
    gone = data.draw(st.sets(st.sampled_from(answers))) if answers else set()
    judged = judge(one for one in records if one.seq not in gone)
    assert_real(prove(judged.state, judged.standing).gaps)


@settings(max_examples=100)
@given(histories(), st.data())
def test_each_thing_owed_is_named_once_or_explained_by_a_gap_that_is_there(records, data):
    answers = [one.seq for one in records if type(one.event) in CLOSES]
    gone = data.draw(st.sets(st.sampled_from(answers))) if answers else set()
    judged = judge(one for one in records if one.seq not in gone)
    proof = prove(judged.state, judged.standing)
    gap = next((one for one in proof.gaps if one.code == "obligations.closed"), None)
    owed = [name for name in judged.state.obligation if not name.startswith(BOOKKEEPING)]
    if gap is None:
        assert not owed
        return
    named = [gap.missing, *gap.also]
    assert len({repr(one) for one in named}) == len(named) <= len(owed)
    assert set(gap.follows_from) <= {one.code for one in proof.gaps}
    assert gap.follows_from == () or len(named) == len(owed)


def missing(story, code):
    gap = story.gap(code)
    return [(one.kind, one.where) for one in (gap.missing, *gap.also)]


def test_a_task_each_that_no_agent_finished_is_named():
    story = goal.given(create(), gates(gate_named()), two_tasks(), *work("t1")[:2])
    at_work = {"agent": "t1:1", "task": "t1", "outcome": "succeeded"}
    idle = {"task": "t2", "outcome": "succeeded"}
    assert missing(story, "agent.executed") == [("agent_finished.v1", at_work), ("agent_finished.v1", idle)]
    assert missing(story, "files.changed") == [("files_changed.v1", {"task": "t1"}), ("files_changed.v1", {"task": "t2"})]


def test_each_task_that_left_its_scope_has_to_change_files_again():
    change = files("base", "one", task="t1", outside=("hello.py",)), files("one", "two", task="t2", outside=("hello.py",))
    story = goal.given(create(), two_tasks(), *change)
    assert missing(story, "scope.respected") == [("files_changed.v1", {"task": "t1"}), ("files_changed.v1", {"task": "t2"})]


def test_everything_that_was_announced_is_named_by_its_real_fields():
    story = goal.given(
        *READY,
        some(ToolCalled, tool="call-7", agent=None),
        some(PermissionAsked, permission="ask-7"),
        some(PushStarted, attempt=2),
        some(PullRequestRequested, attempt=2),
        some(PullRequestMergeRequested, attempt=4),
        some(MergeStarted, branch="main", attempt=3),
        gate_run(attempt=2)[0],
        review_run("code", attempt=2)[0],
        review_run("performance", attempt=2)[0],
        some(AgentStarted, agent="other:1", task="other"),
    )
    assert missing(story, "obligations.closed") == [
        ("tool_finished.v1", {"tool": "call-7"}),
        ("permission_answered.v1", {"permission": "ask-7"}),
        ("branch_pushed.v1", {"attempt": 2}),
        ("pull_request_opened.v1", {"attempt": 2}),
        ("pull_request_merged.v1", {"attempt": 4}),
        ("change_merged.v1", {"branch": "main", "attempt": 3}),
        ("gate_ran.v1", {"gate": "tests", "attempt": 2}),
        ("review_passed.v1", {"review": "code", "attempt": 2}),
        ("review_not_applicable.v1", {"review": "performance", "attempt": 2}),
        ("agent_finished.v1", {"agent": "other:1", "task": "other"}),
    ]
    assert story.gap("obligations.closed").follows_from == ()


def test_only_what_no_other_gap_explains_is_named():
    story = goal.given(*WORKED, gate_run()[0], some(ToolCalled, tool="call-7"))
    assert missing(story, "obligations.closed") == [("tool_finished.v1", {"tool": "call-7"})]
    assert story.gap("obligations.closed").evidence == (story.state.seq - 1, story.state.seq)
    assert story.gap("obligations.closed").owner == "agent"


def test_an_older_attempt_is_not_explained_by_the_gap_that_the_newer_one_would_close():
    first, second = gate_run(), gate_run(attempt=2)
    story = goal.given(*WORKED, first[0].started, second[0].started)
    assert missing(story, "obligations.closed") == [("gate_ran.v1", {"gate": "tests", "attempt": 1})]
    assert story.gap("gate.tests").follows_from == ()


def test_a_run_on_an_earlier_tree_cannot_close_the_gap_of_its_gate():
    story = goal.given(*WORKED, gate_run()[0], files("done", "later"))
    assert missing(story, "obligations.closed") == [("gate_ran.v1", {"gate": "tests", "attempt": 1})]


def test_a_gate_that_is_not_required_is_explained_by_the_check_it_is_to_prove():
    optional = gate_story(name="smoke", required=False)
    story = goal.given(create(checks=("smoke",)), *optional[1:], gate_run("smoke")[0])
    assert story.gap("obligations.closed").follows_from == ("oracle.smoke",)
    where = {"gate": "smoke", "outcome": "passed", "tree": tree("done"), "definition": gate_named("smoke").digest}
    assert missing(story, "oracle.smoke") == [("gate_ran.v1", where)]


def test_of_several_gates_the_one_at_work_is_to_prove_the_check():
    both = gates(gate_named("smoke-a", required=False), gate_named("smoke-b", required=False))
    story = goal.given(create(checks=("smoke",)), both, *WORKED[2:], gate_run("smoke-b")[0])
    assert story.gap("oracle.smoke").missing.where["gate"] == "smoke-b"
    assert story.gap("obligations.closed").follows_from == ("oracle.smoke",)


def test_a_review_that_is_being_made_again_owes_its_answer_whatever_it_said_before():
    again = review_run("test", attempt=2)[0]
    story = goal.given(*WORKED, *gate_run(outcome="failed"), *review_run("test", ReviewBlocked), again)
    assert story.gap("review.test").follows_from == ()
    assert story.gap("obligations.closed").follows_from == ("review.test",)


def test_a_waived_review_that_is_being_made_again_is_still_owed():
    story = goal.given(*WORKED, *review_run("code", ReviewBlocked), waive("review.code"), review_run("code", attempt=2)[0])
    assert missing(story, "obligations.closed") == [("review_passed.v1", {"review": "code", "attempt": 2})]


@pytest.mark.parametrize(
    ("definition", "run", "kind"),
    [
        (gate_named("tests"), False, "review_not_applicable.v1"),
        (gate_named("bench"), False, "review_passed.v1"),
        (gate_named("bench", required=False), False, "review_not_applicable.v1"),
        (gate_named("bench", required=False), True, "review_passed.v1"),
    ],
)
def test_the_performance_review_is_expected_to_say_what_it_would(definition, run, kind):
    steps = gate_run(definition.name) if run else ()
    story = goal.given(create(), gates(definition), *WORKED[2:], *steps)
    assert story.gap("review.performance").missing.kind == kind


def test_an_unknown_kind_is_named_without_fields_that_nobody_knows():
    unknown: Any = Unknown(kind="tea_made.v7", raw=b"{}")
    story = goal.given(create(), unknown)
    assert missing(story, "log.understood") == [("tea_made.v7", {})]


def test_a_task_that_began_before_any_agent_is_owed_by_its_number():
    story = goal.given(*CREATED, StartTask(actor=BOT, task="goal-agent-execute", worker="w"))
    assert missing(story, "obligations.closed") == [("task_finished.v1", {"task": "goal-agent-execute", "attempt": 1})]
