from msgspec.structs import replace

from omk.domain.effects import RunGate
from omk.domain.subjects.gate import (
    BreakerClosed,
    BreakerOpened,
    CloseBreaker,
    GateRan,
    GatesConfigured,
    GateStarted,
    OpenBreaker,
    StartGate,
)
from omk.domain.subjects.goal import PauseGoal
from omk.domain.wanted import wanted
from tests.scenario import ANN, BOT, READY, WORKED, gate_named, gate_run, gates, goal, order, some, time

RUN = gate_run()
BREAK = OpenBreaker(actor=BOT, gate="tests", until=time(600))


def test_gates_are_configured_once():
    asked = gates(gate_named("lint"))
    goal.given(*WORKED).when(asked).then(GatesConfigured(gates=(gate_named("lint"),), guards=()))
    goal.given(*WORKED, asked).when(asked).then_nothing()


def test_gates_are_not_configured_while_one_is_at_work():
    goal.given(*WORKED, RUN[0]).when(gates()).then_refused(because="Gate tests is at work")


def test_a_ready_goal_keeps_its_gates():
    goal.given(*READY).when(gates(gate_named("lint"))).then_refused(because="is ready")


def test_what_a_gate_said_is_kept_when_other_gates_are_configured():
    story = goal.given(*WORKED, *RUN, gates(gate_named("lint"), gate_named("tests")))
    assert story.state.gate.by_name["tests"].last is not None
    assert story.state.gate.by_name["lint"].last is None


def test_a_gate_is_started_once_and_answers_once():
    start, answer = RUN
    story = goal.given(*WORKED).when(answer).then_nothing().when(start).then(start.started)
    story.when(start).then_nothing()
    story = story.when(answer).then(answer.ran)
    story.when(answer).then_nothing()
    story.when(start).then_nothing()


def test_an_answer_of_another_attempt_is_not_recorded():
    late = gate_run(attempt=2)[1]
    goal.given(*WORKED, RUN[0]).when(late).then_nothing()


def test_a_gate_that_is_not_configured_is_named_with_those_that_are():
    start = StartGate(actor=BOT, started=some(GateStarted, gate="nope"))
    goal.given(*WORKED).when(start).then_refused(because="There is no gate nope. Gates: tests.")


def test_a_paused_goal_runs_no_gate():
    goal.given(*WORKED, PauseGoal(actor=ANN)).when(RUN[0]).then_refused(because="is paused")


def test_failures_in_a_row_are_counted_until_the_gate_passes():
    def failures(*outcomes):
        runs = [step for number, one in enumerate(outcomes, 1) for step in gate_run(outcome=one, attempt=number)]
        return goal.given(*WORKED, *runs).state.gate.by_name["tests"].failures

    assert failures("failed", "timed_out", "errored") == 3
    assert failures("failed", "passed") == 0


def test_an_open_breaker_keeps_the_gate_from_running_and_from_passing():
    story = goal.given(*WORKED).when(BREAK)
    story.then(BreakerOpened(gate="tests", failures=0, until=time(600))).when(BREAK).then_nothing()
    story.when(RUN[0]).then_refused(because="The breaker of gate tests is open")
    assert "gate.tests" in story.gaps
    assert not any(isinstance(one, RunGate) for one in wanted(story.given(order("verify")).state))


def test_a_closed_breaker_lets_the_gate_run_again():
    close = CloseBreaker(actor=BOT, gate="tests")
    story = goal.given(*WORKED, BREAK).when(close).then(BreakerClosed(gate="tests"))
    story.when(close).then_nothing()
    assert isinstance(story.when(RUN[0]).new[0].event, GateStarted)


def test_a_gate_rests_on_its_configuration_and_on_the_tree():
    story = goal.given(*WORKED, RUN[0])
    assert story.records[-1].causes == (story.state.gate.seq, story.state.worktree.seq)
    assert story.given(RUN[1]).records[-1].causes == (story.state.seq,)


def test_of_a_gates_output_the_state_keeps_a_quoted_preview():
    story = goal.given(*WORKED, RUN[0], replace(RUN[1], ran=replace(RUN[1].ran, reason="Too slow.")))
    last = story.state.gate.by_name["tests"].last
    assert isinstance(story.records[-1].event, GateRan)
    assert last.reason == f"§{story.state.seq}:Too slow."
    assert last.output.preview.startswith(f"§{story.state.seq}:")
