"""Why: what a ready log lacks once answers are taken out of it are exactly those answers."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from omk.domain.event import Recorded, kind_of
from omk.domain.proof.gaps import Missing
from omk.domain.proof.proof import GoalProof, prove
from omk.domain.proof.standing import judge
from omk.domain.subjects.obligation import BOOKKEEPING, CLOSES
from omk.replay.explain.why import fewest, why_document
from tests.histories import histories
from tests.replay.explain.ready import ready_stories
from tests.scenario import CREATED, READY, WORKED, create, files, gate_run, gates, goal, review_run
from tools import corpus

IDENTITY = {
    "task_finished.v1": "task:{task}:{attempt}",
    "agent_finished.v1": "agent:{agent}",
    "tool_finished.v1": "tool:{tool}",
    "permission_answered.v1": "permission:{permission}",
    "gate_ran.v1": "gate:{gate}:{attempt}",
    "review_passed.v1": "review:{review}:{attempt}",
    "review_not_applicable.v1": "review:{review}:{attempt}",
    "pull_request_opened.v1": "pull_request:{attempt}",
    "change_merged.v1": "merge:{branch}:{attempt}",
}


def proof_of(records: Sequence[Recorded]) -> GoalProof:
    judged = judge(records)
    return prove(judged.state, judged.standing)


def answers(records: Sequence[Recorded]) -> list[Recorded]:
    """The events that answered something announced; what became of a worktree is bookkeeping."""
    known = [one for one in records if type(one.event) in CLOSES]
    return [one for one in known if not _answered(one).startswith(BOOKKEEPING)]


def _answered(record: Recorded) -> str:
    kind: Any = type(record.event)
    return CLOSES[kind](record.event)


def fits(missing: Missing, gone: Recorded) -> bool:
    """Whether this is the event that is missing: by its kind and all fields.

    How an attempt ended that no rule needs any more (a failed run, one that was aborted), nobody can know from what is left.
    There the obligation that was answered is enough: its subject, name and attempt.
    """
    event: Any = gone.event
    if kind_of(event) == missing.kind and all(getattr(event, name) == value for name, value in missing.where.items()):
        return True
    is_superseded = {"outcome", "tree"}.isdisjoint(missing.where)
    return is_superseded and IDENTITY[missing.kind].format_map(missing.where) == _answered(gone)


def are_the_same(named: Sequence[Missing], gone: Sequence[Recorded]) -> bool:
    """Whether the two match one to one."""
    return any(all(map(fits, named, order)) for order in permutations(gone)) and len(named) == len(gone)


def without(records: Sequence[Recorded], gone: Sequence[Recorded]) -> list[Recorded]:
    seqs = {one.seq for one in gone}
    return [one for one in records if one.seq not in seqs]


def assert_exact(records: Sequence[Recorded], gone: Sequence[Recorded]) -> None:
    proof = proof_of(without(records, gone))
    named = fewest(proof.gaps)
    assert are_the_same(named, gone), (named, [one.event for one in gone])
    codes = {gap.code: gap for gap in proof.gaps}
    for gap in proof.gaps:
        assert all(one in named for one in (gap.missing, *gap.also)) or gap.follows_from
        assert all(codes[code].follows_from == () for code in gap.follows_from)
    for one in gone:
        assert proof_of(without(records, [one])).status != "ready"


@settings(max_examples=200)
@given(ready_stories(), st.data())
def test_the_fewest_missing_events_are_those_that_were_taken_out(story, data):
    assert story.gaps == ()
    assert story.proof.status == "ready"
    known = answers(story.records)
    gone = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=5, unique_by=lambda one: one.seq))
    assert_exact(story.records, gone)


READY_RUNS = [
    pytest.param(records, id=folder.name)
    for folder in corpus.folders([])
    for log, name in [corpus.open_run(folder)]
    for records in [list(log.read(name))]
    if proof_of(records).status == "ready"
]


def test_there_are_recorded_runs_to_take_answers_out_of():
    assert len(READY_RUNS) >= 5


@pytest.mark.parametrize("records", READY_RUNS)
def test_the_fewest_missing_events_of_a_recorded_run_are_those_that_were_taken_out(records):
    known = answers(records)
    for one in known:
        assert_exact(records, [one])

    @settings(max_examples=40)
    @given(st.lists(st.sampled_from(known), min_size=2, max_size=5, unique_by=lambda one: one.seq))
    def law(gone):
        assert_exact(records, gone)

    law()


@settings(max_examples=100)
@given(histories(), st.data())
def test_what_the_fewest_leave_out_is_explained_in_any_log(records, data):
    gone = data.draw(st.sets(st.sampled_from(records))) if records else set()
    assume(records)
    proof = proof_of(without(records, list(gone)))
    named, codes = fewest(proof.gaps), {gap.code for gap in proof.gaps}
    assert bool(named) == bool(proof.gaps)
    for gap in proof.gaps:
        assert set(gap.follows_from) < codes
        assert gap.follows_from or all(one in named for one in (gap.missing, *gap.also))


def test_each_missing_event_is_named_once_and_in_the_order_of_the_gaps():
    story = goal.given(create(checks=("smoke", "regression")), gates(), *CREATED[2:])
    kinds = [one.kind for one in fewest(story.proof.gaps)]
    assert kinds.count("gates_configured.v1") == 1
    assert kinds[:3] == ["agent_finished.v1", "files_changed.v1", "gates_configured.v1"]
    assert kinds[-1] == "change_accepted.v1"


def test_nothing_is_missing_from_a_ready_goal():
    why = why_document(goal.given(*READY).proof)
    assert why["status"] == "ready"
    assert not why["blocking"]
    assert not why["fewest"]


def test_why_names_the_open_attempt_of_a_gate_beside_the_pass_it_still_needs():
    story = goal.given(*WORKED, *[one.started for one in gate_run()[:1]], files("done", "later"), *review_run("code", at="later"))
    why = why_document(story.proof)
    assert [gap["code"] for gap in why["blocking"]] == [gap.code for gap in story.proof.gaps]
    assert {"kind": "gate_ran.v1", "where": {"gate": "tests", "attempt": 1}} in why["fewest"]
    assert [one["kind"] for one in why["fewest"]].count("gate_ran.v1") == 2
