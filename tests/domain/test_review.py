import pytest
from msgspec.structs import replace

from omk.domain.subjects.goal import PauseGoal
from omk.domain.subjects.review import GrantWaiver, ReviewBlocked, WaiverGranted
from omk.domain.values import PASSES
from tests.scenario import AGENT, ANN, BOT, WORKED, gate_run, goal, review_run, tree

RUN = review_run("code")
WAIVE = GrantWaiver(actor=ANN, code="review.security", tree=tree("done"), reason="A made-up key.")


@pytest.mark.parametrize("name", PASSES)
def test_a_pass_is_started_once_and_answers_once(name):
    start, answer = review_run(name)
    story = goal.given(*WORKED).when(answer).then_nothing().when(start).then(start.started)
    story.when(start).then_nothing()
    story = story.when(answer).then(answer.verdict)
    story.when(answer).then_nothing()
    story.when(start).then_nothing()


def test_an_answer_of_another_attempt_is_not_recorded():
    goal.given(*WORKED, RUN[0]).when(review_run("code", attempt=2)[1]).then_nothing()


def test_a_paused_goal_makes_no_review():
    goal.given(*WORKED, PauseGoal(actor=ANN)).when(RUN[0]).then_refused(because="is paused")


def test_a_person_waives_a_review_for_the_tree_it_is_about():
    story = goal.given(*WORKED).when(WAIVE)
    story.then(WaiverGranted(code=WAIVE.code, tree=WAIVE.tree, reason=WAIVE.reason)).when(WAIVE).then_nothing()


@pytest.mark.parametrize("actor", [BOT, AGENT, "policy:auto", "person"])
def test_only_a_person_waives(actor):
    goal.given(*WORKED).when(replace(WAIVE, actor=actor)).then_refused(because="Only a person waives")


def test_a_waiver_needs_a_reason():
    goal.given(*WORKED).when(replace(WAIVE, reason="  ")).then_refused(because="The reason is empty")


@pytest.mark.parametrize("code", ["gate.tests", "agent.executed", "integration.accepted", "budget.within"])
def test_evidence_cannot_be_waived(code):
    goal.given(*WORKED).when(replace(WAIVE, code=code)).then_refused(because=f"{code} is evidence and cannot be waived")


def test_a_rule_that_does_not_exist_cannot_be_waived():
    goal.given(*WORKED).when(replace(WAIVE, code="review.taste")).then_refused(because="There is no rule review.taste")


def test_a_waiver_for_another_tree_is_refused():
    goal.given(*WORKED).when(replace(WAIVE, tree=tree("base"))).then_refused(because="Look at it again")


def test_the_test_pass_rests_on_the_gates_it_reads():
    story = goal.given(*WORKED, *gate_run())
    ran = story.state.seq
    assert ran in story.given(review_run("test")[0]).records[-1].causes
    assert ran not in story.given(RUN[0]).records[-1].causes


def test_of_a_blocked_pass_the_findings_are_kept():
    story = goal.given(*WORKED, *review_run("security", ReviewBlocked, total=80))
    kept = story.state.review.by_pass["security"]
    assert (kept.outcome, kept.total, kept.findings[0].path) == ("blocked", 80, "hello.py")
