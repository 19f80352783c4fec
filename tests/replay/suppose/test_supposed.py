"""What did not happen: it folds like a record, and nothing that stores or vouches takes it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omk.domain.event import Recorded
from omk.domain.proof.standing import judge
from omk.domain.subjects.goal import GoalPaused
from omk.errors import Damaged
from omk.log.anchors import Anchor, check_anchor
from omk.log.chain import verified
from omk.log.codec import Entry, recode, seal, sealed_bytes
from omk.log.memory import MemoryLog
from omk.replay.suppose.supposed import Supposed, dependents, following, refold, supposing
from tests.histories import histories
from tests.history import STORIES, history, recorded
from tests.noise import noise
from tests.scenario import GOAL, READY, goal, some, time

SUPPOSED: Any = following(some(GoalPaused), goal.given(*READY).state)


def test_it_is_no_record():
    assert not isinstance(SUPPOSED, Recorded)
    assert (SUPPOSED.goal, SUPPOSED.digest, SUPPOSED.open) == (GOAL, "", b"{}")


@pytest.mark.parametrize("write", [sealed_bytes, recode])
def test_it_has_no_bytes_that_a_log_could_store(write):
    with pytest.raises(AttributeError, match="prev"):
        write(SUPPOSED)


def test_it_cannot_be_sealed_as_an_event():
    with pytest.raises(TypeError, match="does not fit"):
        seal(SUPPOSED, goal=GOAL, seq=1, at=time(1), actor="controller:c", causes=(), prev="", salt=lambda: b"s")


def test_a_log_with_one_in_it_is_damaged():
    log = MemoryLog()
    recorded(log, STORIES["ready"])
    last = list(log.read(GOAL))[-1]
    log.append(GOAL, [Entry(SUPPOSED, recode(last))], after=last.seq)

    with pytest.raises(Damaged):
        list(log.read(GOAL))


def test_no_chain_and_no_anchor_takes_it():
    with pytest.raises(Damaged):
        list(verified([SUPPOSED], goal=GOAL, after=SUPPOSED.seq - 1))
    problem = check_anchor(Anchor(GOAL, SUPPOSED.seq, "b2:" + 64 * "0"), SUPPOSED)
    assert problem is not None
    assert problem.code == "anchor.differs"


def test_a_state_it_led_to_has_no_digest():
    judged = refold(history(MemoryLog()).judge(), map(supposing, STORIES["ready"].records))
    assert judged.state.head == ""
    assert judged.state.seq == len(STORIES["ready"].records)


@given(histories() | noise())
def test_it_folds_as_the_record_would(records):
    told, supposed = judge(records), refold(judge([]), map(supposing, records))
    assert supposed.standing == told.standing
    assert [getattr(supposed.state, part) for part in ("goal", "task", "worktree", "gate", "review")] == [
        getattr(told.state, part) for part in ("goal", "task", "worktree", "gate", "review")
    ]


@given(histories(), st.data())
def test_the_dependents_are_the_transitive_closure_of_the_causes(records, data):
    seqs = data.draw(st.sets(st.sampled_from([one.seq for one in records]), max_size=3))
    closure, before = set(seqs), None
    while closure != before:
        before = set(closure)
        closure |= {one.seq for one in records if closure & set(one.causes)}
    assert dependents(records, seqs) == closure


def test_an_event_that_nothing_rests_on_goes_alone():
    records = [Supposed(GOAL, seq, time(seq), "controller:c", causes, None) for seq, causes in ((1, ()), (2, (1,)), (3, (1,)))]
    assert dependents(records, {3}) == {3}
    assert dependents(records, {1}) == {1, 2, 3}
    assert dependents(records, set()) == frozenset()
