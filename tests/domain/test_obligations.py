"""Announced means owed until it is answered, attempt by attempt, whatever comes later."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omk.domain.event import Event, Recorded, kind_tag
from omk.domain.proof.holds import obligations_closed
from omk.domain.state import fold
from omk.domain.subjects.aborted import EffectAborted
from omk.domain.subjects.agent import AgentStarted, PermissionAsked, ToolCalled
from omk.domain.subjects.controller import AbortEffect
from omk.domain.subjects.delivery import MergeStarted
from omk.domain.subjects.gate import GatesConfigured, GateStarted
from omk.domain.subjects.goal import GoalForked
from omk.domain.subjects.landing import PullRequestMergeRequested
from omk.domain.subjects.lease import LeaseExpired
from omk.domain.subjects.obligation import BOOKKEEPING, CLOSES, OPENS
from omk.domain.subjects.publication import PullRequestRequested, PushStarted
from omk.domain.subjects.review import ReviewStarted
from omk.domain.subjects.task import StartTask, TaskRetried, TaskStarted
from omk.domain.subjects.worktree import OpenWorktree, WorktreeOpened
from tests.histories import histories
from tests.scenario import (
    BOT,
    CREATED,
    READY,
    WORKED,
    Step,
    create,
    gate_named,
    gate_run,
    gates,
    goal,
    review_run,
    some,
    tree,
    two_tasks,
)
from tools import corpus
from tools.examples import EXAMPLES


def test_whatever_is_announced_can_be_answered():
    for kind, (_, name) in OPENS.items():
        opened = name(_example(kind))
        subject = opened.partition(":")[0]
        closers = [other for other in CLOSES if kind_tag(other) != "effect_aborted.v1" and _subject(other) == subject]
        assert closers, kind_tag(kind)


ANNOUNCED: dict[type[Event], tuple[Step, ...]] = {
    TaskStarted: (*CREATED, StartTask(actor=BOT, task="goal-agent-execute", worker="w")),
    AgentStarted: (*CREATED, some(AgentStarted)),
    ToolCalled: (*CREATED, some(AgentStarted), some(ToolCalled)),
    PermissionAsked: (*CREATED, some(AgentStarted), some(PermissionAsked)),
    WorktreeOpened: (*CREATED, OpenWorktree(actor=BOT, worktree="agent", purpose="agent", tree=tree("base"))),
    GateStarted: (*WORKED, gate_run()[0]),
    ReviewStarted: (*WORKED, review_run("code")[0]),
    PushStarted: (*READY, some(PushStarted)),
    PullRequestRequested: (*READY, some(PullRequestRequested)),
    PullRequestMergeRequested: (*READY, some(PullRequestMergeRequested)),
    MergeStarted: (*READY, some(MergeStarted, tree=tree("done"))),
}


@pytest.mark.parametrize("kind", list(OPENS), ids=kind_tag)
def test_an_aborted_effect_is_closed_and_no_longer_marked_as_running(kind):
    story = goal.given(*ANNOUNCED[kind])
    name = OPENS[kind][1](next(one.event for one in reversed(story.records) if isinstance(one.event, kind)))
    assert name in story.state.obligation
    after = story.given(AbortEffect(actor=BOT, obligation=name, reason="gone"))
    assert name not in after.state.obligation
    assert set(after.state.obligation) == set(story.state.obligation) - {name}
    after.when(AbortEffect(actor=BOT, obligation=name, reason="gone")).then_nothing()


def owed(records: list[Recorded]) -> dict[str, Any]:
    """What is announced and not answered, and by which event, counted plainly: by the tables of what opens and closes.

    A lease that expires ends the attempt of the task that is at work, if one is.
    """
    found: dict[str, Any] = {}
    newest: dict[str, str] = {}
    for one in records:
        event: Any = one.event
        kind: Any = type(event)
        if kind in OPENS:
            name = OPENS[kind][1](event)
            found[name] = event
            if kind is TaskStarted:
                newest[event.task] = name
        elif kind in CLOSES:
            closed = found.pop(CLOSES[kind](event), None)
            if isinstance(closed, TaskStarted) and newest.get(closed.task) == CLOSES[kind](event):
                del newest[closed.task]
        elif kind is LeaseExpired:
            found.pop(newest.pop(event.task, ""), None)
        elif kind is TaskRetried:
            newest.pop(event.task, None)
        elif kind is GoalForked:
            found, newest = {}, {}
    return found


def assert_exact(records: list[Recorded]) -> None:
    """What the subjects remember is open, since that event and with its process, and the rule says the same."""
    state, expected = fold(records), owed(records)
    assert set(state.obligation) == set(expected)
    by_seq = {one.seq: one.event for one in records}
    for name, one in state.obligation.items():
        assert by_seq[one.seq] is expected[name]
        assert one.pid == getattr(expected[name], "pid", None)
    is_closed = all(name.startswith(BOOKKEEPING) for name in expected)
    assert (obligations_closed(state, "") == ()) == is_closed


@settings(max_examples=100)
@given(histories())
def test_what_the_subjects_remember_as_open_is_what_was_announced_and_not_answered(records):
    assert_exact(records)


@settings(max_examples=150)
@given(histories() | histories(most=80), st.data())
def test_an_answer_that_is_missing_from_a_log_is_owed_whatever_came_later(records, data):
    answers = [one.seq for one in records if type(one.event) in CLOSES]
    gone = data.draw(st.sets(st.sampled_from(answers))) if answers else set()
    assert_exact([one for one in records if one.seq not in gone])


@pytest.mark.parametrize("run", list(corpus.folders([])), ids=lambda run: run.name)
def test_an_answer_that_is_missing_from_a_recorded_run_is_owed(run):
    log, name = corpus.open_run(run)
    records = list(log.read(name))
    assert_exact(records)
    for gone in [one.seq for one in records if type(one.event) in CLOSES]:
        left = [one for one in records if one.seq != gone]
        assert len(owed(left)) == 1
        assert_exact(left)


PLANNED = (create(), gates(gate_named("tests"), gate_named("lint")), two_tasks())


def announcements() -> st.SearchStrategy[Event]:
    """An event that opens or closes one of few obligations, or ends a task's attempt in another way."""
    attempts, names = st.integers(1, 3), st.sampled_from(("a", "b", "c"))
    tasks, gate, passes = st.sampled_from(("t1", "t2")), st.sampled_from(("tests", "lint")), st.sampled_from(("code", "test"))
    fields: dict[str, Any] = {"task": tasks, "gate": gate, "review": passes, "attempt": attempts, "number": attempts}
    fields |= dict.fromkeys(("agent", "tool", "permission", "worktree", "branch"), names)

    def made(kind: Any) -> st.SearchStrategy[Event]:
        own = {name: fields[name] for name in kind.__struct_fields__ if name in fields}
        return st.fixed_dictionaries(own).map(lambda values: some(kind, **values))

    aborted = st.sampled_from(list(OPENS)).flatmap(made).map(lambda one: OPENS[type(one)][1](one))
    others = [made(kind) for kind in (*OPENS, *CLOSES, LeaseExpired, TaskRetried) if kind is not EffectAborted]
    fewer = GatesConfigured(gates=(gate_named("tests"),), guards=())
    return st.one_of(*others, aborted.map(lambda name: some(EffectAborted, obligation=name)), st.just(fewer))


@settings(max_examples=300)
@given(st.lists(announcements(), max_size=40))
def test_attempts_may_begin_and_end_in_any_order_and_none_is_forgotten(events):
    assert_exact(list(goal.given(*PLANNED, *events).records))


def test_an_answer_to_an_older_attempt_closes_it_and_leaves_the_newer_answer_alone():
    first, second = gate_run(outcome="failed"), gate_run(attempt=2)
    story = goal.given(*WORKED, first[0].started, second[0].started, second[1].ran)
    assert set(story.state.obligation) == {"gate:tests:1"}
    later = story.given(first[1].ran).state
    assert not later.obligation
    assert (later.gate.by_name["tests"].last.attempt, later.gate.by_name["tests"].last.outcome) == (2, "passed")
    assert (later.gate.by_name["tests"].runs, later.gate.by_name["tests"].failures) == (2, 0)


def _example(kind: type[Event]) -> Any:
    return EXAMPLES[kind_tag(kind)]


def _subject(kind: type[Event]) -> str:
    return CLOSES[kind](_example(kind)).partition(":")[0]
