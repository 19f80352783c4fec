"""Unblock: every way leads to ready, nothing in it can be left out, and none is shorter than need be."""

from itertools import combinations
from math import comb

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from omk.domain.event import Unknown, kind_of
from omk.domain.goal_decider import is_ready
from omk.domain.plan import EXECUTE
from omk.domain.proof.gaps import Missing
from omk.domain.proof.standing import judge
from omk.domain.subjects.delivery import RejectChange
from omk.domain.subjects.goal import CancelGoal, FailGoal
from omk.domain.subjects.review import ReviewBlocked
from omk.domain.wanted import controlling
from omk.replay.explain.unblock import MOST, course, is_proven, unblock
from omk.replay.future.course import WAYS, is_good, minimal
from omk.replay.suppose.outcome import Outcome
from omk.replay.suppose.supposed import supposed_state
from omk.replay.suppose.whatif import what_if
from tests.domain.rule_stories import LACKS, LOCKED, worked
from tests.histories import histories
from tests.noise import noise
from tests.replay.suppose.told import RUNS, run_history, run_records, told
from tests.scenario import (
    ANN,
    BOT,
    CREATED,
    PROVEN,
    READY,
    WORKED,
    create,
    gate_named,
    gate_run,
    gates,
    goal,
    order,
    review_run,
    tree,
    two_tasks,
    work,
)
from tools.examples import EXAMPLES

LONGEST, PATIENCE = 4, 20_000
"""Brute force looks at sequences of at most so many events, and at no more than so many of them."""
STORIES = [
    *(steps for _, steps, *_ in LACKS),
    (create(testable=False),),
    (*READY, EXAMPLES["goal_paused.v1"]),
    (*PROVEN, RejectChange(actor=ANN, tree=tree("done"), reason="It greets twice.")),
    (*CREATED, *work()[:2]),
    (*WORKED, gate_run()[0]),
    (*WORKED, review_run("code")[0]),
    (create(), gates(gate_named()), two_tasks()),
    (create(checks=("smoke",)), *READY[1:]),
    (create(checks=("smoke",)), gates(gate_named(skipped=True)), *WORKED[2:]),
    (*READY, EXAMPLES["budget_exhausted.v1"]),
    (*READY, EXAMPLES["breaker_opened.v1"], *gate_run(outcome="failed", attempt=2)[1:]),
    (*READY, EXAMPLES["tool_called.v1"], EXAMPLES["permission_asked.v1"]),
    (*READY, EXAMPLES["merge_started.v1"], EXAMPLES["pull_request_requested.v1"]),
    (*CREATED, order()),
]


def ways_of(records):
    """What unblock says after these records, and the state there."""
    judged = judge(records)
    return unblock(judged.state, judged.standing), judged.state, judged.standing


def events_of(way):
    return [Missing(kind=one.kind, where=one.where) for one in way]


def hopeless(state):
    return not state.seq or state.strange is not None or controlling(state) in {"cancelled", "failed_infra"}


def check(records):
    """The laws, for one history."""
    found, state, standing = ways_of(records)
    assert (found.reason is None) == bool(found.ways)
    assert len(found.ways) <= MOST
    assert [len(way) for way in found.ways] == sorted(len(way) for way in found.ways)
    assert len({repr(way) for way in found.ways}) == len(found.ways)
    if hopeless(state) or is_good(state):
        assert found.ways == ()
    for way in found.ways:
        added = what_if(told(records), records[-1].seq, add=events_of(way))
        assert added.after == Outcome("ready", ())
        assert [kind_of(event) for event in added.added] == [one.kind for one in way]
        for one in way:
            rest = events_of([other for other in way if other is not one])
            assert what_if(told(records), records[-1].seq, add=rest).after.status != "ready", (one, way)
    for taken in (course(state, one) for one in WAYS):
        if hopeless(state) or is_good(state) or not is_good(taken.state):
            continue
        needed = minimal(taken.records, state)
        assert is_proven(needed, state, standing)
        for one in needed:
            assert not is_good(supposed_state([other for other in needed if other is not one], state))
    return found, state


def shortest(state):
    """The length of the shortest sequence of the same events that brute force finds (null: none), and how far it looked."""
    pool = {repr(one.event): one for way in WAYS for one in course(state, way).records}
    lengths = [0]
    while len(lengths) <= LONGEST and sum(comb(len(pool), length) for length in (*lengths, len(lengths))) <= PATIENCE:
        lengths.append(len(lengths))
    for length in lengths:
        for some in combinations(pool.values(), length):
            if is_good(supposed_state(some, state)):
                return length, lengths[-1]
    return None, lengths[-1]


def assert_shortest(found, state):
    if found.ways:
        length, looked = shortest(state)
        assert len(found.ways[0]) == length or (length is None and len(found.ways[0]) > looked)


