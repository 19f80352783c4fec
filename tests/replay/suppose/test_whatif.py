"""What if: the real fold over a history that did not happen."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omk.domain.catalogue import EVENTS
from omk.domain.event import Recorded, kind_of
from omk.domain.goal_decider import is_ready
from omk.domain.proof.gaps import Missing
from omk.domain.proof.proof import prove
from omk.domain.proof.standing import judge
from omk.errors import Refused
from omk.replay.suppose.outcome import Outcome, outcome_of
from omk.replay.suppose.supposed import dependents
from omk.replay.suppose.whatif import what_if
from tests.domain.rule_stories import HOLDS
from tests.histories import histories
from tests.noise import noise
from tests.replay.suppose.told import RUNS, run_history, run_records, told
from tests.scenario import PROVEN, READY, accept, gate_run, goal
from tools.examples import EXAMPLES


def seq_of(records, tag, nth=1):
    return [record.seq for record in records if kind_of(record.event) == tag][nth - 1]


def by_hand(records):
    """The outcome of exactly these records."""
    judged = judge(records)
    proof = prove(judged.state, judged.standing)
    return Outcome(proof.status, tuple(gap.code for gap in proof.gaps))


def missing(event):
    fields = msgspec.to_builtins(event)
    return Missing(kind=fields.pop("kind"), where=fields)


@given(histories() | noise(), st.data())
def test_with_nothing_dropped_it_is_the_fold(records, data):
    upto = data.draw(st.integers(0, len(records)))
    found = what_if(told(records), upto)
    assert found.before == found.after == by_hand(records[:upto])
    assert (found.dropped, found.added, found.opened, found.closed) == ((), (), (), ())


@given(histories() | noise(), st.data())
def test_what_is_dropped_is_what_was_named_and_what_rests_on_it_and_the_rest_is_folded(records, data):
    if not records:
        return
    upto = data.draw(st.integers(1, len(records)))
    drop = data.draw(st.lists(st.integers(1, upto), max_size=3))
    found = what_if(told(records), upto, drop)
    assert found.dropped == tuple(sorted(dependents(records[:upto], drop)))
    assert found.before == by_hand(records[:upto])
    assert found.after == by_hand([one for one in records[:upto] if one.seq not in found.dropped])
    assert set(found.opened) - set(found.closed) == set(found.after.gaps) - set(found.before.gaps)


@pytest.mark.parametrize("name", RUNS)
def test_every_single_event_of_a_run_can_be_dropped(name):
    records, history = run_records(name), run_history(name)
    for record in records:
        found = what_if(history, len(records), [record.seq])
        assert found.dropped == tuple(sorted(dependents(records, {record.seq})))
        assert found.after == by_hand([one for one in records if one.seq not in found.dropped])


def test_dropping_the_evidence_takes_the_acceptance_that_rests_on_it():
    story = goal.given(*READY)
    found = what_if(told(story.records), len(story.records), [seq_of(story.records, "gate_ran.v1")])
    assert seq_of(story.records, "change_accepted.v1") in found.dropped
    assert found.before == Outcome("ready", ())
    assert {"gate.tests", "integration.accepted", "obligations.closed"} <= set(found.opened)


def test_what_replaces_an_event_stands_in_its_place_and_what_rested_on_it_is_gone():
    records = goal.given(*READY).records
    red = seq_of(records, "gate_ran.v1")
    found = what_if(told(records), len(records), replace={red: Missing(kind="gate_ran", where={"outcome": "failed"})})
    assert found.dropped == tuple(sorted(dependents(records, {red})))
    assert kind_of(found.added[0]) == "gate_ran.v1"
    assert found.after.gaps == ("gate.tests", "review.test", "integration.accepted")  # answered, and red


def test_what_is_added_follows_all_else_one_after_the_other():
    records = goal.given(*PROVEN).records
    unmade = what_if(told(records), len(records), add=[missing(EXAMPLES["goal_paused.v1"])])
    assert unmade.after.status == "paused"
    accepted = what_if(told(records), len(records), add=[Missing(kind="change_accepted")])
    assert (accepted.after, accepted.closed) == (Outcome("ready", ()), ("integration.accepted",))
    again = [Missing(kind="change_accepted"), Missing(kind="files_changed"), Missing(kind="change_accepted")]
    assert what_if(told(records), len(records), add=again).after == Outcome("ready", ())


@pytest.mark.parametrize("tag", EVENTS)
def test_an_event_of_any_kind_can_be_added_and_folds_as_if_it_had_happened(tag):
    story = goal.given(*READY)
    found = what_if(told(story.records), len(story.records), add=[missing(EXAMPLES[tag])])
    assert found.added == (EXAMPLES[tag],)
    assert found.after == outcome_of(story.given(EXAMPLES[tag]).state)


def test_dropping_and_putting_back_is_the_fold_again():
    records = goal.given(*PROVEN, accept()).records
    last = records[-1]
    found = what_if(told(records), len(records), [last.seq], [missing(last.event)])
    assert found.after == found.before == Outcome("ready", ())
    assert found.dropped == (last.seq,)


def test_as_of_an_earlier_moment_later_events_are_not_there():
    records = goal.given(*READY, *gate_run(outcome="failed", attempt=2)).records
    ready = len(goal.given(*READY).records)
    assert what_if(told(records), ready).after == Outcome("ready", ())
    assert what_if(told(records), ready, [seq_of(records, "gate_ran.v1")]).before == Outcome("ready", ())


@pytest.mark.parametrize("seqs", [[0], [-1], [12, 99], [10_000]])
def test_a_place_where_nothing_is_cannot_be_dropped(seqs):
    records = goal.given(*READY).records
    with pytest.raises(Refused, match="has no event"):
        what_if(told(records), len(records), seqs)
    with pytest.raises(Refused, match="has no event"):
        what_if(told(records), len(records), replace={seq: Missing(kind="goal_resumed") for seq in seqs})


@given(histories())
def test_the_outcome_says_ready_exactly_when_no_rule_has_a_gap(records):
    state = judge(records).state
    assert (outcome_of(state).gaps == ()) == is_ready(state)


@pytest.mark.parametrize(("code", "steps"), HOLDS)
def test_it_holds_no_state_no_digest_and_no_proof(code, steps):
    records = goal.given(*steps).records
    found = what_if(told(records), len(records), [1])
    assert not isinstance(found, Recorded)
    text = msgspec.json.encode({name: getattr(found, name) for name in found.__struct_fields__}).decode()
    assert "b2:" not in text
    assert "proof" not in found.__struct_fields__
