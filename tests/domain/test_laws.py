"""What holds of every event, every command and every state."""

import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omk.domain.catalogue import EVENTS, SUBJECTS
from omk.domain.causes import causes_of
from omk.domain.event import Event, Recorded, Unknown, kind_of, kind_tag
from omk.domain.goal_decider import ACROSS, ROUTES
from omk.domain.proof.standing import KNOWN
from omk.domain.spending import ExtendTaskBudget
from omk.domain.state import EVOLVE, INITIAL, GoalState, evolve, fold, parts_of
from omk.domain.subjects.agent import AgentFinished, AgentSaid, AgentStarted, ToolCalled, ToolFinished
from omk.domain.subjects.budget import ExtendBudget
from omk.domain.subjects.controller import ControllerStarted
from omk.domain.subjects.delivery import MergeStarted
from tests.histories import histories
from tests.noise import COMMANDS, answers, commands, events, noise, structs
from tests.scenario import (
    BOT,
    CREATED,
    READY,
    Step,
    gate_run,
    goal,
    order,
    record,
    some,
    tree,
)
from tools.examples import EXAMPLES

ADDS_EVERY_TIME = dict.fromkeys((ExtendBudget, ExtendTaskBudget), "a person may mean the same amount again")


def test_every_kind_of_event_is_remembered_by_some_subject():
    everything = {kind for kind in _kinds(Event) if kind.__module__.startswith("omk.")}
    assert everything == set(EVENTS.values())
    assert set(EVOLVE) == everything
    assert set(KNOWN) == everything


def test_every_kind_has_a_name_of_its_own_with_a_version():
    assert len({kind_tag(kind) for kind in _kinds(Event)}) == len(_kinds(Event))
    assert all(tag.rpartition(".v")[2].isdecimal() for tag in EVENTS)


def test_every_command_has_one_subject_that_answers_it():
    assert len(COMMANDS) == len(set(COMMANDS))
    assert set(COMMANDS) == {*ROUTES, *ACROSS}


@settings(max_examples=60)
@given(histories(), noise())
def test_the_fold_of_every_prefix_is_defined_and_is_the_sum_of_its_steps(history: list[Recorded], mess: list[Recorded]):
    for records in (history, mess):
        state = INITIAL
        for length, one in enumerate(records):
            assert fold(records[:length]) == state
            state = evolve(state, one)
            assert state.seq == one.seq
        assert fold(records[3:], fold(records[:3])) == state


@settings(max_examples=300)
@given(noise(), events(), st.sampled_from(sorted(EVENTS)), st.data())
def test_evolve_takes_any_event_in_any_state_without_a_word(records, event, tag, data):
    state = fold(records)
    for one in (event, data.draw(structs(EVENTS[tag]))):
        after = evolve(state, record(one, state))
        assert isinstance(after, GoalState)
        assert after.strange == state.strange


@given(noise())
def test_an_event_of_an_unknown_kind_changes_nothing_but_that_it_is_known_to_be_there(records):
    state = fold(records)
    after = evolve(state, record(Unknown(kind="tea_made.v7", raw=b"{}"), state))
    assert after.strange is not None
    assert after.strange.count == 1 + (state.strange.count if state.strange else 0)
    assert [kept for kept in parts_of(after) if kept is not after.strange] == parts_of(state)[:-1]


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
def test_asked_twice_it_records_once(kind):
    @settings(max_examples=25)
    @given(histories(most=20) | noise(most=8), structs(kind))
    def law(records, command):
        state = fold(records)
        for event in answers(command, state) or ():
            state = evolve(state, record(event, state, actor=command.actor))
        if state.seq > len(records) and kind not in ADDS_EVERY_TIME:
            assert not answers(command, state)

    law()


@settings(max_examples=200)
@given(histories(), st.lists(commands(), max_size=5))
def test_deciding_is_total_and_gives_events_of_this_goal(records, asked):
    state = fold(records)
    for command in asked:
        for event in answers(command, state) or ():
            assert type(event) in EVOLVE


@settings(max_examples=60)
@given(histories())
def test_causes_ascend_come_before_and_lack_only_to_a_persons_word_or_a_controllers_start(records):
    state = INITIAL
    for one in records:
        assert one.causes == causes_of(one.event, state, one.actor)
        assert list(one.causes) == sorted(set(one.causes))
        assert all(0 < seq < one.seq for seq in one.causes)
        if not one.causes:
            assert one.actor.startswith("person:") or isinstance(one.event, ControllerStarted), kind_of(one.event)
        state = evolve(state, one)


@pytest.mark.parametrize("tag", sorted(set(EXAMPLES) - {"controller_started.v1"}))
def test_whatever_a_controller_records_rests_on_something(tag):
    state = goal.given(*READY).state
    assert causes_of(EXAMPLES[tag], state, BOT)


def test_the_state_does_not_grow_with_what_agents_say_and_do():
    few, many = _chatty(2), _chatty(300)
    assert _size(many) - _size(few) < 100


def test_the_state_does_not_grow_with_the_attempts():
    assert _size(_attempts(40)) - _size(_attempts(4)) < 200


def test_a_forks_obligations_leases_and_acceptance_stay_the_parents():
    parent = goal.given(*READY, order("merge"), some(MergeStarted, tree=tree("done")))
    child = parent.given(EXAMPLES["goal_forked.v1"]).state
    assert not child.obligation
    assert child.delivery.acceptance is None
    assert child.controller.active is None
    assert child.controller.request is None
    assert child.worktree.tree == parent.state.worktree.tree
    assert child.budget.used_ms == 0


def test_a_forks_usage_is_counted_apart_from_what_it_inherits():
    child = goal.given(*CREATED, EXAMPLES["usage_reported.v1"], EXAMPLES["goal_forked.v1"]).state
    assert (child.budget.inherited_ms, child.budget.inherited_micro_usd) == (61_200, 54_000)
    assert (child.budget.used_ms, child.budget.used_micro_usd) == (0, 0)


def _chatty(words: int) -> Any:
    agent = some(AgentStarted)
    steps: list[Step] = [*CREATED, agent]
    for number in range(1, words + 1):
        steps += [
            some(AgentSaid, agent=agent.agent, number=number),
            some(ToolCalled, tool=f"call-{number}", agent=agent.agent),
            some(ToolFinished, tool=f"call-{number}", agent=agent.agent),
        ]
    return goal.given(*steps).state


def _attempts(count: int) -> Any:
    story = goal.given(*CREATED)
    for attempt in range(1, count + 1):
        agent = f"goal-agent-execute:{attempt}"
        story = story.given(
            some(AgentStarted, agent=agent, attempt=attempt),
            some(AgentSaid, agent=agent),
            some(AgentFinished, agent=agent),
            *gate_run(outcome="failed", attempt=attempt),
        )
    return story.state


def _size(state: GoalState) -> int:
    return len(repr(state)) + sum(sys.getsizeof(part) for part in parts_of(state))


def _kinds(kind: type) -> list[Any]:
    children: list[type] = kind.__subclasses__()
    return [one for child in children for one in (child, *_kinds(child))]


def test_every_subject_is_a_part_of_the_state():
    assert set(SUBJECTS) <= set(GoalState.__struct_fields__)
