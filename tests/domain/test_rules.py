"""Every rule: when it holds, and what it says when it does not."""

import pytest
from hypothesis import given, settings

from omk.domain.event import Recorded
from omk.domain.goal_decider import is_ready
from omk.domain.proof.proof import prove
from omk.domain.proof.rules import RULES
from omk.domain.proof.standing import judge, rule_of
from omk.domain.subjects.gate import GateStarted
from omk.domain.subjects.review import ReviewPassed
from omk.domain.values import PASSES
from omk.domain.wanted import controlling
from tests.domain.rule_stories import HOLDS, LACKS, gate_story
from tests.histories import histories
from tests.scenario import (
    READY,
    WORKED,
    accept,
    change,
    create,
    done,
    files,
    gate_named,
    gate_run,
    gates,
    goal,
    order,
    reviews,
    some,
    two_tasks,
    work,
)
from tools.examples import EXAMPLES


@pytest.mark.parametrize(("code", "steps"), HOLDS, ids=[f"{number}-{code}" for number, (code, _) in enumerate(HOLDS)])
def test_the_rule_holds(code, steps):
    story = goal.given(*steps)
    assert code in dict(story.proof.held)
    assert code not in story.gaps


@pytest.mark.parametrize(
    ("code", "steps", "words", "owner", "missing"), LACKS, ids=[f"{number}-{one[0]}" for number, one in enumerate(LACKS)]
)
def test_the_rule_lacks_something_and_says_what(code, steps, words, owner, missing):
    gap = goal.given(*steps).gap(code)
    assert words in gap.text
    assert (gap.owner, gap.missing.kind) == (owner, missing)
    assert all(seq > 0 for seq in gap.evidence)
    assert list(gap.evidence) == sorted(set(gap.evidence))
    assert gap.command.startswith("omk ")
    assert "{" not in gap.command


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_is_seen_to_hold_and_to_lack(rule):
    assert any(rule_of(code) is rule for code, _ in HOLDS)
    assert any(rule_of(code) is rule for code, *_ in LACKS)


def test_a_rival_cannot_do_anothers_work():
    """Two tasks, two agents, both say they are done, one of them changed nothing."""
    story = goal.given(
        create(),
        gates(gate_named()),
        two_tasks(),
        *work("t1"),
        files("base", "done", task="t1"),
        done("t1"),
        *work("t2"),
        done("t2"),
        *gate_run(),
        *reviews(),
        accept(),
    )
    assert story.gaps == ("files.changed",)
    gap = story.gap("files.changed")
    assert "t2" in gap.text
    assert "t1" not in gap.text
    assert gap.missing.where == {"task": "t2"}
    assert gap.evidence == (story.state.agent.last["t2"].seq,)
    assert story.proof.status == "not_ready"


def test_an_optional_gate_opens_no_gap_and_closes_none():
    optional = gate_named("lint", required=False)
    story = goal.given(create(), gates(gate_named(), optional), *WORKED[2:], *gate_run("lint", "failed"))
    assert "gate.lint" not in story.gaps
    assert "gate.tests" in story.gaps


def test_a_check_follows_from_the_red_gate_that_proves_it():
    story = goal.given(create(checks=("smoke",)), *gate_story(*gate_run("smoke", "failed"), name="smoke")[1:])
    assert story.gap("oracle.smoke").follows_from == ("gate.smoke",)
    assert story.gap("gate.smoke").follows_from == ()


def test_a_gap_follows_only_from_gaps_that_are_there():
    optional = gate_story(*gate_run("smoke", "failed"), name="smoke", required=False)
    story = goal.given(create(checks=("smoke",)), *optional[1:])
    assert story.gap("oracle.smoke").follows_from == ()


def test_a_changed_file_makes_the_gate_and_its_check_stale_together():
    story = goal.given(create(checks=("smoke",)), *gate_story(*gate_run("smoke"), *reviews(), accept(), name="smoke")[1:])
    assert story.gaps == ()
    later = story.given(files("done", "later", change("b.py")))
    assert later.gaps == ("gate.smoke", *(f"review.{name}" for name in PASSES), "oracle.smoke", "integration.accepted")


def test_an_acceptance_outlives_a_change_that_was_undone():
    there, back = files("done", "later", change("b.py", old=None)), files("later", "done", change("b.py", None, "new"))
    assert goal.given(*READY, there, back).proof.status == "ready"


@settings(max_examples=60)
@given(histories())
def test_ready_is_no_gap_and_no_controlling_status(records: list[Recorded]):
    for length in {len(records), len(records) // 2}:
        judged = judge(records[:length])
        proof = prove(judged.state, judged.standing)
        ruling = controlling(judged.state)
        assert (proof.status == "ready") == (not proof.gaps and ruling is None)
        assert is_ready(judged.state) == (not proof.gaps)
        assert ruling is None or proof.status == ruling


@settings(max_examples=60)
@given(histories())
def test_every_rule_is_judged_at_every_position_once_per_code(records: list[Recorded]):
    judged = judge(records)
    proof = prove(judged.state, judged.standing)
    codes = [code for rule in RULES for code in rule.codes(judged.state)]
    judged_codes = [*(gap.code for gap in proof.gaps), *(code for code, _ in proof.held)]
    assert sorted(judged_codes) == sorted(codes)
    assert len(set(codes)) == len(codes)


def test_a_started_gate_that_never_ends_is_owed_and_explains_itself():
    story = goal.given(*WORKED, gate_run()[0])
    assert isinstance(story.records[-1].event, GateStarted)
    assert story.gap("obligations.closed").follows_from == ("gate.tests",)


def test_nothing_but_bookkeeping_is_left_out_of_what_is_owed():
    story = goal.given(*READY, order("merge"), EXAMPLES["worktree_opened.v1"])
    assert story.proof.status == "ready"
    assert some(ReviewPassed).review == "code"
