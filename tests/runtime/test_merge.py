"""A change goes into its branch proven, whole, and on record; or not at all, and on record too."""

import pytest

from omk.domain.ending import ALL_STEPS
from omk.domain.subjects.worktree import CommitMade, WorktreeRebased
from omk.errors import Refused, Unusable
from omk.runtime import merge
from omk.runtime.controller import drive
from omk.runtime.landing import BranchMoved, land
from omk.runtime.merge import merge_change
from tests.runtime.sessions import again, begun, kinds
from tests.runtime.workplace import call, write


@pytest.fixture
def ready(repository):
    """A goal that is ready to be merged."""
    session = begun(repository)
    assert drive(session, ALL_STEPS).status == "ready"
    return again(session)


def event_of(session, kind):
    """The last event of that type."""
    return [one.event for one in session.handle.log.read(session.goal) if isinstance(one.event, kind)][-1]


def prove(session):
    return lambda: drive(session, ("verify", "review", "accept"))


def test_a_merge_is_announced_made_and_recorded(ready):
    before = ready.state.seq
    assert merge_change(ready, None) is True
    assert kinds(ready)[before:] == ["commit_made", "merge_started", "change_merged"]
    made = event_of(ready, CommitMade)
    assert ready.user.tip("main") == made.commit
    assert ready.user.tree_of(made.commit) == ready.state.worktree.tree
    assert made.parents == (ready.state.worktree.base.commit,)


def test_the_commit_names_the_goal_and_the_head_it_was_made_from(ready):
    head, seq = ready.state.head, ready.state.seq
    merge_change(ready, None)
    message = call("log", "-1", "--format=%B", "main", directory=ready.user.top)
    assert f"Omk-Goal: {ready.goal}" in message
    assert f"Omk-Head: {seq} {head}" in message


def test_a_long_goal_makes_a_short_subject(repository):
    session = begun(repository)
    words = "Build a cli that " + "counts " * 40
    assert len(words) > merge.SUBJECT
    session.handle.text = lambda _: words  # type: ignore[method-assign, assignment]
    subject, _, body = merge.commit_message(session).partition("\n")
    assert len(subject) <= merge.SUBJECT
    assert subject.endswith("…")
    assert words.strip() in body


def test_a_merge_that_fails_is_recorded_and_can_be_made_again(ready, monkeypatch):
    def moved(*_):
        raise BranchMoved("main", "a" * 40, "b" * 40)

    monkeypatch.setattr(merge, "land", moved)
    with pytest.raises(BranchMoved):
        merge_change(ready, None)
    assert kinds(ready)[-2:] == ["merge_started", "merge_failed"]
    assert ready.handle.proof.status == "ready"
    monkeypatch.undo()
    assert merge_change(ready, None) is True
    assert kinds(ready)[-1] == "change_merged"


@pytest.mark.parametrize("landed", [True, False])
def test_a_merge_that_was_interrupted_is_answered_as_the_branch_tells(landed, ready, monkeypatch):
    def interrupted(*order):
        if landed:
            land(*order)
        raise KeyboardInterrupt

    monkeypatch.setattr(merge, "land", interrupted)
    with pytest.raises(KeyboardInterrupt):
        merge_change(ready, None)
    assert kinds(ready)[-1] == "merge_started"
    monkeypatch.undo()
    monkeypatch.setenv("XDG_STATE_HOME", str(ready.workshop.state_home))
    after = again(ready)
    assert kinds(after)[-1] == ("change_merged" if landed else "merge_failed")
    assert after.handle.proof.status == "ready"
    assert merge_change(after, None) is not landed
    assert after.user.tree_of(str(after.user.tip("main"))) == after.state.worktree.tree


def test_a_branch_that_moved_is_merged_only_after_the_merged_tree_was_proven(ready):
    top = ready.user.top
    write(top / "theirs.txt", "theirs\n")
    call("add", "--all", directory=top)
    call("commit", "--quiet", "--message", "theirs", directory=top)
    tip, before = ready.user.tip("main"), ready.state.seq
    merge_change(ready, None, prove(ready))
    recorded = kinds(ready)[before:]
    order = ["files_changed", "worktree_rebased", "gate_started", "review_started", "merge_started", "change_merged"]
    assert [kind for kind in dict.fromkeys(recorded) if kind in order] == order
    rebased = event_of(ready, WorktreeRebased)
    assert rebased.base.commit == tip
    assert [one.path for one in rebased.changes] == ["cli.py"]


def test_without_a_new_proof_a_moved_branch_is_not_merged_into(ready):
    top = ready.user.top
    write(top / "theirs.txt", "theirs\n")
    call("add", "--all", directory=top)
    call("commit", "--quiet", "--message", "theirs", directory=top)
    tip = ready.user.tip("main")
    with pytest.raises(Refused, match=r"gate\.acceptance"):
        merge_change(ready, None)
    assert ready.user.tip("main") == tip


def test_a_conflict_is_recorded_with_its_paths(ready):
    top = ready.user.top
    write(top / "cli.py", "theirs\n")
    call("add", "--all", directory=top)
    call("commit", "--quiet", "--message", "theirs", directory=top)
    with pytest.raises(Refused, match=r"conflicts with the change in cli\.py"):
        merge_change(ready, None, prove(ready))
    assert kinds(ready)[-2:] == ["merge_conflicted", "proof_issued"]
    assert ready.state.worktree.conflict.paths == ("cli.py",)


def test_a_rewritten_branch_without_common_history_is_merged_as_a_change_of_the_base(ready):
    top = ready.user.top
    write(top / "theirs.txt", "theirs\n")
    call("add", "--all", directory=top)
    call("commit", "--quiet", "--amend", "--message", "another root", directory=top)
    assert merge_change(ready, None, prove(ready)) is True
    assert (top / "theirs.txt").exists()
    assert (top / "cli.py").exists()


def test_what_is_merged_already_is_not_merged_again(ready):
    merge_change(ready, None)
    seq = ready.state.seq
    assert merge_change(ready, None) is False
    assert ready.state.seq == seq


def test_a_reset_branch_can_be_merged_into_again(ready):
    base = ready.state.worktree.base.commit
    merge_change(ready, None)
    call("reset", "--quiet", "--hard", base, directory=ready.user.top)
    assert merge_change(ready, None) is True
    assert ready.user.tree_of(ready.user.tip("main")) == ready.state.worktree.tree


def test_a_checkout_that_is_gone_is_named(ready, tmp_path):
    top, linked = ready.user.top, tmp_path / "linked"
    call("checkout", "--quiet", "--detach", directory=top)
    call("worktree", "add", "--quiet", str(linked), "main", directory=top)
    linked.rename(tmp_path / "elsewhere")
    with pytest.raises(Unusable, match="git worktree prune"):
        merge_change(ready, None)
