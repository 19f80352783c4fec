"""Pushes, pull requests and their merges: announced once, answered once, and only of what was proven."""

import pytest
from msgspec.structs import replace

from omk.domain.subjects.controller import AbortEffect
from omk.domain.subjects.goal import BlockGoal, PauseGoal
from omk.domain.subjects.landing import (
    FinishLanding,
    PullRequestChecked,
    PullRequestMerged,
    PullRequestMergeFailed,
    PullRequestMergeRequested,
    RecordChecks,
    RequestLanding,
)
from omk.domain.subjects.publication import (
    BranchPushed,
    FinishPush,
    PullRequestFailed,
    PullRequestOpened,
    PullRequestRequested,
    PushFailed,
    PushStarted,
    RecordPullRequest,
    RequestPullRequest,
    StartPush,
)
from omk.domain.wanted import wanted
from tests.scenario import ANN, BASE, BOT, READY, WORKED, create, files, goal, order, some, tree

PUSH = StartPush(actor=BOT, started=some(PushStarted, tree=tree("done"), base=BASE.commit))
PUSHED = FinishPush(actor=BOT, answer=some(BranchPushed))
ASK = RequestPullRequest(actor=BOT, requested=some(PullRequestRequested))
OPENED = RecordPullRequest(actor=BOT, answer=some(PullRequestOpened))
MERGE = RequestLanding(actor=BOT, requested=some(PullRequestMergeRequested, tree=tree("done")))
MERGED = FinishLanding(actor=BOT, answer=some(PullRequestMerged, tree=tree("done")))
PUBLISHED = (*READY, PUSH, PUSHED, ASK, OPENED)


@pytest.mark.parametrize(
    ("before", "announced", "answered"),
    [
        (READY, PUSH, PUSHED),
        (READY, PUSH, FinishPush(actor=BOT, answer=some(PushFailed))),
        ((*READY, PUSH, PUSHED), ASK, OPENED),
        ((*READY, PUSH, PUSHED), ASK, RecordPullRequest(actor=BOT, answer=some(PullRequestFailed))),
        (PUBLISHED, MERGE, MERGED),
        (PUBLISHED, MERGE, FinishLanding(actor=BOT, answer=some(PullRequestMergeFailed))),
    ],
)
def test_it_is_announced_once_and_answered_once(before, announced, answered):
    event = getattr(announced, "started", None) or announced.requested
    story = goal.given(*before).when(answered).then_nothing().when(announced).then(event).when(announced).then_nothing()
    assert story.gaps == ("obligations.closed",)
    story = story.when(answered).then(answered.answer)
    assert story.proof.status == "ready"
    story.when(answered).then_nothing().when(announced).then_nothing()


@pytest.mark.parametrize(("before", "announced"), [(READY, PUSH), ((*READY, PUSH, PUSHED), ASK), (PUBLISHED, MERGE)])
def test_what_was_given_up_can_be_announced_again(before, announced):
    event = getattr(announced, "started", None) or announced.requested
    story = goal.given(*before, announced)
    story = story.given(AbortEffect(actor=BOT, obligation=next(iter(story.state.obligation)), reason="gone"))
    again = replace(event, attempt=2)
    field = "started" if announced is PUSH else "requested"
    story.when(replace(announced, **{field: again})).then(again)


def test_only_a_proven_tree_is_pushed_or_merged():
    goal.given(*WORKED).when(PUSH).then_refused(because="is not ready")
    other = replace(PUSH, started=replace(PUSH.started, tree=tree("other")))
    goal.given(*READY).when(other).then_refused(because="is not the proven tree")
    unproven = replace(MERGE, requested=replace(MERGE.requested, tree=tree("other")))
    goal.given(*PUBLISHED).when(unproven).then_refused(because="is not the proven tree")


@pytest.mark.parametrize("command", [PUSH, ASK, MERGE])
def test_a_blocked_goal_publishes_nothing(command):
    block = BlockGoal(actor=BOT, on="external", code="delivery.gh", reason="gh is not installed.")
    goal.given(*READY, *(() if command is PUSH else (PUSH, PUSHED)), block).when(command).then_refused(because="blocked")


def test_a_ready_goal_can_be_paused_only_while_its_change_is_on_its_way():
    pause = PauseGoal(actor=ANN)
    goal.given(*READY).when(pause).then_refused(because="is ready")
    begun = (create(accept="auto", merge="gated", delivery="auto-pr"), *READY[1:], order("merge"))
    story = goal.given(*begun)
    assert story.proof.status == "ready"
    assert wanted(story.state)
    assert not wanted(story.given(pause).state)


def test_a_pull_request_shows_the_tree_that_was_pushed_until_the_tree_is_another():
    story = goal.given(*PUBLISHED)
    assert story.state.publication.shows(tree("done"), BASE.commit)
    assert not story.state.publication.shows(tree("done"), "elsewhere")
    assert not goal.given(*READY, PUSH, PUSHED, ASK).state.publication.shows(tree("done"), BASE.commit)
    changed = story.given(files("done", "more")).state
    assert not changed.publication.shows(changed.worktree.tree, BASE.commit)


def test_another_pull_request_has_nothing_of_the_checks_and_the_merge_of_the_last():
    checks = RecordChecks(actor=BOT, checked=some(PullRequestChecked))
    story = goal.given(*PUBLISHED, checks, MERGE, MERGED)
    assert story.state.landing.holds(tree("done"))
    assert story.state.landing.is_green(checks.checked.commit)
    ask = replace(ASK, requested=replace(ASK.requested, attempt=2))
    other = story.given(ask, RecordPullRequest(actor=BOT, answer=some(PullRequestOpened, attempt=2, url="https://other")))
    assert not other.state.landing.holds(tree("done"))
    assert other.state.landing.checks is None
