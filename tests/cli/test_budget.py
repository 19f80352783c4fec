"""Budgets: enforced while agents work, shown, extended, and summed up over goals, by real runs."""

import json

import pytest
from msgspec.structs import replace

from omk.domain.goal_decider import PlanGoal
from omk.domain.plan import EXECUTE, built_in_plan
from omk.domain.subjects.agent import AgentFinished
from omk.domain.subjects.budget import BudgetSet, SetBudget, UsageReported
from omk.runtime.controller import drive
from omk.runtime.intake import Wishes, take_in
from tests.cli.calling import GOAL, KILL, Meeting, begin, commit, end, is_running, omk, process, run_goal
from tests.runtime.sessions import store_of

SPENDS = """echo '{"tokens_in": 600, "tokens_out": 400, "usd": "0.0123456789"}' >> "$OMK_USAGE_FILE"; """
WRITES = "printf 'print(1)\\n' > cli.py; "


def events(repository, goal="latest", kind=None):
    timeline = omk("replay", goal, "--json", at=repository).document["timeline"]
    return [one for one in timeline if kind is None or one["kind"] == f"{kind}.v1"]


def kinds(repository, goal="latest"):
    return [one["kind"].partition(".")[0] for one in events(repository, goal)]


def budget(repository, goal="latest"):
    return omk("budget", goal, "--json", at=repository).document


@pytest.fixture
def meeting(tmp_path):
    """Where an agent says that it is there."""
    return Meeting(tmp_path / "meeting")


# --- The goal's limits ---


@pytest.mark.parametrize("flags", [("--budget-tokens", "1000"), ("--budget-usd", "0.01")])
def test_an_agent_that_spends_too_much_is_stopped_while_it_sleeps(flags, repository, meeting):
    answer = run_goal(*flags, agent=f"command:{WRITES}{SPENDS}{meeting.stays}", at=repository)
    assert answer.document["status"] == "needs_more_budget", answer.err
    assert not is_running(meeting.wait())
    told = kinds(repository)
    assert told.index("usage_reported") < told.index("budget_exhausted") < told.index("agent_finished")
    assert "gate_started" not in told
    shown = budget(repository)
    assert (shown["used"]["tokens"], shown["used"]["micro_usd"]) == (1_000, 12_346)
    assert {0, None} >= {shown["left"]["tokens"], shown["left"]["micro_usd"]}
    refused = omk("execute", at=repository)
    assert (refused.code, "needs more budget (" in refused.err) == (1, True)


def test_the_work_of_a_goal_that_got_more_time_goes_on_where_it_was(repository, tmp_path):
    agent = f"command:if mkdir '{tmp_path}/been'; then {WRITES}sleep 1000; fi; test -f cli.py"
    ended = run_goal("--budget-time", "1s", "--accept", "auto", agent=agent, at=repository)
    assert ended.document["status"] == "needs_more_budget"
    (agent_end,) = events(repository, kind="agent_finished")
    assert "timed out" in agent_end["summary"]
    told = kinds(repository)
    assert told.index("budget_exhausted") < told.index("agent_finished") < told.index("files_changed")
    assert omk("budget", "--add-time", "1h", at=repository).code == 0
    assert omk("resume", "--json", at=repository).document["status"] == "ready"


def test_two_agents_at_once_share_the_goals_time(repository):
    store = store_of(repository)
    wishes = Wishes(agent="command:sleep 1000", gates=("smoke=true",), max_agents=2)
    session = store.begin(take_in(store.user, "repository-1", GOAL, wishes, "person:ann"), lambda _: None, lambda _: None)
    session.handle(SetBudget(actor="person:ann", limits=BudgetSet(time_ms=2_000, tokens=None, micro_usd=None)))
    session.handle(PlanGoal(actor=session.actor, tasks=two_tasks()))
    assert drive(session, ("execute",)).status == "needs_more_budget"
    records = list(session.handle.log.read(session.goal))
    used = {one.event.agent: one.event.active_ms for one in records if isinstance(one.event, UsageReported)}
    assert set(used) == {"t1:1", "t2:1"}
    assert max(used.values()) < 2_000 <= sum(used.values())
    outcomes = [one.event.outcome for one in records if isinstance(one.event, AgentFinished)]
    assert outcomes == ["timed_out", "timed_out"]


def two_tasks():
    work = next(one for one in built_in_plan(GOAL, ()) if one.task == EXECUTE)
    pair = (replace(work, task="t1", write_set=("a",)), replace(work, task="t2", write_set=("b",)))
    return tuple(replace(one, dependencies=()) for one in pair)


