"""How near a goal and its tasks are to their limits, also while agents are at work; and what time brings about."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from omk.domain.attempts import attempt_key, task_of
from omk.domain.due import cut_off, passed
from omk.domain.effects import RunAgent, TryAgain
from omk.domain.ending import ending
from omk.domain.instant import microseconds
from omk.domain.plan import EXECUTE
from omk.domain.spending import ExtendTaskBudget, at_work, limits_of, spent_on, task_reached, until
from omk.domain.state import fold
from omk.domain.subjects.agent import AgentFinished, AgentStarted, FinishAgent, StartAgent
from omk.domain.subjects.budget import (
    BudgetExhausted,
    BudgetExtended,
    BudgetSet,
    ExhaustBudget,
    ExtendBudget,
    ReportUsage,
    SetBudget,
    TaskBudgetSet,
    UsageReported,
)
from omk.domain.subjects.controller import AbortEffect
from omk.domain.subjects.goal import PauseGoal, ResumeGoal
from omk.domain.subjects.policy import PolicyConfigured
from omk.domain.subjects.task import FailTask, StartTask
from omk.domain.values import Limits, Spent
from omk.domain.wanted import wanted
from tests.domain.simulated import Simulated
from tests.domain.test_wanted import begun
from tests.histories import histories
from tests.scenario import ANN, BOT, create, gate_named, gates, goal, moment, order, plan, some, time, two_tasks, work
from tools.examples import EXAMPLES

LIMITS = SetBudget(actor=ANN, limits=BudgetSet(time_ms=100_000, tokens=1_000, micro_usd=None))
NOTHING = {"active_ms": 0, "tokens_in": 0, "tokens_out": 0, "tokens_cached": 0, "micro_usd": 0}


def report(number, agent="t1:1", **spent):
    usage = UsageReported(**{**NOTHING, "report": number, "agent": agent, **spent})
    return ReportUsage(actor=BOT, usage=usage)


def start(task, attempt=1):
    agent = attempt_key(task, attempt)
    return (
        StartTask(actor=BOT, task=task, worker=agent),
        StartAgent(actor=BOT, started=some(AgentStarted, agent=agent, task=task, attempt=attempt)),
    )


def end(agent="t1:1"):
    return FinishAgent(actor=BOT, finished=some(AgentFinished, agent=agent, task=task_of(agent), outcome="timed_out"))


def policy(**limits):
    each = {"task_time_ms": None, "task_tokens": None, "task_micro_usd": None, **limits}
    return some(PolicyConfigured, **each, max_tasks=50, stagnation_window=0)


def extend(task="t1", **more):
    return ExtendTaskBudget(actor=ANN, task=task, extended=BudgetExtended(**{"time_ms": 0, "tokens": 0, "micro_usd": 0, **more}))


TWO = (create(max_agents=2), gates(gate_named()), two_tasks(), order("execute", max_attempts=3))


# --- The goal's limits ---


def test_two_agents_at_once_use_the_goals_time_up_twice_as_fast():
    story = goal.given(*TWO, LIMITS, *start("t1"), *start("t2"))
    first, second = (one.at for one in at_work(story.state).values())
    lead = (microseconds(second) - microseconds(first)) // 1_000
    runs_out = microseconds(second) + (100_000 - lead) // 2 * 1_000
    assert passed(story.state, moment(runs_out - 1_000), BOT) == []
    assert passed(story.state, moment(runs_out), BOT) == [
        ExhaustBudget(actor=BOT, exhausted=BudgetExhausted(dimension="time", limit=100_000, used=100_000))
    ]


def test_time_that_the_machine_slept_is_no_agents_time():
    story = goal.given(*TWO, LIMITS, policy(task_time_ms=60_000), *start("t1"))
    later = moment(microseconds(story.state.agent.running["t1:1"].at) + 8 * 3_600_000_000)
    slept = {"t1:1": 8 * 3_600_000 - 59_999}
    assert (passed(story.state, later, BOT, slept), cut_off(story.state, later, slept)) == ([], frozenset())
    assert cut_off(story.state, later, {"t1:1": slept["t1:1"] - 1}) == {"t1:1"}
    assert passed(story.state, later, BOT, {"t2:1": 10**9}), "another agent's sleep is its own"


def test_without_an_agent_at_work_no_time_passes():
    story = goal.given(*TWO, LIMITS, report(1, active_ms=99_999))
    assert passed(story.state, time(10**9), BOT) == []


def test_what_agents_report_uses_the_budget_up_while_they_work():
    story = goal.given(*TWO, LIMITS, *start("t1"), report(1, tokens_in=600, tokens_cached=400))
    (command,) = passed(story.state, story.state.at, BOT)
    story = story.when(command).then(BudgetExhausted(dimension="tokens", limit=1_000, used=1_000))
    assert wanted(story.state) == ()
    assert passed(story.state, time(10**9), BOT) == []


def test_a_goal_that_needs_more_budget_says_of_what():
    story = goal.given(*TWO, LIMITS, report(1, tokens_out=1_250))
    story = story.given(*passed(story.state, story.state.at, BOT))
    start_again = StartTask(actor=BOT, task="t1", worker="w")
    story.when(start_again).then_refused(because="more budget (tokens, 1,250 of 1,000). Extend it: omk budget")
    assert story.gap("budget.within").command.endswith("--add-tokens 100000")
    assert ending(story.state) == "budget used up: tokens, 1,250 of 1,000"


def test_of_two_limits_that_are_reached_an_extension_of_one_leaves_the_other():
    both = SetBudget(actor=ANN, limits=BudgetSet(time_ms=1_000, tokens=1_000, micro_usd=None))
    story = goal.given(*TWO, both, report(1, active_ms=1_000, tokens_in=1_000))
    story = story.given(*passed(story.state, story.state.at, BOT))
    assert story.state.budget.exhausted.dimension == "time"
    story = story.given(ExtendBudget(actor=ANN, extended=BudgetExtended(time_ms=1, tokens=0, micro_usd=0)))
    (command,) = passed(story.state, story.state.at, BOT)
    assert isinstance(command, ExhaustBudget)
    assert command.exhausted.dimension == "tokens"


@given(limit=st.integers(1, 10**6), used=st.integers(0, 10**6), starts=st.lists(st.integers(0, 10**9), min_size=1, max_size=3))
def test_the_budget_is_used_up_when_all_who_run_have_had_what_is_left_and_not_a_millisecond_before(limit, used, starts):
    assume(used < limit)
    budget = SetBudget(actor=ANN, limits=BudgetSet(time_ms=limit, tokens=None, micro_usd=None))
    story = goal.given(*TWO, budget, report(1, active_ms=used), *start("t1"))
    running = story.state.agent.running
    for number, offset in enumerate(starts):
        running = running.set(f"t1:{number + 1}", replace(running["t1:1"], at=moment(microseconds(time(0)) + offset)))
    state = replace(story.state, agent=replace(story.state.agent, running=running))
    begun = [microseconds(one.at) for one in running.values()]
    at = -(-((limit - used) * 1_000 + sum(begun)) // len(begun))
    assume(at >= max(begun))
    assert passed(state, moment(at), BOT)
    assert not passed(state, moment(at - 1_000), BOT)


@given(histories(), st.integers(0, 10**9))
def test_a_paused_span_never_counts(history, seconds):
    """However long a goal stands still, with no agent at work, it comes no nearer to its limits."""
    state = fold(history)
    assume(not state.agent.running)
    later = moment(microseconds(state.at) + seconds * 1_000_000)
    assert until(later, state.budget.spent, at_work(state)) == state.budget.spent
    assert used_up(state, later) == used_up(state, state.at)


def used_up(state, now):
    return [one for one in passed(state, now, BOT) if isinstance(one, ExhaustBudget)]


def test_a_pause_with_an_agent_that_has_ended_takes_no_time():
    story = goal.given(*TWO, LIMITS, *start("t1"), PauseGoal(actor=ANN), end(), report(1, active_ms=5_000))
    story = story.given(ResumeGoal(actor=ANN))
    assert passed(story.state, time(10**9), BOT) == []
    assert story.state.budget.used_ms == 5_000


# --- A task's own limits ---


def test_a_task_may_spend_what_the_policy_gives_to_each_and_no_more_time_than_it_asked_for():
    story = goal.given(*TWO, policy(task_time_ms=60_000, task_tokens=10, task_micro_usd=5))
    assert limits_of(story.state, "t1") == Limits(time_ms=60_000, tokens=10, micro_usd=5)
    asks = replace(story.state.task["t1"], budget_seconds=30)
    state = replace(story.state, task=story.state.task.set("t1", asks))
    assert limits_of(state, "t1").time_ms == 30_000


def test_a_tasks_limit_ends_that_tasks_agent_alone():
    story = goal.given(*TWO, policy(task_time_ms=60_000), *start("t1"), *start("t2"))
    first = microseconds(story.state.agent.running["t1:1"].at)
    over = moment(first + 60_000_000)
    assert cut_off(story.state, over) == {"t1:1"}
    assert passed(story.state, over, BOT) == []
    assert cut_off(story.state, moment(first + 59_999_000)) == frozenset()


def spent_up(**limits):
    story = goal.given(*TWO, policy(**limits), *start("t1"), end(), report(1, active_ms=60_000, tokens_in=10))
    return story.given(FailTask(actor=BOT, task="t1", attempt=1, reason="The task's budget is used up: time, 1 m of 1 m."))


@pytest.mark.parametrize("limits", [{"task_time_ms": 60_000}, {"task_tokens": 10}])
def test_a_task_without_budget_is_not_tried_again_until_it_is_extended(limits):
    story = spent_up(**limits)
    assert wanted(story.state) == (RunAgent(task="t2", attempt=1),)
    story = story.given(extend(time_ms=1_000, tokens=5))
    given_now = story.new[0].event
    assert isinstance(given_now, TaskBudgetSet)
    assert [one.task for one in wanted(story.state) if isinstance(one, TryAgain)] == ["t1"]


def test_a_loop_that_a_tasks_budget_ends_says_so_and_not_that_attempts_are_used_up():
    story = goal.given(*TWO[:-1], policy(task_tokens=10), order("execute", "verify", "review", max_attempts=3))
    story = story.given(*start("t1"), end(), report(1, tokens_in=10))
    story = story.given(FailTask(actor=BOT, task="t1", attempt=1, reason="The task's budget is used up: 10 of 10 tokens."))
    assert ending(Simulated().drive(story).state) == "budget of t1 used up: files.changed"
    more = story.given(ExtendTaskBudget(actor=ANN, task="t1", extended=BudgetExtended(time_ms=0, tokens=9, micro_usd=0)))
    assert ending(Simulated(agent=lambda _: "failed").drive(more).state).startswith("all attempts used: ")


def test_a_tasks_extension_begins_at_what_was_spent_and_gives_no_limit_where_there_is_none():
    story = spent_up(task_time_ms=10_000).when(extend(time_ms=1_000, tokens=5))
    story.then(TaskBudgetSet(task="t1", time_ms=61_000, tokens=None, micro_usd=None))
    spent_up(task_time_ms=10_000).when(extend(tokens=5)).then_nothing()


def test_a_task_that_is_not_there_and_an_extension_by_nothing_are_refused():
    story = spent_up(task_time_ms=10_000)
    story.when(extend("goal-plan", time_ms=1)).then_refused(because="Tasks: t1, t2.")
    story.when(extend()).then_refused(because="Provide at least one budget extension: --add-time, --add-tokens or --add-usd")


def test_an_order_to_execute_leaves_a_task_without_budget_as_it_is():
    story = begun(max_attempts=1).given(plan(), policy(task_tokens=10), *work(outcome="failed"))
    story = story.given(FailTask(actor=BOT, task=EXECUTE, attempt=1, reason="No budget."))
    story = story.given(report(1, f"{EXECUTE}:1", tokens_in=10), order("execute", name="c-2"))
    assert story.state.task[EXECUTE].status == "blocked"
    assert wanted(story.state) == ()
    gap = story.gap("agent.executed")
    assert (gap.owner, "tokens, 10 of 10" in gap.text) == ("operator", True)
    assert gap.command.endswith(f"--task {EXECUTE} --add-tokens 100000")


# --- Sums ---


@given(histories())
def test_at_every_event_what_is_reported_is_the_sum_of_the_reports(history):
    """Across controllers, retries and aborted attempts: of the goal, of its tasks and of what drives its agents."""
    total: dict[str, Spent] = {}
    for length, record in enumerate(history, start=1):
        if isinstance(record.event, UsageReported):
            event, task = record.event, task_of(record.event.agent)
            before = total.get(task, Spent())
            total[task] = Spent(
                time_ms=before.time_ms + event.active_ms,
                tokens_in=before.tokens_in + event.tokens_in,
                tokens_out=before.tokens_out + event.tokens_out,
                tokens_cached=before.tokens_cached + event.tokens_cached,
                micro_usd=before.micro_usd + event.micro_usd,
            )
        if isinstance(record.event, UsageReported) or length == len(history):
            state = fold(history[:length])
            assert {task: spent_on(state, task) for task in total} == total
            for sums in (state.budget.by_task.values(), state.budget.by_driver.values()):
                assert summed(sums) == summed([state.budget.spent]) == summed(total.values())


def summed(parts):
    return [sum(getattr(one, name) for one in parts) for name in Spent.__struct_fields__]


def test_what_a_running_agent_reported_is_known_until_its_end():
    story = goal.given(*TWO, *start("t1"), report(1, tokens_in=5))
    assert story.state.budget.by_agent["t1:1"].tokens == 5
    assert "t1:1" not in story.given(end()).state.budget.by_agent
    assert "t1:1" not in story.given(AbortEffect(actor=BOT, obligation="agent:t1:1", reason="gone")).state.budget.by_agent


def test_a_fork_begins_with_nothing_spent_on_its_tasks():
    story = spent_up(task_time_ms=60_000)
    fork = story.given(EXAMPLES["goal_forked.v1"])
    assert task_reached(story.state, "t1") is not None
    assert task_reached(fork.state, "t1") is None
    assert fork.state.budget.spent == Spent()
