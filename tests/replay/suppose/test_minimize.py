"""Minimize: judged like the whole, causally closed, and nothing can go."""

import pytest
from hypothesis import given, settings

from omk.domain.proof.proof import prove
from omk.domain.proof.standing import judge
from omk.domain.subjects.verdict import ProofIssued, TextErased
from omk.errors import Refused
from omk.replay.suppose.minimize import SPOKEN, places, reduced, smallest, without_spoken
from omk.replay.suppose.outcome import Outcome, outcome_of
from omk.replay.suppose.supposed import Supposed, dependents, supposed_state, supposing
from tests.histories import histories
from tests.noise import noise
from tests.replay.suppose.told import RUNS, run_history, run_records, told
from tests.scenario import CREATED, GOAL, READY, gate_run, goal, some, time
from tools import corpus


def check(records, history):
    """The laws, for one history."""
    least = smallest(history, len(records))
    start = history.judge().state
    proof = prove(judge(records).state, judge(records).standing)
    assert least.outcome == Outcome(proof.status, tuple(gap.code for gap in proof.gaps))
    seqs = {one.seq for one in least.kept}
    kept = [one for one in without_spoken(map(supposing, records)) if one.seq in seqs]
    assert [one.seq for one in kept] == sorted(seqs)
    assert [one.causes for one in kept] == [one.causes for one in least.kept]
    assert all(set(one.causes) - {0} <= seqs for one in kept), "causally closed"
    assert outcome_of(supposed_state(kept, start)) == least.outcome
    for one in kept[1:]:
        gone = dependents(kept, {one.seq})
        rest = [other for other in kept if other.seq not in gone]
        assert outcome_of(supposed_state(rest, start)) != least.outcome, f"event {one.seq} can go"
    return least


@pytest.mark.parametrize("name", RUNS)
def test_a_recorded_run_becomes_as_small_as_can_be(name):
    records = run_records(name)
    least = check(records, run_history(name))
    if corpus.is_recorded(corpus.REPLAYS / name):
        assert len(least.kept) < len(records)
    else:
        assert len(least.kept) == len(records), "what was cut down cannot be cut further"
    assert not any(isinstance(records[one.seq - 1].event, SPOKEN) for one in least.kept)


@settings(max_examples=60)
@given(histories() | noise())
def test_any_history_becomes_as_small_as_can_be(records):
    if any(not isinstance(one.event, SPOKEN) for one in records):
        check(records, told(records))


def test_numbers_and_causes_are_those_of_the_smaller_history():
    records = goal.given(*READY).records
    least = smallest(told(records), len(records))
    found = list(places(records, least))
    assert [number for _, number, _ in found] == list(range(1, len(least.kept) + 1))
    for record, number, causes in found:
        assert all(cause < number for cause in causes)
        assert [found[cause - 1][0].seq for cause in causes] == list(record.causes)


def test_an_attempt_that_nothing_needs_goes():
    records = goal.given(*CREATED, *gate_run(outcome="failed", at="base")).records
    more = goal.given(*READY, *gate_run(outcome="failed", attempt=2), *gate_run(attempt=3)).records
    assert len(smallest(told(more), len(more)).kept) <= len(goal.given(*READY).records)
    assert smallest(told(records), len(records)).outcome.status == "not_ready"


def test_what_rests_on_a_verdict_rests_on_what_that_judged():
    chain = (
        Supposed(GOAL, 1, time(1), "person:ann", (), None),
        Supposed(GOAL, 2, time(2), "controller:c", (1,), some(ProofIssued)),
        Supposed(GOAL, 3, time(3), "controller:c", (2,), some(TextErased)),
        Supposed(GOAL, 4, time(4), "controller:c", (1, 3), None),
        Supposed(GOAL, 5, time(5), "controller:c", (4,), None),
    )
    assert [(one.seq, one.causes) for one in without_spoken(chain)] == [(1, ()), (4, (1,)), (5, (4,))]


def test_a_long_history_takes_few_tries():
    chain = [Supposed(GOAL, seq, time(seq), "controller:c", (1,) if seq > 1 else (), None) for seq in range(1, 1001)]
    tries = 0

    def is_same(records):
        nonlocal tries
        tries += 1
        return {1, 700} <= {one.seq for one in records}

    assert [one.seq for one in reduced(chain, is_same)] == [1, 700]
    assert tries < 60


def test_before_the_first_event_there_is_nothing_to_minimize():
    with pytest.raises(Refused, match="no event up to position 0"):
        smallest(told(goal.given(*READY).records), 0)
