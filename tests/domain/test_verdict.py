import pytest
from msgspec.structs import replace

from omk.domain.subjects.verdict import EraseText, IssueProof, ProofIssued, TextErased
from tests.scenario import AGENT, ANN, BOT, READY, goal, some

ERASE = EraseText(actor=ANN, erased=TextErased(seq=12, paths=("text",), reason="A password."))


def test_a_verdict_is_issued_once_for_each_event_it_judges():
    story = goal.given(*READY)
    issue = IssueProof(actor=BOT, issued=some(ProofIssued, seq=story.state.seq))
    story = story.when(issue).then(issue.issued)
    story.when(issue).then_nothing()
    assert story.new[0].causes == (issue.issued.seq,)
    assert story.given(IssueProof(actor=BOT, issued=some(ProofIssued, seq=story.state.seq))).state.verdict.issued == 2


@pytest.mark.parametrize("actor", [BOT, AGENT, "policy:auto"])
def test_only_a_person_erases_text(actor):
    goal.given(*READY).when(replace(ERASE, actor=actor)).then_refused(because="Only a person")


def test_a_text_is_erased_once():
    story = goal.given(*READY).when(ERASE).then(ERASE.erased)
    assert story.when(ERASE).then_nothing().state.verdict.erased == 1


def test_an_issued_verdict_changes_no_verdict():
    story = goal.given(*READY)
    issued = story.given(IssueProof(actor=BOT, issued=some(ProofIssued, seq=story.state.seq)))
    assert issued.proof.held == story.proof.held
