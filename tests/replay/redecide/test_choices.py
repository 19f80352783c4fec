"""Each choice of a controller, and what today's controller would choose there."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from omk.domain import wanted as wanting
from omk.domain.effects import (
    AwaitBreaker,
    AwaitChecks,
    Effect,
    EndTask,
    MakeReview,
    MeasurePass,
    MergePullRequest,
    MergeSlice,
    OpenPullRequest,
    RunPlanner,
    StopLoop,
)
from omk.domain.event import kind_of
from omk.domain.plan import REVIEW, VERIFY
from omk.domain.proof.holds import gate_passed
from omk.domain.state import fold
from omk.domain.subjects.delivery import StartMerge
from omk.domain.subjects.progress import IterationMeasured, StagnationDetected
from omk.domain.subjects.review import GrantWaiver, ReviewBlocked, ReviewErrored, ReviewNotApplicable, ReviewPassed
from omk.domain.subjects.task import FailTask
from omk.replay.redecide.again import asked_again
from omk.replay.redecide.choices import NAMES
from tests.domain.simulated import Simulated, reviewing_first
from tests.replay.redecide.telling import differences, driven, end_of, history_of, place_of, retold, told
from tests.scenario import ANN, BOT, READY, Story, create, gate_named, gates, goal, order, policy, tree

VERDICTS = (ReviewPassed, ReviewBlocked, ReviewErrored, ReviewNotApplicable)


@pytest.fixture
def forgive_gates(monkeypatch):
    """From now on every gate passes, whatever it said: the rule itself is another, wherever it is asked."""
    return lambda: monkeypatch.setattr(gate_passed, "__code__", (lambda state, code: ()).__code__)


def choices_at(records):
    """The places where a choice was asked about."""
    return [one.seq for one in asked_again(history_of(records)) if one.question == "choice"]


def test_every_effect_has_a_name():
    assert set(NAMES) == set(Effect.__args__)


@settings(max_examples=60)
@given(
    agent=st.lists(st.sampled_from(("succeeded", "failed", "timed_out")), min_size=3, max_size=3),
    gate=st.lists(st.sampled_from(("passed", "failed", "errored")), min_size=3, max_size=3),
    writes=st.lists(st.booleans(), min_size=3, max_size=3),
    review=st.sampled_from(VERDICTS),
    attempts=st.integers(1, 3),
    accept=st.sampled_from(("manual", "auto")),
    merge=st.sampled_from(("disabled", "manual", "gated")),
)
def test_whatever_the_world_answers_the_same_controller_would_do_the_same(agent, gate, writes, review, attempts, accept, merge):
    world = Simulated(
        agent=lambda attempt: agent[attempt - 1],
        gate=lambda _, attempt: gate[attempt - 1],
        writes=lambda attempt: writes[attempt - 1],
        review=review,
    )
    records = driven(world, max_attempts=attempts, accept=accept, merge=merge)
    assert differences(records) == []
    assert len(choices_at(records)) >= len(world.performed)


PUBLISHED = (OpenPullRequest, AwaitChecks, MergePullRequest)
"""What is chosen only where a goal is delivered by a pull request."""


def test_what_a_controller_chose_of_a_pull_request_is_asked_about_and_is_the_same_today():
    world = Simulated()
    begun = create(accept="auto", merge="gated", delivery="auto-pr")
    asked_for = order("execute", "verify", "review", "accept", "merge")
    records = world.drive(goal.given(begun, gates(gate_named()), asked_for)).records
    kinds = {kind_of(records[seq - 1].event) for seq in choices_at(records)}
    performed: set[type[Effect]] = {type(one) for one in world.performed}
    assert performed.issuperset(PUBLISHED)
    assert kinds > {"push_started.v1", "pull_request_requested.v1", "pull_request_checked.v1", "pull_request_merge_requested.v1"}
    assert differences(records) == []


def test_everything_a_controller_chose_is_asked_about():
    world = Simulated(gate=lambda _, attempt: "failed" if attempt == 1 else "passed")
    records = driven(world)
    kinds = {kind_of(records[seq - 1].event) for seq in choices_at(records)}
    others = {
        AwaitBreaker,
        MergeSlice,
        RunPlanner,
        MeasurePass,
        StopLoop,
        *PUBLISHED,
    }
    assert {type(one) for one in world.performed} == set(NAMES) - others
    assert kinds == {
        "task_proposed.v1", "task_started.v1", "agent_started.v1", "gate_started.v1", "task_failed.v1", "task_finished.v1",
        "review_started.v1", "task_retried.v1", "change_accepted.v1", "merge_started.v1",
    }  # fmt: skip


def test_what_a_loop_measured_and_why_it_was_stopped_is_asked_again():
    world = Simulated(gate=lambda *_: "failed", writes=lambda _: False)
    impatient = policy(stagnation_warmup=0, stagnation_window=2)
    begun = goal.given(create(), gates(gate_named()), impatient, order("execute", "verify", "review", max_attempts=4))
    records = list(world.drive(begun).records)
    assert differences(records) == []
    kinds = {kind_of(records[seq - 1].event) for seq in choices_at(records)}
    assert {"iteration_measured.v1", "stagnation_detected.v1"} <= kinds
    place = place_of(records, "iteration_measured.v1")
    event, actor, at = told(records)[place]
    assert isinstance(event, IterationMeasured)
    flattered = [*told(records)[:place], (replace(event, passed=1), actor, at), *told(records)[place + 1 :]]
    assert differences(retold(flattered))[0].seq == place + 1
    assert isinstance(records[-1].event, StagnationDetected)


def test_another_order_of_steps_is_named_at_the_first_choice_it_changes(monkeypatch):
    records = driven()
    first = place_of(records, "task_started.v1", lambda one: one.task == VERIFY)
    monkeypatch.setattr(wanting, "ASK", reviewing_first())
    found = differences(records)[0]
    assert (found.seq, found.question) == (first + 1, "choice")
    assert found.expected == {"effect": "begin_task", "task": VERIFY}
    assert found.actual == {"effect": "begin_task", "task": REVIEW}


def test_a_gentler_rule_is_named_where_the_controller_would_not_have_minded(forgive_gates):
    records = driven()
    forgive_gates()
    failed = place_of(records, "task_failed.v1")
    found = differences(records)[0]
    assert (found.seq, found.question) == (failed + 1, "choice")
    assert found.expected == {"effect": "end_task", "task": VERIFY, "outcome": "failed"}
    assert found.actual == {"effect": "end_task", "task": VERIFY, "gaps": (), "outcome": "finished"}


def test_a_controller_that_would_want_nothing_says_so(monkeypatch):
    records = driven()
    monkeypatch.setattr("omk.replay.redecide.choices.wanted", lambda state: ())
    found = differences(records, "choice")
    assert [one.seq for one in found] == choices_at(records)
    assert {str(one.actual) for one in found} == {"None"}


def test_what_a_person_does_is_no_choice_of_the_controller():
    story = goal.given(*READY)
    merge: Any = next(one for one in (record.event for record in driven()) if kind_of(one) == "merge_started.v1")
    merged = story.given(StartMerge(actor=ANN, started=replace(merge, tree=tree("done"))))
    accepted = place_of(merged.records, "change_accepted.v1")
    assert {accepted + 1, len(merged.records)}.isdisjoint(choices_at(end_of(merged)))


def test_a_change_accepted_by_policy_is_a_choice_and_one_accepted_by_a_person_is_none():
    records = driven()
    at, story = place_of(records, "change_accepted.v1"), told(records)
    by_person = retold([*story[:at], (story[at][0], ANN, story[at][2]), *story[at + 1 :]])
    assert at + 1 in choices_at(records)
    assert at + 1 not in choices_at(by_person)


def test_tasks_that_are_opened_again_by_an_order_to_execute_are_no_choice():
    again = order("execute", name="c-2")
    records = driven(accept="manual", merge="manual", max_attempts=1)
    story = Story(tuple(records), fold(records))
    once_more = story.given(again)
    assert [kind_of(one.event) for one in once_more.new] == ["controller_started.v1", "task_retried.v1"]
    assert differences(end_of(once_more), "decision") == []
    assert len(once_more.records) not in choices_at(end_of(once_more))


def test_a_word_that_comes_while_the_controller_looks_is_no_difference():
    """It saw the gap, a person waived it, and only then the end of the task was on record."""
    world, story = Simulated(), goal.given(create(), gates(gate_named()), order())
    while not isinstance(effect := wanting.wanted(story.state)[0], EndTask) or effect.task != REVIEW:
        world.review = ReviewBlocked if isinstance(effect, MakeReview) and effect.review == "code" else ReviewPassed
        story = world.perform(story, effect)
    assert effect.gaps == ("review.code",)
    fail = FailTask(actor=BOT, task=REVIEW, attempt=1, reason="open: review.code")
    waived = story.given(GrantWaiver(actor=ANN, code="review.code", tree=story.state.worktree.tree, reason="Generated."))
    said_late = waived.given(fail)
    assert differences(end_of(said_late)) == []
    looked = told(end_of(story.given(fail)))[-1]
    silent = retold([*told(end_of(waived))[:-1], (waived.records[-1].event, BOT, waived.records[-1].at), looked])
    assert [one.seq for one in differences(silent, "choice")] == [len(silent)]
