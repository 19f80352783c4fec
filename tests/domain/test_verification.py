"""Which gates are run, in which order and how often, and what a run counts as."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from omk.domain.effects import BeginTask, EndTask, RunGate
from omk.domain.subjects.gate import RecordGate
from omk.domain.subjects.policy import Needs
from omk.domain.verification import counts_as, unmet, why_skipped
from omk.domain.wanted import wanted
from tests.domain.simulated import Simulated
from tests.domain.test_breaker import obeying
from tests.scenario import WORKED, gate_named, gate_run, gates, goal, let_go, order, tree

BUILD = Needs(gate="tests", gates=("build",))


class Judging(Simulated):
    """A world whose gates are recorded as the controller records them: skipped for what they need, flaky as the policy says."""

    def steps(self, story, effect):
        steps = super().steps(story, effect)
        if not isinstance(effect, RunGate):
            return steps
        start, answer = steps
        assert isinstance(answer, RecordGate)
        gate, state = story.state.gate.by_name[effect.gate], story.state
        outcome, reason = counts_as(gate, answer.ran.outcome, state.worktree.tree, state.policy)
        if why := why_skipped(state, effect.gate):
            outcome, reason = "skipped", why
        return [start, replace(answer, ran=replace(answer.ran, outcome=outcome, reason=reason))]


def verified(*names, gate=lambda *_: "passed", world=Judging, **policy):
    """A goal whose gates of these names were ordered to run, and the names in the order they ran in."""
    driven = world(gate=gate)
    story = driven.drive(goal.given(*WORKED, gates(*map(gate_named, names)), obeying(needs=(), **policy), order("verify")))
    return story, [one.gate for one in driven.performed if isinstance(one, RunGate)]


def outcomes(story):
    return {name: story.state.gate.by_name[name].last.outcome for name in story.state.gate.order}


def flaky(_, attempt):
    return "failed" if attempt == 1 else "passed"


def test_a_red_gate_is_run_again_as_often_as_the_policy_says():
    assert verified("tests", gate=lambda *_: "failed", rerun_failed=3)[1] == 4 * ["tests"]
    assert verified("tests", gate=lambda *_: "failed", rerun_failed=0)[1] == ["tests"]


@pytest.mark.parametrize("red", ["failed", "timed_out", "errored"])
def test_a_pass_after_a_red_run_on_the_same_tree_is_inconclusive(red):
    story, ran = verified("tests", gate=lambda _, attempt: red if attempt == 1 else "passed", rerun_failed=3)
    assert (ran, outcomes(story)) == (["tests", "tests"], {"tests": "inconclusive"})
    assert "It passed, but was red on this tree once before" in story.gap("gate.tests").text


def test_the_policy_may_take_the_pass():
    story, _ = verified("tests", gate=flaky, rerun_failed=1, flaky="passed")
    assert outcomes(story) == {"tests": "passed"}
    assert "gate.tests" not in story.gaps


def test_without_reruns_a_pass_is_a_pass():
    story, _ = verified("tests", gate=lambda *_: "failed", rerun_failed=0)
    green = Judging().drive(story.given(let_go(), order("verify", name="c-2")))
    assert outcomes(green) == {"tests": "passed"}


def test_a_new_order_starts_anew():
    story, _ = verified("tests", gate=flaky, rerun_failed=1)
    green = Judging().drive(story.given(let_go(), order("verify", name="c-2")))
    assert outcomes(green) == {"tests": "passed"}


def test_a_red_run_on_another_tree_or_by_another_definition_is_not_held_against_the_gate():
    policy = obeying(rerun_failed=1).configured
    gate = goal.given(*WORKED, *gate_run(outcome="failed")).state.gate.by_name["tests"]
    assert counts_as(gate, "passed", tree("done"), policy)[0] == "inconclusive"
    assert counts_as(gate, "passed", tree("other"), policy) == ("passed", None)
    assert counts_as(gate.redefined(gate_named(version="2")), "passed", tree("done"), policy) == ("passed", None)


def test_a_gate_is_run_after_those_it_needs():
    assert verified("tests", "build")[1] == ["tests", "build"]
    story = goal.given(*WORKED, gates(gate_named("tests"), gate_named("build")), obeying(needs=(BUILD,)), order("verify"))
    world = Judging()
    world.drive(story)
    assert [one.gate for one in world.performed if isinstance(one, RunGate)] == ["build", "tests"]


def test_a_gate_whose_need_is_red_is_skipped_and_says_why():
    story = goal.given(*WORKED, gates(gate_named("tests"), gate_named("build")), obeying(needs=(BUILD,)), order("verify"))
    story = Judging(gate=lambda name, _: "failed" if name == "build" else "passed").drive(story)
    assert outcomes(story) == {"tests": "skipped", "build": "failed"}
    assert "Gate tests was not run" in story.gap("gate.tests").text
    assert "It needs build, which did not pass on this tree." in story.gap("gate.tests").text


def test_a_need_that_is_no_gate_any_more_is_none():
    story = goal.given(*WORKED, obeying(needs=(BUILD,)))
    assert unmet(story.state, "tests") == ()
    assert why_skipped(story.state, "tests") is None


def test_gates_that_need_each_other_are_not_run_and_nobody_waits_for_ever():
    circle = (BUILD, Needs(gate="build", gates=("tests",)))
    story = goal.given(*WORKED, gates(gate_named("tests"), gate_named("build")), obeying(needs=circle), order("verify"))
    world = Judging()
    world.drive(story)
    assert {type(one) for one in world.performed} <= {BeginTask, EndTask}


NAMES = ("a", "b", "c", "d")


@settings(max_examples=60)
@given(st.data(), st.integers(1, 4))
def test_what_is_proven_does_not_depend_on_the_order_in_which_gates_end(data, at_once):
    said = {name: data.draw(st.sampled_from(("passed", "passed", "failed", "flaky")), label=name) for name in NAMES}
    needs = tuple(Needs(gate=one, gates=("a",)) for one in data.draw(st.sets(st.sampled_from(NAMES[1:])), label="needs"))

    def begun(number):
        policy = obeying(needs=needs, rerun_failed=1, gates_at_once=number)
        return goal.given(*WORKED, gates(*map(gate_named, NAMES)), policy, order("verify"))

    world = Judging(gate=lambda name, attempt: flaky(name, attempt) if said[name] == "flaky" else said[name])
    one_by_one = world.drive(begun(1))
    story, open_steps = begun(at_once), []
    while True:
        effects = wanted(story.state)
        for effect in (one for one in effects if not isinstance(one, RunGate)):
            story = world.perform(story, effect)
        for one in (one for one in effects if isinstance(one, RunGate) and story.state.gate.at_work(one.gate) is None):
            start, answer = world.steps(story, one)
            story = story.given(start)
            open_steps.append(answer)
        assert len(open_steps) <= at_once
        if open_steps:
            story = story.given(open_steps.pop(data.draw(st.integers(0, len(open_steps) - 1))))
        elif not wanted(story.state):
            break
    assert outcomes(story) == outcomes(one_by_one)
    assert story.gaps == one_by_one.gaps
