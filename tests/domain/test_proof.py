"""The verdict: what it names, what its digest covers, and that it can always be given."""

import hashlib

import msgspec
from hypothesis import given, settings
from msgspec.structs import replace

from omk.domain.catalogue import EVENTS
from omk.domain.event import Recorded
from omk.domain.proof.proof import prove, verdict_core, verdict_digest
from omk.domain.proof.rules import RULES, VERSION
from omk.domain.proof.standing import judge
from omk.domain.subjects.budget import BudgetExhausted
from omk.domain.subjects.gate import GatesConfigured
from omk.domain.subjects.goal import CancelGoal, FailGoal, OracleAssessed, PauseGoal
from omk.domain.subjects.review import GrantWaiver, ReviewBlocked
from omk.domain.values import PASSES
from tests.histories import histories
from tests.noise import noise
from tests.scenario import (
    ANN,
    BOT,
    CREATED,
    GOAL,
    PROVEN,
    READY,
    WORKED,
    Step,
    change,
    create,
    files,
    goal,
    order,
    review_run,
    some,
    tree,
)
from tools.examples import EXAMPLES


@settings(max_examples=150)
@given(noise() | histories())
def test_every_state_has_a_verdict(records: list[Recorded]):
    judged = judge(records)
    proof = prove(judged.state, judged.standing)
    assert proof.seq == len(records)
    assert verdict_digest(proof).startswith("b2:")
    for gap in proof.gaps:
        assert gap.text
        assert gap.command.startswith("omk ")
        assert all(0 < seq <= proof.seq for seq in gap.evidence), gap
        assert set(gap.follows_from) <= {one.code for one in proof.gaps} - {gap.code}
        assert gap.since is None or 0 < gap.since <= proof.seq
    for code, evidence in proof.held:
        assert all(0 < seq <= proof.seq for seq in evidence), code
    assert msgspec.json.decode(msgspec.json.encode(proof))["status"] == proof.status


@settings(max_examples=100)
@given(histories())
def test_what_is_missing_is_an_event_that_there_is_with_fields_it_has(records: list[Recorded]):
    judged = judge(records)
    for gap in prove(judged.state, judged.standing).gaps:
        assert gap.missing.kind in EVENTS
        if gap.code not in LOOSE:
            assert set(gap.missing.where) <= set(EVENTS[gap.missing.kind].__struct_fields__), gap


LOOSE = {"obligations.closed", *(f"oracle.{check}" for check in ("smoke", "regression"))}
"""Gaps whose missing event is named by an obligation or by what a gate proves."""


def test_a_proof_names_what_it_judged():
    story = goal.given(*READY)
    proof = story.proof
    assert (proof.goal, proof.seq, proof.head) == (GOAL, story.state.seq, story.records[-1].digest)
    assert (proof.tree, proof.rules, proof.status) == (tree("done"), VERSION, "ready")
    assert proof.changed_files == ("hello.py",)
    assert proof.readiness == "ready: integration and oracle evidence passed"
    assert [line.outcome for line in proof.reviews] == 6 * ["passed"]
    assert [(line.name, line.outcome, line.fresh) for line in proof.gates] == [("tests", "passed", True)]
    assert len(proof.held) == len(RULES) - 3 + 1 + len(PASSES)


def test_a_proof_has_a_line_for_each_pass_and_gate_from_the_start():
    proof = goal.given(*CREATED).proof
    assert [(line.review, line.outcome) for line in proof.reviews] == [(name, "never") for name in PASSES]
    assert [(line.name, line.outcome) for line in proof.gates] == [("tests", "never")]
    assert msgspec.to_builtins(proof.reviews[0])["pass"] == "architect"


def test_a_waived_pass_says_so():
    waive = GrantWaiver(actor=ANN, code="review.code", tree=tree("done"), reason="I looked.")
    proof = goal.given(*WORKED, *review_run("code", ReviewBlocked), waive).proof
    line = next(one for one in proof.reviews if one.review == "code")
    assert (line.outcome, line.fresh) == ("waived", True)


def test_stale_evidence_is_shown_as_such():
    proof = goal.given(*READY, files("done", "later", change("b.py"))).proof
    assert not any(line.fresh for line in proof.gates)
    assert not any(line.fresh for line in proof.reviews)
    assert [line.outcome for line in proof.gates] == ["passed"]


def test_the_digest_is_stable():
    proof = goal.given(*READY).proof
    assert verdict_digest(proof) == verdict_digest(goal.given(*READY).proof)
    assert list(verdict_core(proof)) == ["gaps", "goal", "head", "held", "seq", "status", "tree"]
    pinned = replace(proof, goal="g", head="b2:0", seq=7, tree="t", status="not_ready", gaps=(), held=(("budget.within", (3,)),))
    body = b'{"gaps":[],"goal":"g","head":"b2:0","held":[["budget.within",[3]]],"seq":7,"status":"not_ready","tree":"t"}'
    assert verdict_digest(pinned) == "b2:" + hashlib.blake2b(body, digest_size=32).hexdigest()


def test_prose_is_not_part_of_the_core():
    proof = goal.given(*CREATED).proof
    other = replace(proof, readiness="!", gaps=tuple(replace(gap, text="!", command="!") for gap in proof.gaps))
    assert verdict_digest(other) == verdict_digest(proof)


def test_status_gaps_and_evidence_are_part_of_the_core():
    proof = goal.given(*READY).proof
    others = (
        replace(proof, status="not_ready"),
        replace(proof, held=proof.held[1:]),
        replace(proof, tree=tree("other")),
        replace(proof, head="b2:1"),
        replace(proof, seq=1),
        replace(proof, gaps=goal.given(*PROVEN).proof.gaps),
    )
    assert len({verdict_digest(one) for one in (proof, *others)}) == 1 + len(others)


def test_what_rules_the_goal_says_why():
    stories: dict[str, tuple[Step, ...]] = {
        "paused: ": (PauseGoal(actor=ANN, reason="Lunch."),),
        "cancelled: cancelled by user": (CancelGoal(actor=ANN),),
        "failed infra: ": (FailGoal(actor=BOT, reason="The disk is full."),),
        "needs more budget: a budget limit is reached": (some(BudgetExhausted),),
        "paused: by an operator": (PauseGoal(actor=ANN),),
    }
    for words, steps in stories.items():
        assert goal.given(*CREATED, *steps).proof.readiness.startswith(words)
    assert "cannot be tested" in goal.given(create(testable=False)).proof.readiness


def test_a_goal_is_running_while_something_is_wanted():
    story = goal.given(*CREATED, order("execute"))
    assert story.proof.status == "running"
    assert story.proof.readiness.startswith("running: No agent has worked")


def test_an_open_worktree_is_no_gap():
    assert goal.given(*READY, EXAMPLES["worktree_opened.v1"]).proof.status == "ready"


def test_there_is_one_gap_per_code_also_where_a_log_names_a_check_or_a_gate_twice():
    gate = next(event for event in EXAMPLES.values() if isinstance(event, GatesConfigured)).gates[0]
    assessed = OracleAssessed(oracle="bugfix", testable=True, reason=None, checks=("t1", "t1"), signals=())
    events = (assessed, GatesConfigured(gates=(replace(gate, required=True),) * 2, guards=()))
    judged = judge(Recorded(GOAL, seq, "2026-01-02T03:04:05.000000Z", BOT, (), "", event) for seq, event in enumerate(events, 1))
    codes = [gap.code for gap in prove(judged.state, judged.standing).gaps]
    assert {"oracle.t1", f"gate.{gate.name}"} < set(codes)
    assert len(codes) == len(set(codes)) == len(judged.open)
