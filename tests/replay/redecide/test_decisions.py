"""Each record, and the command that would record it: today's decider is asked again."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from omk.domain.catalogue import EVENTS
from omk.domain.event import Unknown
from omk.domain.proof.proof import prove, verdict_digest
from omk.domain.proof.rules import VERSION
from omk.domain.proof.standing import judge
from omk.domain.subjects.agent import AgentSaid
from omk.domain.subjects.goal import DecisionRecorded, GoalBlocked
from omk.domain.subjects.lease import ClaimTask, LeaseExpired, TaskClaimed
from omk.domain.subjects.verdict import ProofIssued
from omk.domain.subjects.worktree import FilesChanged
from omk.log.memory import MemoryLog
from omk.replay.redecide.again import asked_again, redecide
from omk.replay.redecide.commands import ALONE, TOGETHER, WITHIN
from omk.replay.redecide.difference import plain_event
from tests.histories import histories
from tests.history import STORIES, history, recorded
from tests.noise import commands, noise
from tests.replay.redecide.telling import differences, driven, end_of, history_of, place_of, retold, told
from tests.scenario import ANN, BOT, CREATED, READY, WORKED, Story, create, goal, some, time, tree


def test_a_command_is_known_for_every_kind_of_event():
    assert {*ALONE, *TOGETHER, *WITHIN} == set(EVENTS.values())
    assert not ALONE.keys() & WITHIN.keys()


@settings(max_examples=150)
@given(histories())
def test_what_the_decider_recorded_it_would_record_again(records):
    assert differences(records, "decision") == []


@settings(max_examples=300)
@given(histories(most=12), commands())
def test_whatever_a_command_records_is_traced_back_to_it(records, command):
    state = judge(records).state
    story = Story(tuple(records), state).when(command)
    assert [one for one in differences(story.records, "decision") if one.seq > state.seq] == []


@settings(max_examples=150)
@given(noise(), st.data())
def test_no_log_is_too_odd_to_be_asked_about_and_every_difference_has_its_place(records, data):
    upto = data.draw(st.integers(0, len(records)) | st.none())
    places = [one.seq for one in redecide(history_of(records), upto)]
    assert places == sorted(places)
    assert set(places) <= {one.seq for one in records if upto is None or one.seq <= upto}


@settings(max_examples=100)
@given(histories(), st.data())
def test_an_earlier_moment_is_asked_as_if_the_log_ended_there(records, data):
    upto = data.draw(st.integers(0, len(records)))
    asked = list(asked_again(history_of(records), upto))
    assert asked == list(asked_again(history_of(records[:upto])))
    assert [one.difference for one in asked if one.question == "decision" and one.difference] == []


@pytest.mark.parametrize("name", STORIES)
def test_sealed_words_are_not_taken_for_a_difference(name):
    log = recorded(MemoryLog(), STORIES[name], issued=True)
    found = list(asked_again(history(log)))
    assert found
    assert [one.difference for one in found if one.question != "choice" and one.difference] == []


def test_a_gate_that_never_began_is_named_where_it_ended():
    records = driven()
    at = place_of(records, "gate_started.v1")
    story = told(records)
    del story[at]
    first = differences(retold(story))[0]
    ran: Any = records[at + 1].event
    assert (first.seq, first.kind, first.question) == (at + 1, "gate_ran.v1", "decision")
    assert (first.expected, first.actual) == (plain_event(ran), None)


@pytest.mark.parametrize("left_out", range(78))
def test_whatever_single_event_is_left_out_of_a_run_it_is_missed(left_out):
    records = driven()
    assert len(records) == 79
    story = told(records)
    del story[left_out]
    assert differences(retold(story)), records[left_out].event


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("task_started.v1", {"attempt": 7}),
        ("task_finished.v1", {"attempt": 7}),
        ("gate_started.v1", {"attempt": 0}),
        ("gate_ran.v1", {"attempt": 7}),
        ("review_passed.v1", {"attempt": 7}),
        ("files_changed.v1", {"old": tree("elsewhere")}),
        ("merge_started.v1", {"tree": tree("elsewhere")}),
        ("change_accepted.v1", {"tree": tree("elsewhere")}),
        ("change_merged.v1", {"attempt": 7}),
        ("agent_started.v1", {"attempt": 7}),
        ("goal_planned.v1", {"tasks": ()}),
        ("task_retried.v1", {"attempt": 7}),
    ],
)
def test_a_changed_field_is_found_where_it_is(kind, changes):
    records = driven()
    at, story = place_of(records, kind), told(records)
    event: Any = story[at][0]
    story[at] = (replace(event, **changes), *story[at][1:])
    assert differences(retold(story))[0].seq == at + 1


@pytest.mark.parametrize(
    "kind", ["gate_started.v1", "review_started.v1", "task_accepted.v1", "merge_started.v1", "goal_planned.v1"]
)
def test_two_events_that_changed_places_are_found_there(kind):
    records = driven()
    at, story = place_of(records, kind), told(records)
    story[at], story[at + 1] = story[at + 1], story[at]
    assert differences(retold(story))[0].seq == at + 1


def test_after_a_difference_it_goes_on_with_what_was_recorded():
    records = driven()
    story = told(records)
    for kind in ("gate_started.v1", "merge_started.v1"):
        del story[place_of(retold(story), kind)]
    found = [one.kind for one in differences(retold(story), "decision")]
    assert found == ["gate_ran.v1", "change_merged.v1"]


def test_a_refusal_is_a_difference_with_its_sentence():
    said = (some(GoalBlocked, on="external", code="external.wait"), BOT, time(9))
    answered = (some(DecisionRecorded), ANN, time(10))
    found = differences(retold([*told(end_of(goal.given(*CREATED))), said, answered]), "decision")
    assert [(one.kind, one.actual) for one in found] == [
        ("decision_recorded.v1", {"refused": "g-7hk2m4qd asks nothing of a person now. See `omk why g-7hk2m4qd`."})
    ]


def test_a_part_of_what_is_recorded_together_is_never_alone():
    story = told(end_of(goal.given(create(testable=False))))
    found = differences(retold([*story[:1], *story[2:]]))
    assert [(one.seq, one.actual) for one in found[:2]] == [
        (1, {"refused": "goal_created is never recorded without goal_configured and oracle_assessed right after it."}),
        (2, {"refused": "oracle_assessed is never recorded without goal_configured or goal_forked right before it."}),
    ]


def test_a_goal_that_cannot_be_tested_is_blocked_at_once():
    story = told(end_of(goal.given(create(testable=False))))
    (missed,) = differences(retold([*story[:3], (some(AgentSaid), BOT, time(9))]), "decision")[:1]
    assert (missed.seq, missed.kind) == (4, "agent_said.v1")
    assert missed.actual == {"kind": "goal_blocked.v1", "on": "human", "code": "goal.testable", "reason": "(text)"}


def test_a_lease_that_ran_out_is_taken_over_by_one_command_or_by_two():
    claim = ClaimTask(actor=BOT, task="goal-agent-execute", worker="w-1", now=time(5), lease_ends=time(60))
    over = ClaimTask(actor=BOT, task="goal-agent-execute", worker="w-2", now=time(90), lease_ends=time(120))
    story = told(end_of(goal.given(*CREATED, claim, over)))
    assert [type(event) for event, _, _ in story[-2:]] == [LeaseExpired, TaskClaimed]
    late = [*story[:-2], *((event, actor, time(90)) for event, actor, _ in story[-2:])]
    assert differences(retold(late), "decision") == []
    apart = [*late[:-2], (late[-2][0], ANN, time(90)), late[-1]]
    assert differences(retold(apart), "decision") == []
    early = [*story[:-2], *((event, actor, time(30)) for event, actor, _ in story[-2:])]
    (first,) = differences(retold(early), "decision")[:1]
    assert first.actual is not None
    assert "w-1 holds goal-agent-execute until" in first.actual["refused"]


def test_after_an_unknown_kind_nothing_is_asked_and_a_note_says_so():
    odd = (Unknown(kind="tea_made.v7", raw=b"{}"), BOT, time(9))
    story = told(end_of(goal.given(*WORKED)))
    records = retold([*story[:20], odd, *story[20:]])
    last = list(asked_again(history_of(records)))[-1]
    assert (last.seq, last.difference) == (21, None)
    assert last.note == "tea_made.v7 is a kind this omk does not know: nothing after it can be asked again."


# --- Verdicts on record ---


def issued(**fields):
    """A ready goal with its verdict on record, some of whose fields say something else."""
    story = told(end_of(goal.given(*READY)))
    judged = judge(retold(story))
    proof = prove(judged.state, judged.standing)
    true = {"status": proof.status, "rules": VERSION, "verdict": verdict_digest(proof), "tree": proof.tree, "seq": proof.seq}
    return retold([*story, (ProofIssued(**{**true, **fields}), BOT, time(99))])


def test_the_verdict_on_record_is_what_the_rules_say_today():
    assert next(one for one in asked_again(history_of(issued())) if one.question == "verdict").difference is None


@pytest.mark.parametrize("field", [{"status": "not_ready"}, {"verdict": "b2:" + 64 * "0"}, {"tree": tree("elsewhere")}])
def test_another_verdict_by_the_same_rules_is_a_difference(field):
    (found,) = differences(issued(**field), "verdict")
    assert found.expected is not None
    assert found.actual is not None
    ((name, value),) = field.items()
    assert found.expected[name] == value
    assert [key for key in found.actual if found.actual[key] != found.expected[key]] == [name]


def test_another_verdict_by_other_rules_is_a_note_that_shows_both():
    (asked,) = [
        one for one in asked_again(history_of(issued(rules=VERSION + 1, status="not_ready"))) if one.question == "verdict"
    ]
    assert asked.difference is None
    assert asked.note == f"rules {VERSION + 1} came to not_ready; rules {VERSION}, which are others, come to ready."


def test_a_verdict_on_an_earlier_event_is_judged_there():
    records = issued()
    story = told(records)
    late = retold([*story[:-1], (some(FilesChanged, old=tree("done"), tree=tree("later")), BOT, time(98)), story[-1]])
    (asked,) = [one for one in asked_again(history_of(late)) if one.question == "verdict"]
    assert (asked.seq, asked.difference) == (len(late), None)


def test_a_verdict_on_an_event_to_come_is_a_difference():
    (found,) = differences(issued(seq=999), "verdict")
    assert found.actual is not None
    assert "does not come before" in found.actual["refused"]