# --- A task's own limits ---


def test_a_task_that_used_up_its_own_budget_is_not_tried_again_before_it_has_more(repository):
    agent = f"command:{WRITES}{SPENDS}sleep 1000"
    answer = run_goal("--task-tokens", "1000", "--until-ready", agent=agent, at=repository)
    gap = answer.gap("agent.executed")
    assert answer.document["status"] == "not_ready"
    assert gap["command"].endswith(f"--task {EXECUTE} --add-tokens 100000")
    assert "tokens, 1,000 of 1,000" in gap["text"]
    (failed,) = [one for one in events(repository, kind="task_failed") if EXECUTE in one["summary"]]
    assert "budget is used up" in failed["summary"]
    assert kinds(repository).count("agent_started") == 1
    refused = omk("execute", at=repository)
    assert (refused.code, f"--task {EXECUTE}" in refused.err) == (1, True)
    assert omk("budget", "--task", EXECUTE, "--add-tokens", "500", at=repository).code == 0
    assert budget(repository)["tasks"][0]["left"]["tokens"] == 500
    again = omk("execute", "--agent", "command:true", "--json", at=repository)
    assert "agent.executed" not in again.codes


def test_a_task_that_ran_out_of_time_is_said_to_have(repository):
    answer = run_goal("--task-time", "1s", agent=f"command:{WRITES}sleep 1000", at=repository)
    assert "ran out of time" in answer.gap("agent.executed")["text"]
    task = budget(repository)["tasks"][0]
    assert (task["exhausted"], task["left"]["active_ms"]) == ("time", 0)
    assert "files.changed" not in answer.codes


def test_extending_what_has_no_limit_does_nothing_and_says_so(repository):
    run_goal(at=repository)
    answer = omk("budget", "--task", EXECUTE, "--add-usd", "1", at=repository)
    assert (answer.code, "no such limit" in answer.err) == (0, True)
    assert "task_budget_set" not in kinds(repository)


# --- What agents report ---


def test_what_is_no_report_is_told_once_and_nothing_is_lost(repository):
    odd = """printf 'oops\\n{"tokens_in": 1}\\n[]\\n{"tokens_in": 2}' >> "$OMK_USAGE_FILE"; """
    answer = run_goal(agent=f"command:{WRITES}{odd}", at=repository)
    assert answer.err.count("OMK_USAGE_FILE") == 1
    assert "2 lines of OMK_USAGE_FILE could not be read, such as: oops" in answer.err
    assert "Traceback" not in answer.err
    assert budget(repository)["used"]["tokens"] == 3


def test_an_agent_that_removes_its_file_is_ended_as_any_other(repository):
    answer = run_goal(agent=f"""command:{WRITES}rm -rf "$(dirname "$OMK_USAGE_FILE")" """, at=repository)
    assert "agent.executed" not in answer.codes, answer.err


@pytest.mark.leaves_processes
def test_what_a_crash_cut_off_was_spent_all_the_same(repository, meeting, tmp_path):
    once = f"if mkdir '{tmp_path}/been'; then {WRITES}{SPENDS}{meeting.stays}; else {WRITES}{SPENDS}fi"
    running = begin("run", GOAL, "--agent", f"command:{once}", "--gate", "smoke=true", "--json", at=repository)
    agent = meeting.wait()
    running.send_signal(KILL)
    end(running)
    assert is_running(agent)
    assert process("resume", "--json", at=repository).code == 0
    assert not is_running(agent)
    reports = events(repository, kind="usage_reported")
    aborted = next(one for one in events(repository, kind="effect_aborted") if f"agent:{EXECUTE}:1" in one["summary"])
    cut_off = [one for one in reports if one["seq"] < aborted["seq"]]
    assert aborted["seq"] - cut_off[-1]["seq"] == 1
    shown = budget(repository)
    assert (shown["used"]["tokens"], shown["used"]["micro_usd"]) == (2_000, 24_692)
    assert shown["used"]["active_ms"] > 0


# --- What is shown ---


