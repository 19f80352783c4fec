"""Events that might come: what is given stays, what is not comes from the state, and nothing ill-typed gets through."""

import msgspec
import pytest
from hypothesis import given, settings

from omk.domain.catalogue import EVENTS
from omk.domain.event import Event, kind_of
from omk.domain.plan import EXECUTE
from omk.domain.state import INITIAL, fold
from omk.domain.subjects.gate import GateRan, GatesConfigured
from omk.domain.subjects.worktree import FilesChanged
from omk.errors import Refused
from omk.replay.suppose.fill import fill
from tests.domain.rule_stories import LACKS
from tests.histories import histories
from tests.noise import noise
from tests.scenario import CREATED, READY, WORKED, goal, work
from tools.examples import EXAMPLES


def where_of(event):
    """The fields of an event as plain values."""
    return {name: value for name, value in msgspec.to_builtins(event).items() if name != "kind"}


@pytest.mark.parametrize("tag", EVENTS)
def test_what_is_given_stays_as_it_is(tag):
    assert fill(tag, where_of(EXAMPLES[tag]), INITIAL) == EXAMPLES[tag]


@pytest.mark.parametrize("tag", EVENTS)
def test_each_single_field_that_is_given_stays_as_it_is(tag):
    state = goal.given(*READY).state
    for name, value in where_of(EXAMPLES[tag]).items():
        filled = where_of(fill(tag, {name: value}, state))
        assert filled[name] == value


@settings(max_examples=50)
@given(histories() | noise())
def test_nothing_given_is_enough_for_an_event_of_any_kind_after_anything(records):
    state = fold(records)
    for tag, event in EVENTS.items():
        filled = fill(tag, {}, state)
        assert type(filled) is event
        assert msgspec.json.decode(msgspec.json.encode(filled), type=event) == filled


def test_a_kind_needs_no_version():
    assert kind_of(fill("goal_resumed", {}, INITIAL)) == "goal_resumed.v1"


@pytest.mark.parametrize(("code", "steps", "words", "owner", "missing"), LACKS)
def test_the_event_that_a_gap_lacks_can_be_made(code, steps, words, owner, missing):
    story = goal.given(*steps)
    lack = story.gap(code).missing
    if lack.kind not in EVENTS:
        with pytest.raises(Refused, match="no event of kind"):
            fill(lack.kind, lack.where, story.state)
        return
    if lack.where.keys() & {"obligation", "proves"} and lack.kind != "effect_aborted.v1":
        with pytest.raises(Refused, match="has no field"):  # words that are no fields of the event
            fill(lack.kind, lack.where, story.state)
        return
    made = fill(lack.kind, lack.where, story.state)
    assert isinstance(made, Event)
    assert where_of(made).items() >= {name: value for name, value in lack.where.items() if name != "gates"}.items()


def test_what_is_not_given_comes_from_the_state():
    story = goal.given(*WORKED)
    ran = fill("gate_ran", {}, story.state)
    assert isinstance(ran, GateRan)
    definition = story.state.gate.by_name["tests"].definition.digest
    assert (ran.gate, ran.attempt, ran.outcome, ran.tree, ran.definition) == (
        *("tests", 1, "passed", story.state.worktree.tree),
        definition,
    )


def test_an_agent_that_ends_is_the_one_at_work():
    story = goal.given(*CREATED, *work(attempt=3)[:2])
    assert where_of(fill("agent_finished", {}, story.state))["agent"] == f"{EXECUTE}:3"
    assert where_of(fill("agent_started", {}, goal.given(*CREATED).state))["agent"] == f"{EXECUTE}:1"


def test_files_that_change_make_the_change_of_a_task():
    story = goal.given(*CREATED, *work())
    changed = fill("files_changed", {"task": EXECUTE}, story.state)
    assert isinstance(changed, FilesChanged)
    assert "files.changed" in story.gaps
    assert "files.changed" not in story.given(changed).gaps


def test_a_gate_that_is_named_keeps_the_rest_of_its_definition():
    story = goal.given(*CREATED)
    named = fill("gates_configured", {"gates": [{"name": "tests", "proves": ["smoke"]}, {"name": "new"}]}, story.state)
    assert isinstance(named, GatesConfigured)
    known, new = named.gates
    assert msgspec.structs.replace(known, proves=()) == story.state.gate.by_name["tests"].definition
    assert (known.proves, new.name, new.required) == (("smoke",), "new", True)


@pytest.mark.parametrize(
    ("kind", "where", "words"),
    [
        ("tea_made", {}, "no event of kind 'tea_made'"),
        ("gate_runs", {}, "such as gate_ran.v1, gate_started.v1"),
        ("gate_ran.v9", {}, "no event of kind 'gate_ran.v9'"),
        ("gate_ran", {"colour": "red"}, "gate_ran.v1 has no field 'colour'. Its fields: gate, attempt"),
        ("gate_ran", {"attempt": "1"}, "attempt"),
        ("gate_ran", {"outcome": "green"}, "outcome"),
        ("gates_configured", {"gates": [{"name": "tests", "colour": "red"}]}, "colour"),
        ("gates_configured", {"gates": "tests"}, "gates"),
        ("goal_planned", {"tasks": None}, "tasks"),
        ("agent_started", {"attempt": "x"}, "no agent_started.v1"),
        ("agent_started", {"attempt": [1]}, "no agent_started.v1"),
        ("gate_ran", {"gate": "\ud800"}, "no gate_ran.v1"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(kind, where, words):
    with pytest.raises(Refused) as refusal:
        fill(kind, where, INITIAL)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