@settings(max_examples=60)
@given(histories() | noise())
def test_every_way_is_ready_needs_each_of_its_events_and_can_be_supposed(records):
    check(records)


@settings(max_examples=40)
@given(st.sampled_from(RUNS), st.data())
def test_so_it_is_at_every_position_of_every_run(name, data):
    records = run_records(name)
    check(records[: data.draw(st.integers(0, len(records)))])


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_is_not_at_its_end_can_become_ready(name):
    history = run_history(name)
    for seq in range(1, len(run_records(name)) + 1, 5):
        moment = history.moment(seq)
        found = unblock(moment.state, moment.standing)
        assert found.ways or hopeless(moment.state) or is_good(moment.state)


@pytest.mark.parametrize("steps", STORIES)
def test_the_first_way_is_as_short_as_brute_force_finds(steps):
    found, state = check(goal.given(*steps).records)
    assert_shortest(found, state)


@settings(max_examples=30)
@given(histories(most=24))
def test_the_first_way_is_as_short_as_brute_force_finds_after_anything(records):
    found, state, _ = ways_of(records)
    assume(found.ways)
    assert_shortest(found, state)


RECORDS = goal.given(*READY).records


@settings(max_examples=40)
@given(st.sets(st.integers(len(RECORDS) - 20, len(RECORDS)), max_size=3))
def test_the_first_way_is_as_short_as_brute_force_finds_when_events_are_taken_out(taken):
    found, state = check([one for one in RECORDS if one.seq not in taken])
    assert_shortest(found, state)


def test_an_unaccepted_change_lacks_one_word_and_could_be_made_anew():
    found, *_ = ways_of(goal.given(*PROVEN).records)
    first = found.ways[0]
    assert [(one.kind, one.where, one.owner) for one in first] == [("change_accepted.v1", {"tree": tree("done")}, "operator")]
    assert first[0].command == f"omk accept {found.goal} --summary TEXT"
    assert found.ways[1][0].kind == "files_changed.v1"


def test_a_red_gate_may_pass_on_this_tree_or_on_another_that_nobody_has_made_yet():
    found, *_ = ways_of(goal.given(*WORKED, *gate_run(outcome="failed")).records)
    here, there = found.ways[0], found.ways[-1]
    assert (here[0].kind, here[0].where["tree"]) == ("gate_ran.v1", tree("done"))
    assert (there[0].kind, there[0].where["task"]) == ("files_changed.v1", EXECUTE)
    assert {one.where["tree"] for one in there if "tree" in one.where} == {there[0].where["tree"]}
    assert there[0].where["tree"].startswith("0" * 20)


def test_a_review_that_objects_to_this_tree_is_waived_or_the_tree_is_made_anew():
    blocked = (*WORKED, *gate_run(), *review_run("security", ReviewBlocked))
    found, *_ = ways_of(goal.given(*blocked).records)
    assert ("waiver_granted.v1", "review.security") in [(one.kind, one.where.get("code")) for one in found.ways[0]]
    there = next(way for way in found.ways if way[0].kind == "files_changed.v1")
    assert "waiver_granted.v1" not in {one.kind for one in there}


def test_what_one_change_undoes_needs_no_three_waivers():
    found, *_ = ways_of(goal.given(*worked(unreadable=(LOCKED,), guarded=("omk.toml",), outside=("hello.py",))).records)
    assert {"task": EXECUTE, "guarded": [], "unreadable": []}.items() <= found.ways[0][0].where.items()
    assert "waiver_granted.v1" not in {one.kind for one in found.ways[0]}


def test_a_check_that_no_gate_proves_can_be_declared_by_one_that_passed():
    found, *_ = ways_of(goal.given(create(checks=("smoke",)), *READY[1:]).records)
    (only,) = found.ways[0]
    assert only.where == {"gates": [{"name": "tests", "proves": ["smoke"]}]}
    assert only.command == f"omk verify {found.goal} --prove tests=smoke"


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (READY, "is ready. Nothing is missing."),
        ((*PROVEN, CancelGoal(actor=ANN)), "is cancelled. This is final."),
        ((*PROVEN, FailGoal(actor=BOT, reason="The disk is full.")), "is failed_infra."),
        ((create(), Unknown(kind="tea_made.v7", raw=b"{}")), "tea_made.v7, which this omk does not know. Upgrade omk."),
        ((), "does not exist before event 1"),
    ],
)
def test_where_there_is_no_way_it_says_why(steps, words):
    found, state, _ = ways_of(goal.given(*steps).records)
    assert found.ways == ()
    assert words in (found.reason or "")
    assert is_ready(state) == (steps == READY)


@settings(max_examples=15)
@given(histories())
def test_asked_twice_it_says_the_same(records):
    assert ways_of(records)[0] == ways_of(records)[0]
