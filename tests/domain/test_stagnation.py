"""When a loop counts as standing still, and what it is put down to: both sides of every number of behaviour 1.19."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from omk.domain.effects import MeasurePass, RunAgent, StopLoop, TryAgain
from omk.domain.ending import ending
from omk.domain.plan import EXECUTE
from omk.domain.stagnation import CAUSES, METRICS, STRATEGIES, cause_named, diagnosed, likeliest, stagnant
from omk.domain.subjects.controller import ControllerStopped
from omk.domain.subjects.policy import Policy
from omk.domain.subjects.progress import KEPT, GateScore, Iteration, IterationMeasured, Objection, StagnationDetected
from omk.domain.subjects.review import ReviewBlocked
from omk.domain.wanted import wanted
from tests.domain.simulated import Simulated
from tests.scenario import create, gate_named, gates, goal, let_go, order, policy, some

POLICY = Policy(stagnation_window=5)
IDLE = {"passed": 0, "total": 2, "trees": 0, "files": 0, "tokens": 0, "paths": None, "likeness": None, "objections": ()}
ALIKE = 901
TURNS = ("passed", "failed")


def measured(number=1, outcomes=("failed", "failed"), **fields):
    """An iteration in which nothing happened, but for what is said."""
    scores = tuple(GateScore(gate=f"g{place}", required=True, outcome=one) for place, one in enumerate(outcomes))
    passed = outcomes.count("passed")
    usual = {**IDLE, "passed": passed, "total": len(outcomes), "gates": scores, "owed": ("gate.g0", "files.changed")}
    return some(IterationMeasured, iteration=number, **{**usual, **fields})


def history(*told, count=8, **fields):
    """So many iterations, the last of them as *told*, the others idle; *fields* are the same in all."""
    idle: list[dict[str, object]] = [{} for _ in range(count - len(told))]
    return tuple(Iteration(measured=measured(n, **{**fields, **one}), seq=n) for n, one in enumerate([*idle, *told], 1))


def window(*told, **fields):
    return [one.measured for one in history(*told, count=5, **fields)]


def cause(*told, **fields):
    found, confidence = likeliest(window(*told, **fields))
    return found.name, confidence


def metrics_of(told, by=POLICY):
    found = diagnosed(told, by)
    assert found is not None
    return found.metrics


# --- Whether it stands still ---


def test_it_takes_three_iterations_to_warm_up_and_five_to_look_at():
    assert diagnosed(history(count=7), POLICY) is None
    assert metrics_of(history(count=8)) == ("proof_score", "commit_velocity", "gate_pass_rate")
    assert diagnosed(history(count=8), replace(POLICY, stagnation_warmup=4)) is None
    assert diagnosed(history(count=8), replace(POLICY, stagnation_window=0)) is None


def test_what_was_forgotten_counts_all_the_same():
    old = history(count=12)[-KEPT:]
    assert diagnosed(old, replace(POLICY, stagnation_warmup=7))
    assert diagnosed(old, replace(POLICY, stagnation_warmup=8)) is None


def test_so_many_metrics_have_to_stand_still_as_the_policy_says():
    assert diagnosed(history(trees=1), POLICY) is None
    assert metrics_of(history(trees=1), replace(POLICY, stagnation_metrics=2)) == ("proof_score", "gate_pass_rate")


@pytest.mark.parametrize(
    ("metric", "still", "moves"),
    [
        ("proof_score", window({"passed": 0}, total=200), window({"passed": 2}, total=200)),
        ("commit_velocity", window(*4 * [{"trees": 1}]), window(*5 * [{"trees": 1}])),
        ("gate_pass_rate", window({"outcomes": ("passed",) + 20 * ("failed",)}, outcomes=21 * ("failed",)),
         window({"outcomes": ("passed",) + 19 * ("failed",)}, outcomes=20 * ("failed",))),
        ("token_efficiency", window(*3 * [{"tokens": 1_001}]), window(*2 * [{"tokens": 1_001}])),
        ("file_churn", window(*3 * [{"files": 11}]), window(*5 * [{"files": 10}])),
    ],
)  # fmt: skip
def test_a_metric_stands_still_on_one_side_of_its_number_alone(metric, still, moves):
    assert metric in stagnant(still)
    assert metric not in stagnant(moves)


def test_tokens_count_for_each_point_of_the_score():
    half = {"outcomes": ("passed", "failed")}
    assert "token_efficiency" not in stagnant(window(*5 * [half | {"tokens": 50_000}]))
    assert "token_efficiency" in stagnant(window(*5 * [half | {"tokens": 50_001}]))


def test_whoever_is_as_good_as_there_is_let_go_on_unless_more_than_gates_is_owed():
    near = {"passed": 99, "total": 100, "owed": ("gate.g0",)}
    assert diagnosed(history(**near), POLICY) is None
    assert diagnosed(history(**{**near, "passed": 98}), POLICY)
    assert diagnosed(history(**{**near, "owed": ("gate.g0", "review.code")}), POLICY)


SCORES = st.lists(st.integers(0, 50), min_size=8, max_size=KEPT)
REST = st.fixed_dictionaries(
    {
        "trees": st.integers(0, 2),
        "files": st.integers(0, 40),
        "tokens": st.integers(0, 10**6),
        "likeness": st.none() | st.integers(0, 1000),
        "paths": st.sampled_from(["a", "b", None]),
    }
)


@given(SCORES, st.lists(REST, min_size=KEPT, max_size=KEPT), st.integers(1, 5))
def test_a_score_that_gets_better_or_goes_up_and_down_is_never_flagged(scores, rest, metrics):
    told = [{**one, "passed": passed, "total": 50} for passed, one in zip(scores, rest, strict=False)]
    found = diagnosed(history(*told, count=len(told)), replace(POLICY, stagnation_metrics=metrics))
    if len(set(scores[-5:])) > 1:
        assert found is None


# --- What it is put down to ---


def test_gates_that_turn_half_of_the_time_are_flaky():
    turning = [{"outcomes": (TURNS[n % 2], TURNS[(n + 1) % 2])} for n in range(5)]
    assert cause(*turning) == ("test_flakiness", 100)
    half = [{"outcomes": (TURNS[n in {1, 2}], "failed")} for n in range(5)]
    assert cause(*half, outcomes=("failed", "failed"))[0] != "test_flakiness"
    assert cause(*[{"outcomes": (TURNS[n in {1, 2}],)} for n in range(5)]) == ("test_flakiness", 50)
    assert cause(*[{"outcomes": (TURNS[n in {3, 4}],)} for n in range(5)])[0] != "test_flakiness"


def test_a_gate_that_never_ran_turns_nothing():
    assert cause(*[{"outcomes": (("failed", None)[n % 2],)} for n in range(5)])[0] != "test_flakiness"


def test_more_than_ten_files_with_less_than_half_of_the_gates_is_too_much_at_once():
    assert cause(files=11) == ("scope_too_large", 55)
    assert cause(files=10)[0] == "unknown"
    assert cause(files=40) == ("scope_too_large", 100)
    assert cause(files=11, outcomes=("passed", "failed"))[0] == "unknown"
    assert cause({"outcomes": ("passed", "failed", "failed")}, files=11, outcomes=3 * ("failed",))[0] == "unknown"


def test_three_outputs_alike_in_a_row_hint_at_something_outside():
    assert cause(*2 * [{"likeness": ALIKE}]) == ("external_dependency_broken", 60)
    assert cause({"likeness": ALIKE})[0] == "unknown"
    assert cause(*2 * [{"likeness": 900}])[0] == "unknown"
    assert cause(*5 * [{"likeness": ALIKE}]) == ("external_dependency_broken", 100)
    assert cause(*2 * [{"likeness": ALIKE}], {"likeness": 100})[0] == "unknown"


def test_the_same_sets_of_files_in_turns_are_a_circle():
    assert cause(*[{"paths": one} for one in "ababa"]) == ("circular_fix", 100)
    assert cause(*[{"paths": one} for one in "abacd"]) == ("circular_fix", 33)
    assert cause(*[{"paths": one} for one in "aaaaa"])[0] == "unknown"
    assert cause(*[{"paths": one} for one in "abcde"])[0] == "unknown"
    assert cause(*[{"paths": one} for one in ("a", None, None, "b", None)])[0] == "unknown"


def test_a_review_that_objects_three_times_with_the_same_codes_goes_round():
    same, other = (Objection(review="code", codes=("todo",)),), (Objection(review="code", codes=("empty",)),)
    assert cause(*3 * [{"objections": same}]) == ("review_rejection_loop", 60)
    assert cause(*2 * [{"objections": same}])[0] == "unknown"
    assert cause({"objections": same}, {"objections": other}, {"objections": same})[0] == "unknown"
    assert cause(*5 * [{"objections": (*same, *other)}]) == ("review_rejection_loop", 100)


def test_a_scope_that_was_not_respected_three_times_in_a_row_is_a_cause():
    outside = {"owed": ("gate.tests", "scope.respected")}
    assert cause(*3 * [outside]) == ("scope_not_respected", 60)
    assert cause(*5 * [outside]) == ("scope_not_respected", 100)
    assert cause(*2 * [outside])[0] == "unknown"
    assert cause(*4 * [outside], {"owed": ("gate.tests",)})[0] == "unknown"


def test_many_tokens_without_progress_are_wandering():
    assert cause(tokens=1_300) == ("inefficient_exploration", 30)
    assert cause(tokens=1_299)[0] == "unknown"
    assert cause(tokens=9_000) == ("inefficient_exploration", 100)


def test_the_surest_cause_wins_and_the_first_of_equals():
    assert cause(*2 * [{"likeness": ALIKE}], files=11) == ("external_dependency_broken", 60)
    assert cause(*5 * [{"likeness": ALIKE}], files=40) == ("scope_too_large", 100)


def test_every_cause_says_what_to_do_and_has_a_name_of_its_own():
    causes = (*CAUSES, cause_named("unknown"))
    assert len({one.name for one in causes}) == len(causes)
    assert {one.strategy for one in causes} == set(STRATEGIES)
    assert len({one.name for one in METRICS}) == len(METRICS)


# --- What comes of it ---

ALL = ("execute", "verify", "review", "accept", "merge")


def looping(**fields):
    impatient = policy(**{"stagnation_window": 5, **fields})
    return goal.given(create(until_ready=True, max_attempts=12), gates(gate_named()), impatient, order(*ALL, max_attempts=12))


def performed(world, kind):
    return [one for one in world.performed if isinstance(one, kind)]


def test_a_loop_that_never_gets_nearer_is_stopped_after_the_eighth_attempt():
    world = Simulated(gate=lambda *_: "failed", writes=lambda _: False)
    world.likeness = 1000
    story = world.drive(looping())
    assert len(performed(world, RunAgent)) == len(performed(world, MeasurePass)) == 8
    assert performed(world, StopLoop) == [StopLoop(cause="external_dependency_broken")]
    stopped = story.state.progress.stagnation
    assert (stopped.attempts, stopped.confidence, stopped.strategy) == (8, 100, "escalate_to_human")
    assert wanted(story.state) == ()
    assert ending(story.state).startswith("stagnation after 8 iterations: what failed printed the same")


def test_an_agent_that_goes_on_changing_files_may_use_all_its_attempts():
    world = Simulated(gate=lambda *_: "failed")
    story = world.drive(looping())
    assert len(performed(world, RunAgent)) == 12
    assert ending(story.state) == "all attempts used: gate.tests"


def test_without_a_window_nothing_is_measured_and_nothing_stopped():
    world = Simulated(gate=lambda *_: "failed", writes=lambda _: False)
    world.drive(looping(stagnation_window=0))
    assert not performed(world, MeasurePass)
    assert len(performed(world, RunAgent)) == 12


def test_a_single_attempt_is_no_loop():
    world = Simulated()
    world.drive(goal.given(create(), gates(gate_named()), policy(stagnation_window=5), order(*ALL)))
    assert not performed(world, MeasurePass)


def test_a_review_that_objects_again_and_again_to_green_gates_stops_the_loop_too():
    world = Simulated(review=ReviewBlocked, writes=lambda attempt: attempt == 1)
    story = world.drive(looping())
    assert story.state.progress.stagnation.code == "review_rejection_loop"
    assert len(performed(world, RunAgent)) == 8


def test_a_new_order_begins_a_new_history_and_a_resumed_one_goes_on_with_it():
    world = Simulated(gate=lambda *_: "failed", writes=lambda _: False)
    story = world.drive(looping())
    on = story.given(order(*ALL, name="c-2", max_attempts=12, resumes="c-1")).state
    assert on.progress.stagnation is not None
    assert wanted(on) == ()
    new = story.given(let_go(), order(*ALL, name="c-3", max_attempts=12))
    assert (new.state.progress.stagnation, new.state.progress.history) == (None, ())
    again = Simulated(gate=lambda *_: "failed", writes=lambda _: False)
    assert again.drive(new).state.progress.stagnation is not None
    assert len(performed(again, RunAgent)) == 8


def test_the_state_remembers_ten_iterations():
    world = Simulated(gate=lambda *_: "failed")
    story = world.drive(looping())
    assert [one.measured.iteration for one in story.state.progress.history] == list(range(3, 13))


def test_what_is_measured_is_what_happened_since_the_last_time():
    world = Simulated(gate=lambda _, attempt: "failed" if attempt < 3 else "passed", writes=lambda attempt: attempt != 2)
    story = world.drive(looping())
    told = [(one.measured.passed, one.measured.trees, one.measured.files) for one in story.state.progress.history]
    assert told == [(0, 1, 1), (0, 0, 0), (1, 1, 1)]
    first, second, third = (one.measured for one in story.state.progress.history)
    assert first.paths == third.paths
    assert second.paths is None
    assert first.owed == second.owed == ("gate.tests",)
    assert ending(story.state) == "a person's turn: integration.accepted"


def test_why_it_ended_is_the_same_after_the_controller_has_let_go():
    story = Simulated(gate=lambda *_: "failed").drive(looping())
    assert ending(story.given(let_go()).state) == ending(story.state) == "all attempts used: gate.tests"
    assert ending(goal.given(create()).state) == "everything asked for is done"


def test_ready_is_why_a_loop_ends_best():
    story = goal.given(create(accept="auto"), gates(gate_named()), policy(stagnation_window=5), order(*ALL, max_attempts=3))
    assert ending(Simulated().drive(story).state) == "ready"


def test_the_reason_is_on_record_once():
    story = Simulated(gate=lambda *_: "failed", writes=lambda _: False).drive(looping())
    kinds = [type(one.event) for one in story.records]
    assert kinds.count(StagnationDetected) == 1
    assert kinds[-1] is StagnationDetected
    assert ControllerStopped not in kinds
    causes = story.records[-1].causes
    assert causes == tuple(one.seq for one in story.state.progress.history)
    assert not [one for one in wanted(story.state) if isinstance(one, TryAgain)]
    assert story.state.task[EXECUTE].attempts == 8
