"""The verdicts of a history: what they add up to is the judgement at every position."""

import pytest
from hypothesis import given, settings

from omk.domain.proof.standing import Judge
from omk.replay.explain.verdicts import verdicts_document
from omk.replay.history import History
from tests.histories import histories
from tests.noise import noise
from tests.replay.explain.ready import ready_stories
from tests.scenario import GOAL, PROVEN, READY, goal
from tools import corpus


def history_of(records):
    return History(GOAL, lambda after, upto: [one for one in records if after < one.seq <= (upto or len(records))])


def assert_they_add_up(history, records):
    """At every position: what opened and was not closed are the gaps of the fold there, and the status is the proof's."""
    changes = {one["seq"]: one for one in verdicts_document(history, len(records))}
    judge, status = Judge(), None
    open_now: set[str] = set()
    for record in records:
        judge.add(record)
        one = changes.pop(record.seq, None)
        if one is not None:
            opened, closed = set(one["opened"]), set(one["closed"])
            assert opened.isdisjoint(open_now)
            assert closed <= open_now
            assert opened or closed or one["status"] != status
            assert (list(one["opened"]), list(one["closed"])) == (sorted(opened), sorted(closed))
            open_now, status = (open_now | opened) - closed, one["status"]
        moment = history.moment(record.seq)
        assert open_now == {gap.code for gap in moment.proof.gaps}
        assert status == moment.proof.status
    assert not changes


@settings(max_examples=50)
@given(histories(most=25) | noise(most=20))
def test_the_verdicts_of_any_history_add_up_to_the_gaps_at_every_position(records):
    assert_they_add_up(history_of(records), records)


@settings(max_examples=8)
@given(ready_stories())
def test_the_verdicts_of_a_ready_goal_add_up_to_none(story):
    assert_they_add_up(history_of(story.records), story.records)


@pytest.mark.parametrize("run", [pytest.param(one, id=one.name) for one in corpus.folders([])])
def test_the_verdicts_of_a_recorded_run_add_up_to_the_gaps_at_every_position(run):
    log, name = corpus.open_run(run)
    assert_they_add_up(corpus.history_of(log, name), list(log.read(name)))


def test_the_first_entry_opens_every_gap_there_is():
    (first,) = verdicts_document(history_of(goal.given(*PROVEN).records), 1)
    assert first["kind"] == "goal_created.v1"
    assert "agent.executed" in first["opened"]
    assert not first["closed"]


def test_they_end_where_one_looks_from():
    records = goal.given(*READY).records
    whole = verdicts_document(history_of(records), len(records))
    for upto in range(len(records) + 1):
        assert verdicts_document(history_of(records), upto) == [one for one in whole if one["seq"] <= upto]
    assert whole[-1]["status"] == "ready"
    assert list(whole[-1]["closed"]) == ["integration.accepted"]
