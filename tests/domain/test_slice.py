"""A slice is what parallel work left, until it is merged, mended or rejected; what goes nowhere is kept for the record."""

from immutables import Map

from omk.domain.subjects.slice import (
    KeepWork,
    MendSlice,
    NoteOutside,
    OutsideTouched,
    RejectSlice,
    SliceConflicted,
    SliceMended,
    WorkKept,
)
from omk.domain.subjects.task import FailTask
from tests.scenario import BOT, claim, create, files, gate_named, gates, goal, landing, left, some, three_tasks, tree, work

BEGUN = goal.given(create(), gates(gate_named()), three_tasks(), claim("t1"), *work("t1"), claim("t2"), *work("t2"))
T1 = BEGUN.given(left("t1", "base", "one"))
WAITING = T1.given(left("t2", "base", "two"))
MENDED = some(SliceMended, task="t2", ours=tree("one"), theirs=tree("two"))
CONFLICTED = some(SliceConflicted, task="t2", ours=tree("one"), theirs=tree("two"))


def test_a_slice_waits_once():
    assert set(WAITING.state.slice.waiting) == {"t2"}
    WAITING.when(left("t2", "base", "two")).then_nothing()


def test_a_landed_slice_waits_no_more():
    story = WAITING.given(landing("t2", "one", "both"))
    assert story.state.slice.waiting == Map()
    assert set(story.state.worktree.owners) == {"t1", "t2"}
    story.when(landing("t2", "both", "twice")).then_nothing()


def test_a_mended_slice_still_waits_to_land_and_is_mended_once():
    story = WAITING.given(MendSlice(actor=BOT, mended=MENDED))
    assert story.state.slice.waiting["t2"].mended == tree("one")
    story.when(MendSlice(actor=BOT, mended=MENDED)).then_nothing()


def test_only_a_slice_that_waits_is_mended_or_rejected():
    T1.when(MendSlice(actor=BOT, mended=MENDED)).then_nothing()
    T1.when(RejectSlice(actor=BOT, conflicted=CONFLICTED)).then_nothing()


def test_a_rejected_slice_is_a_gap_until_the_next_attempt_lands():
    story = WAITING.given(RejectSlice(actor=BOT, conflicted=CONFLICTED))
    assert story.state.slice.waiting == Map()
    story = story.given(FailTask(actor=BOT, task="t2", attempt=1, reason="It conflicts."))
    assert story.state.task["t2"].status == "blocked"
    assert "conflicts with the goal's tree in hello.py" in story.gap("files.changed").text
    story = story.given(files("one", "again", task="t2"))
    assert story.state.slice.conflicts == Map()
    assert "conflicts" not in story.proof.gaps[0].text


def test_what_went_nowhere_is_kept_once_and_is_no_part_of_the_tree():
    kept = some(WorkKept, task="t2", tree=tree("late"))
    story = T1.given(KeepWork(actor=BOT, kept=kept))
    story.when(KeepWork(actor=BOT, kept=kept)).then_nothing()
    assert story.state.slice.kept["t2"].tree == tree("late")
    assert story.state.worktree.tree == tree("one")


def test_what_is_seen_outside_is_remembered_by_place_and_opens_no_gap():
    seen = OutsideTouched(agents=("t1:1", "t2:1"), where="checkout", paths=("notes",), total=1)
    story = WAITING.given(NoteOutside(actor=BOT, touched=seen))
    story.when(NoteOutside(actor=BOT, touched=seen)).then_nothing()
    assert story.state.slice.touched["checkout"].paths == ("notes",)
    assert story.gaps == WAITING.gaps