def test_a_budget_is_shown_with_what_is_left_and_fits_a_terminal(repository, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    run_goal("--budget-time", "1h", "--budget-usd", "2", agent=f"command:{WRITES}{SPENDS}", at=repository)
    text, md = omk("budget", at=repository).out, omk("budget", "--format", "md", at=repository).out
    assert max(map(len, text.splitlines())) <= 80
    assert ["goal", "cost", "$2.00", "$0.012346", "$1.987654"] in [one.split() for one in text.splitlines()]
    assert "| goal | tokens | no limit | 1,000 | – |" in md
    shown = budget(repository)
    assert shown["limits"] == {"active_ms": 3_600_000, "tokens": None, "micro_usd": 2_000_000}
    assert shown["left"]["micro_usd"] == 1_987_654
    assert budget(repository, "latest@5")["used"]["tokens"] == 0


def test_the_costs_of_all_goals_are_the_sum_of_all_reports(repository):
    run_goal(agent=f"command:{WRITES}{SPENDS}", at=repository)
    parent = run_goal(agent=f"command:{WRITES}{SPENDS}{SPENDS}", at=repository).document["goal"]
    fork = omk("fork", f"{parent}@files_changed", GOAL, "--json", at=repository).document["goal"]
    omk("execute", fork, "--agent", f"command:{SPENDS}", at=repository)
    total = dict.fromkeys(("active_ms", "tokens_in", "tokens_out", "tokens_cached", "micro_usd"), 0)
    store = store_of(repository)
    own = [one for goal, _ in store.goals() for one in store.log.bodies(goal) if one.topic == "usage_reported.v1"]
    for stored in own:
        event = json.loads(stored.body)["sealed"]["event"]
        total = {name: count + event[name] for name, count in total.items()}
    store.log.close()
    assert total["tokens_in"] == 600 * 4
    for by in ("goal", "task", "agent"):
        cost = omk("cost", "--by", by, "--json", at=repository).document
        assert (cost["goals"], {name: cost["total"][name] for name in total}) == (3, total)
        assert {name: sum(row[name] for row in cost["rows"]) for name in total} == total
    assert omk("cost", fork, "--json", at=repository).document["total"]["tokens"] == 1_000
    assert budget(repository, fork)["inherited"]["tokens"] == 2_000


def test_costs_are_a_table_with_a_total(repository):
    assert "Nothing was spent" in omk("cost", at=repository).out
    run_goal(agent=f"command:{WRITES}{SPENDS}", at=repository)
    text = omk("cost", at=repository).out
    assert text.splitlines()[-1].split()[0] == "total"
    assert "$0.012346" in text.splitlines()[-1]
    assert max(map(len, text.splitlines())) <= 80
    assert "| total |" in omk("cost", "--format", "md", at=repository).out
    missing = omk("cost", "goal-nobody", at=repository)
    assert (missing.code, missing.out) == (1, "")


# --- What is asked for ---


def test_flags_come_before_the_configuration_of_the_base_commit(repository):
    commit(repository, omk__toml='[budget]\ntime = "2h"\ntokens = 5000\nusd = "1.50"\ntask_time = 600\ntask_usd = 1\n')
    run_goal("--budget-tokens", "7000", "--task-time", "5m", at=repository)
    shown = budget(repository)
    assert shown["limits"] == {"active_ms": 7_200_000, "tokens": 7_000, "micro_usd": 1_500_000}
    assert shown["tasks"][0]["limits"] == {"active_ms": 300_000, "tokens": None, "micro_usd": 1_000_000}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("usd = 1.5", ("budget.usd", 'like "2.50"')),
        ('usd = "nan"', ("budget.usd", "positive")),
        ("tokens = 0", ("budget.tokens", "greater than zero")),
        ('task_time = "soon"', ("budget.task_time", "soon")),
        ("minutes = 3", ("minutes", "task_usd")),
    ],
)
def test_a_wrong_budget_is_refused_in_one_line(line, words, repository):
    commit(repository, omk__toml=f"[budget]\n{line}\n")
    answer = run_goal(at=repository)
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert all(word in answer.err for word in ("omk.toml", *words)), answer.err


@pytest.mark.parametrize("flag", [("--task-time", "0s"), ("--task-tokens", "0"), ("--task-usd", "-1")])
def test_a_task_that_may_spend_nothing_is_refused(flag, repository):
    answer = run_goal(*flag, at=repository)
    assert (answer.code, flag[0] in answer.err, answer.err.count("\n")) == (1, True, 1)


def test_an_extension_by_nothing_is_refused_before_the_goal_is_looked_for(repository):
    assert "Provide at least one budget extension" in omk("budget", "nobody", "--task", "t", at=repository).err
    assert "--add-time must be greater than zero" in omk("budget", "nobody", "--add-time", "0s", at=repository).err


def test_a_goal_that_may_take_no_time_starts_nothing(repository):
    answer = run_goal("--budget-time", "0s", at=repository)
    assert answer.document["status"] == "needs_more_budget"
    assert "agent_started" not in kinds(repository)
