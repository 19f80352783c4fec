"""The breaker of a gate: closed, open, half-open, whatever happens and whenever."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from omk.domain.due import passed
from omk.domain.effects import AwaitBreaker, RunGate
from omk.domain.instant import moment
from omk.domain.proof.holds import gate_passed
from omk.domain.state import INITIAL, evolve
from omk.domain.subjects.controller import AbortEffect
from omk.domain.subjects.gate import (
    BreakerClosed,
    BreakerHalfOpened,
    BreakerOpened,
    CloseBreaker,
    GateRan,
    GateStarted,
    HalfOpenBreaker,
    RecordGate,
)
from omk.domain.subjects.goal import GoalForked
from omk.domain.subjects.policy import ConfigurePolicy, PolicyConfigured
from omk.domain.wanted import wanted
from tests.domain.simulated import Simulated
from tests.histories import histories
from tests.scenario import ANN, BOT, WORKED, gate_named, gate_run, gates, goal, order, some, time

UNTIL = time(600)
RECOVERY = 30


def obeying(**fields):
    """The policy with these values."""
    return ConfigurePolicy(actor=ANN, configured=some(PolicyConfigured, **fields))


def run(outcome="failed", attempt=1, until=UNTIL):
    """A run of the gate, its answer with the time until which a breaker that opens stays open."""
    start, answer = gate_run(outcome=outcome, attempt=attempt)
    return start, RecordGate(actor=BOT, ran=answer.ran, until=until)


def reds(*outcomes):
    return [step for number, one in enumerate(outcomes, 1) for step in run(one, number)]


TWO = obeying(breaker_failures=2)
HALF_OPEN = HalfOpenBreaker(actor=BOT, gate="tests", now=UNTIL, probes=1)


def test_the_last_failure_that_is_allowed_opens_the_breaker_together_with_its_answer():
    story = goal.given(*WORKED, TWO, *reds("failed", "timed_out")[:3])
    answer = run("timed_out", 2)[1]
    story.when(answer).then(answer.ran, BreakerOpened(gate="tests", failures=2, until=UNTIL))
    assert [one.causes for one in story.when(answer).new] == [(story.state.seq,), (story.state.seq + 1,)]


@pytest.mark.parametrize("outcome", ["failed", "timed_out", "errored", "inconclusive"])
def test_every_failure_counts_whatever_its_kind(outcome):
    assert goal.given(*WORKED, TWO, *reds(outcome, outcome)).state.gate.by_name["tests"].breaker == "open"


def test_a_gate_that_was_skipped_has_not_failed():
    assert goal.given(*WORKED, TWO, *reds("skipped", "skipped", "skipped")).state.gate.by_name["tests"].breaker == "closed"


def test_without_a_number_of_failures_no_breaker_opens():
    story = goal.given(*WORKED, obeying(breaker_failures=0), *reds(*8 * ["failed"]))
    assert story.state.gate.by_name["tests"].breaker == "closed"


def test_a_pass_in_between_begins_the_count_anew():
    assert goal.given(*WORKED, TWO, *reds("failed", "passed", "failed")).state.gate.by_name["tests"].breaker == "closed"


def test_when_the_time_is_over_a_probe_may_begin_and_its_answer_decides():
    story = goal.given(*WORKED, TWO, *reds("failed", "failed"))
    assert passed(story.state, time(599), BOT) == []
    assert passed(story.state, UNTIL, BOT) == [HALF_OPEN]
    story.when(HalfOpenBreaker(actor=BOT, gate="tests", now=time(599), probes=1)).then_refused(because="is open until")
    half = story.when(HALF_OPEN).then(BreakerHalfOpened(gate="tests", probes=1))
    half.when(HALF_OPEN).then_nothing()
    assert half.new[0].causes == (story.state.gate.by_name["tests"].breaker_seq,)
    green, red = run("passed", 3), run("failed", 3, time(900))
    half.given(green[0]).when(green[1]).then(green[1].ran, BreakerClosed(gate="tests"))
    half.given(red[0]).when(red[1]).then(red[1].ran, BreakerOpened(gate="tests", failures=3, until=time(900)))


def test_a_probe_that_was_stopped_may_be_made_again():
    half = goal.given(*WORKED, TWO, *reds("failed", "failed"), HALF_OPEN, run("passed", 3)[0])
    assert half.state.gate.by_name["tests"].probes == 0
    after = half.given(AbortEffect(actor=BOT, obligation="gate:tests:3", reason="paused"))
    assert after.state.gate.by_name["tests"].probes == 1
    assert isinstance(after.when(run("passed", 4)[0]).new[0].event, GateStarted)


def test_with_its_probes_used_up_a_half_open_breaker_lets_nothing_begin():
    none = HalfOpenBreaker(actor=BOT, gate="tests", now=UNTIL, probes=0)
    story = goal.given(*WORKED, TWO, *reds("failed", "failed"), none)
    story.when(run("passed", 3)[0]).then_refused(because="probes are used up")
    assert "no further run may begin" in story.gap("gate.tests").text


def test_a_person_closes_a_breaker_at_any_time():
    story = goal.given(*WORKED, TWO, *reds("failed", "failed"))
    close = CloseBreaker(actor=ANN, gate="tests")
    for one in (story, story.given(HALF_OPEN)):
        assert one.when(close).then(BreakerClosed(gate="tests")).new[0].causes == ()
    assert story.given(close).state.gate.by_name["tests"].failures == 0


def test_the_gap_says_until_when_and_why_the_gate_is_not_run():
    story = goal.given(*WORKED, TWO, *reds("failed", "failed"))
    text = story.gap("gate.tests").text
    assert text.startswith(
        f"The breaker of gate tests is open until {moment(UNTIL)}, after 2 failures in a row. Gate tests failed"
    )
    assert story.state.gate.by_name["tests"].breaker_seq in story.gap("gate.tests").evidence
    assert "the next run decides" in story.given(HALF_OPEN).gap("gate.tests").text


def test_a_fork_begins_with_closed_breakers():
    story = goal.given(*WORKED, TWO, *reds("failed", "failed"), HALF_OPEN, run("passed", 3)[0])
    forked = evolve(story.state, replace(story.records[-1], seq=story.state.seq + 1, event=some(GoalForked)))
    assert forked.gate.by_name["tests"].breaker == "closed"


def test_another_definition_begins_with_a_closed_breaker():
    story = goal.given(*WORKED, TWO, *reds("failed", "failed"), gates(gate_named(version="2")))
    assert (story.state.gate.by_name["tests"].breaker, story.state.gate.by_name["tests"].failures) == ("closed", 0)


def test_where_only_a_breaker_is_in_the_way_the_controller_waits_and_then_runs_the_gate():
    story = goal.given(*WORKED, TWO, *reds("failed", "failed"), order("verify"))
    story = story.given(*[step for effect in wanted(story.state) for step in _begun(effect)])
    assert wanted(story.state) == (AwaitBreaker(gate="tests", until=UNTIL),)
    assert wanted(story.given(HALF_OPEN).state) == (RunGate(gate="tests", attempt=3),)


def test_other_gates_are_run_before_anybody_waits():
    lint = gate_run("lint", definition=gate_named("lint").digest)
    story = goal.given(*WORKED, TWO, *reds("failed", "failed"), gates(gate_named(), gate_named("lint")), order("verify"))
    story = story.given(*[step for effect in wanted(story.state) for step in _begun(effect)])
    assert wanted(story.state) == (RunGate(gate="lint", attempt=1),)
    assert wanted(story.given(*lint).state) == (AwaitBreaker(gate="tests", until=UNTIL),)


def _begun(effect):
    return Simulated().steps(goal.given(*WORKED), effect)


# --- Laws ---

ACTIONS = st.lists(
    st.tuples(st.just("run"), st.sampled_from(("passed", "failed", "failed", "timed_out", "errored", "inconclusive", "skipped")))
    | st.tuples(st.just("stop"), st.none())
    | st.tuples(st.just("pass"), st.integers(1, 40))
    | st.tuples(st.just("reset"), st.none()),
    max_size=25,
)


class Table:
    """The table of behaviour 1.8, row by row, beside which the real breaker is held."""

    def __init__(self, threshold):
        self.threshold, self.at, self.failures, self.until = threshold, "closed", 0, 0

    def opened(self, now):
        self.at, self.until = "open", now + RECOVERY

    def run(self, outcome, now):
        """Whether the run was let through."""
        if self.at == "open":
            return False
        if outcome == "passed":
            self.at, self.failures = "closed", 0
        elif outcome not in {None, "skipped"}:
            self.failures += 1
            if self.at == "half_open" or 0 < self.threshold <= self.failures:
                self.opened(now)
        return True

    def passes(self, now):
        if self.at == "open" and now >= self.until:
            self.at = "half_open"


@settings(max_examples=80)
@given(ACTIONS, st.integers(0, 3), st.integers(1, 3))
def test_the_breaker_follows_the_table_for_any_outcomes_at_any_times(actions, threshold, probes):
    story = goal.given(*WORKED, obeying(breaker_failures=threshold, breaker_probes=probes))
    table, now, attempt = Table(threshold), 1000, 0
    for what, how in actions:
        if what == "pass":
            now += how
            table.passes(now)
            story = story.given(*passed(story.state, time(now), BOT))
        elif what == "reset":
            table.at, table.failures = "closed", table.failures if table.at == "closed" else 0
            story = story.given(CloseBreaker(actor=ANN, gate="tests"))
        else:
            start, answer = run(how, attempt + 1, time(now + RECOVERY))
            asked = story.when(start)
            assert (asked.refusal is None) == table.run(how, now)
            if asked.refusal is None:
                attempt += 1
                stop = AbortEffect(actor=BOT, obligation=f"gate:tests:{attempt}", reason="stopped")
                story = asked.given(answer if what == "run" else stop)
        gate = story.state.gate.by_name["tests"]
        assert (gate.breaker, gate.failures) == (table.at, table.failures)
        assert gate.breaker_until == (time(table.until) if table.at == "open" else None)


@settings(max_examples=80)
@given(histories())
def test_no_gate_counts_as_passed_but_by_a_pass_on_this_tree_that_its_breaker_let_through(records):
    state, ran, begun_open = INITIAL, {}, set()
    for record in records:
        event = record.event
        if isinstance(event, GateStarted) and state.gate.by_name[event.gate].breaker == "open" and event.pid is not None:
            begun_open.add((event.gate, event.attempt))
        if isinstance(event, GateRan):
            ran[record.seq] = event
        state = evolve(state, record)
        for name in state.gate.order:
            for seq in gate_passed(state, f"gate.{name}") or ():
                run = ran[seq]
                assert (run.gate, run.outcome, run.tree) == (name, "passed", state.worktree.tree)
                assert run.definition == state.gate.by_name[name].definition.digest
    assert not begun_open
