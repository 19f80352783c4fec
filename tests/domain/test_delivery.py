import pytest
from msgspec.structs import replace

from omk.domain.subjects.delivery import (
    AUTO,
    ChangeAccepted,
    ChangeMerged,
    ChangeRejected,
    FinishMerge,
    MergeFailed,
    MergeStarted,
    RejectChange,
    StartMerge,
)
from omk.domain.subjects.gate import GateStarted, StartGate
from omk.domain.subjects.goal import PauseGoal
from omk.domain.subjects.worktree import RebaseChange, WorktreeRebased
from tests.scenario import AGENT, ANN, BASE, BOT, PROVEN, READY, WORKED, accept, change, create, files, gate_run, goal, some, tree

REJECT = RejectChange(actor=ANN, tree=tree("done"), reason="It greets twice.")
STARTED = some(MergeStarted, tree=tree("done"))
MERGE = StartMerge(actor=ANN, started=STARTED)
MERGED = FinishMerge(actor=ANN, answer=some(ChangeMerged, tree=tree("done")))
FAILED = FinishMerge(actor=ANN, answer=some(MergeFailed))
AUTOMATIC = (create(accept="auto"), *PROVEN[1:])


def test_a_person_accepts_the_tree_as_it_is():
    story = goal.given(*PROVEN).when(accept())
    story.then(ChangeAccepted(tree=tree("done"), summary="It greets by name.")).when(accept()).then_nothing()
    assert story.proof.status == "ready"


@pytest.mark.parametrize("actor", [BOT, AGENT, "person", "policy:other"])
def test_only_a_person_accepts(actor):
    goal.given(*PROVEN).when(accept(actor=actor)).then_refused(because="Only a person accepts")


@pytest.mark.parametrize("actor", [BOT, AGENT, AUTO])
def test_only_a_person_rejects(actor):
    goal.given(*PROVEN).when(replace(REJECT, actor=actor)).then_refused(because="Only a person rejects")


def test_both_words_need_words():
    goal.given(*PROVEN).when(replace(accept(), summary=" ")).then_refused(because="The summary is empty")
    goal.given(*PROVEN).when(replace(REJECT, reason="")).then_refused(because="The reason is empty")


def test_no_word_is_taken_while_a_gate_is_at_work():
    at_work = StartGate(actor=BOT, started=some(GateStarted, gate="tests", attempt=1, tree=tree("done")))
    goal.given(*WORKED, at_work).when(accept()).then_refused(because="gate tests")


def test_a_tree_that_is_not_the_goals_cannot_be_accepted_or_rejected():
    goal.given(*PROVEN).when(accept("base")).then_refused(because="Look at it again")
    goal.given(*PROVEN).when(replace(REJECT, tree=tree("base"))).then_refused(because="Look at it again")


def test_a_person_may_accept_what_is_not_proven_and_it_is_not_ready_for_that():
    story = goal.given(*WORKED).when(accept())
    assert "integration.accepted" not in story.gaps
    assert story.proof.status == "not_ready"


def test_the_policy_accepts_what_is_proven():
    assert goal.given(*AUTOMATIC).when(accept(actor=AUTO)).proof.status == "ready"


def test_the_policy_accepts_only_what_is_proven():
    unproven = goal.given(create(accept="auto"), *WORKED[1:], *gate_run(outcome="failed"))
    unproven.when(accept(actor=AUTO)).then_refused(because="The policy accepts only what is proven; open: gate.tests")


def test_the_policy_accepts_nothing_that_was_not_left_to_it():
    goal.given(*PROVEN).when(accept(actor=AUTO)).then_refused(because="not started with --accept auto")


def test_the_last_word_counts():
    story = goal.given(*READY).when(REJECT).then(ChangeRejected(tree=REJECT.tree, reason=REJECT.reason))
    story.when(REJECT).then_nothing()
    assert story.gaps == ("integration.accepted",)
    assert "It greets twice." in story.gap("integration.accepted").text
    assert story.given(accept()).proof.status == "ready"


def test_the_same_tree_on_another_base_is_another_change_and_is_accepted_anew():
    base = replace(BASE, commit=tree("theirs"), tree=tree("their base"))
    moved = files("done", "done", task=None).changed
    onto = WorktreeRebased(base=base, tree=tree("done"), changes=(change("hello.py", old="theirs"),))
    story = goal.given(*READY, RebaseChange(actor=BOT, changed=moved, rebased=onto))
    assert "integration.accepted" in story.gaps
    story = story.when(accept())
    assert len(story.new) == 1
    assert "integration.accepted" not in story.when(accept()).then_nothing().gaps


def test_an_acceptance_rests_on_the_evidence_there_is():
    story = goal.given(*PROVEN)
    ran, seen = story.state.gate.by_name["tests"].last, story.state.review.by_pass
    causes = story.given(accept()).records[-1].causes
    assert {ran.seq, story.state.worktree.seq, *(one.seq for one in seen.values())} == set(causes)


def test_only_what_is_ready_is_merged():
    goal.given(*PROVEN).when(MERGE).then_refused(because="is not ready; open: integration.accepted")
    goal.given(*READY, files("done", "later")).when(MERGE).then_refused(because="gate.tests")


def test_only_the_proven_tree_is_merged():
    other = replace(MERGE, started=replace(STARTED, tree=tree("other")))
    goal.given(*READY).when(other).then_refused(because="is not the proven tree")


def test_a_paused_goal_is_not_merged():
    goal.given(*WORKED, PauseGoal(actor=ANN)).when(MERGE).then_refused(because="is paused")


def test_a_merge_is_announced_once_and_ends_once():
    story = goal.given(*READY).when(MERGED).then_nothing().when(MERGE).then(STARTED)
    story.when(MERGE).then_nothing()
    story = story.when(MERGED).then(MERGED.answer)
    assert story.when(MERGED).then_nothing().when(MERGE).then_nothing().proof.status == "ready"


def test_a_merge_that_failed_leaves_the_goal_ready_and_can_be_tried_again():
    story = goal.given(*READY, MERGE).when(FAILED).then(FAILED.answer)
    assert story.proof.status == "ready"
    again = replace(STARTED, attempt=2)
    story.when(MERGE).then_nothing().when(replace(MERGE, started=again)).then(again)
