from msgspec.structs import replace

from omk.domain.subjects.budget import (
    BudgetExhausted,
    BudgetExtended,
    BudgetSet,
    ExhaustBudget,
    ExtendBudget,
    ReportUsage,
    SetBudget,
    UsageReported,
)
from omk.domain.subjects.goal import CancelGoal
from tests.scenario import ANN, BOT, CREATED, READY, create, gate_run, goal, order, plan, some, work

LIMITS = SetBudget(actor=ANN, limits=BudgetSet(time_ms=100_000, tokens=None, micro_usd=None))
USAGE = ReportUsage(actor=BOT, usage=some(UsageReported))
OUT = ExhaustBudget(actor=BOT, exhausted=some(BudgetExhausted))
MORE = ExtendBudget(actor=ANN, extended=BudgetExtended(time_ms=60_000, tokens=0, micro_usd=0))
USED_UP = (*CREATED, LIMITS, USAGE, OUT)


def test_limits_are_set_once():
    goal.given(create()).when(LIMITS).then(LIMITS.limits).when(LIMITS).then_nothing()


def test_each_report_of_usage_counts_once():
    story = goal.given(*CREATED, USAGE)
    story.when(USAGE).then_nothing()
    again = story.given(ReportUsage(actor=BOT, usage=replace(USAGE.usage, report=2)))
    assert again.state.budget.used_ms == 2 * story.state.budget.used_ms == 2 * 61_200
    assert again.state.budget.used_tokens == 2 * (12_000 + 1_800 + 9_000)
    assert again.state.budget.used_micro_usd == 2 * 54_000


def test_a_goal_whose_budget_is_used_up_needs_more():
    story = goal.given(*CREATED, LIMITS, USAGE).when(OUT).then(OUT.exhausted)
    assert story.proof.status == "needs_more_budget"
    assert story.when(OUT).then_nothing().gap("budget.within").owner == "operator"


def test_without_budget_no_work_is_taken():
    for command in (order(), plan(), work()[0], work()[1], gate_run()[0]):
        goal.given(create(), LIMITS, USAGE, OUT).when(command).then_refused(because="omk budget")


def test_more_budget_lets_the_work_go_on():
    story = goal.given(*USED_UP).when(MORE).then(MORE.extended)
    assert story.state.budget.time_ms == 160_000
    assert story.proof.status == "not_ready"
    assert "budget.within" not in story.gaps


def test_an_extension_begins_at_what_was_spent():
    spent = ReportUsage(actor=BOT, usage=replace(USAGE.usage, active_ms=500_000))
    story = goal.given(*CREATED, LIMITS, spent, OUT, MORE)
    assert story.state.budget.time_ms == 560_000


def test_a_dimension_without_a_limit_gets_none_by_an_extension():
    more = ExtendBudget(actor=ANN, extended=BudgetExtended(time_ms=0, tokens=5, micro_usd=5))
    budget = goal.given(*USED_UP, more).state.budget
    assert (budget.tokens, budget.micro_usd) == (None, None)


def test_an_extension_by_nothing_is_refused():
    nothing = replace(MORE, extended=BudgetExtended(time_ms=0, tokens=0, micro_usd=0))
    goal.given(*USED_UP).when(nothing).then_refused(because="--add-time")


def test_a_goal_that_is_over_gets_no_more_budget():
    goal.given(*CREATED, CancelGoal(actor=ANN)).when(MORE).then_refused(because="is cancelled")
    goal.given(*READY).when(MORE).then_refused(because="is ready")


def test_a_limit_that_is_reached_is_a_gap_before_anybody_says_so():
    reached = ReportUsage(actor=BOT, usage=replace(USAGE.usage, active_ms=100_000))
    story = goal.given(*CREATED, LIMITS, reached)
    assert "budget.within" in story.gaps
    assert story.proof.status == "not_ready"


def test_a_limit_that_was_not_extended_still_rules():
    limits = SetBudget(actor=ANN, limits=BudgetSet(time_ms=None, tokens=10, micro_usd=None))
    out = ExhaustBudget(actor=BOT, exhausted=BudgetExhausted(dimension="tokens", limit=10, used=12))
    spent = ReportUsage(actor=BOT, usage=some(UsageReported, report=1, tokens_in=12, tokens_out=0, tokens_cached=0))
    story = goal.given(create(), limits, spent, out)
    other = story.given(ExtendBudget(actor=ANN, extended=BudgetExtended(time_ms=1_000, tokens=0, micro_usd=0)))
    assert other.proof.status == "needs_more_budget"
    more = story.given(ExtendBudget(actor=ANN, extended=BudgetExtended(time_ms=0, tokens=10, micro_usd=0)))
    assert more.proof.status != "needs_more_budget"
