"""What agents propose is judged by rules in order, and whatever is accepted makes a sound plan."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from omk.domain.collisions import collide
from omk.domain.graph import violations
from omk.domain.plan import EXECUTE
from omk.domain.proof.holds import executors
from omk.domain.proposals import POLICY, RULES, Proposal, capped, commands, judged, remembered
from omk.domain.subjects.budget import BudgetSet, SetBudget
from omk.domain.subjects.policy import ConfigurePolicy
from omk.domain.subjects.proposal import AcceptTask, ProposeTask, RejectTask, TaskProposed
from omk.domain.subjects.task import FinishTask
from omk.runtime.config import Settings
from omk.runtime.policy import policy_from
from tests.scenario import BOT, WORKED, create, goal, plan, some, work

POLICED = ConfigurePolicy(actor=BOT, configured=policy_from(Settings()))
AT_WORK = (create(), POLICED, plan(), *work())
"""The only agent of the goal has ended; what it left is still to be recorded."""


def task(name="more", **fields):
    usual = {"title": "More", "description": "Do more.", "dependencies": (), "read_set": (), "write_set": (f"{name}.py",)}
    return some(TaskProposed, task=name, **{**usual, "budget_seconds": 300, "source": "agent", **fields})


BUSY, DONE = goal.given(*AT_WORK), goal.given(*WORKED, POLICED)


def verdicts(*tasks, given=None, own=EXECUTE):
    state = BUSY.state if given is None else goal.given(*given).state
    return judged([Proposal(one) for one in tasks], state, own=own)


def verdict(*tasks, **where):
    """The verdict on the last of *tasks*."""
    return verdicts(*tasks, **where)[-1]


def test_a_proposal_that_no_rule_objects_to_is_accepted():
    assert verdict(task()).code is None


@pytest.mark.parametrize("field", ["task", "title", "description"])
def test_an_empty_field_is_objected_to(field):
    said = verdict(replace(task(), **{field: " "}))
    assert said.code == "task.words"
    assert "empty field" in said.reason


@pytest.mark.parametrize("name", ["a b", "a:1", "../x", "-x", "ü", "x" * 65, "a\n"])
def test_a_name_that_could_not_stand_in_an_address_is_objected_to(name):
    assert verdict(task(name, write_set=("x",))).code == "task.words"


def test_a_name_may_stand_once_in_a_batch_whatever_became_of_the_first():
    assert "duplicate" in verdict(task(), task(write_set=("other.py",))).reason
    assert verdict(task(title=""), task()).code == "task.duplicate"


@pytest.mark.parametrize("name", [EXECUTE, "goal-review"])
def test_a_name_of_the_goals_own_is_objected_to(name):
    assert verdict(task(name)).code == "task.exists"
    assert verdict(task(name), given=(create(),), own=None).code == "task.exists"


def test_what_was_turned_down_may_be_proposed_again():
    said = verdicts(task(budget_seconds=0))
    story = BUSY.given(*commands(said, BUSY.state, agent="goal-agent-execute:1"))
    assert story.state.task["more"].status == "rejected"
    again = judged([Proposal(task())], story.state, own=EXECUTE)
    story = story.given(*commands(again, story.state, agent="goal-agent-execute:2"))
    assert story.state.task["more"].status == "pending"


@pytest.mark.parametrize("seconds", [0, -1])
def test_no_time_at_all_is_objected_to(seconds):
    said = verdict(task(budget_seconds=seconds))
    assert said.code == "task.budget"
    assert "zero budget" in said.reason


@pytest.mark.parametrize(
    "proposed",
    [
        task("goal-agent-publish-crates-io"),
        task(description="Then PUBLISH it."),
        task(description="Upload it to crates.io."),
        task(write_set=("publish/it.sh",)),
    ],
)
def test_publishing_is_disabled(proposed):
    said = verdict(proposed)
    assert said.code == "task.publishing"
    assert "publishing is disabled" in said.reason


@pytest.mark.parametrize("words", ["The publisher's name.", "It was republished.", "crates.iota", "Published books."])
def test_a_word_that_only_contains_publish_is_none(words):
    assert verdict(task(description=words)).code is None


@pytest.mark.parametrize("path", ["../x", "/etc/x", ".git/config", "a/.github/x", "~/x", "", "a\tb", "src/*.py"])
@pytest.mark.parametrize("field", ["read_set", "write_set"])
def test_a_path_that_is_not_safe_is_outside_the_policy(path, field):
    said = verdict(task(**{field: (path,)}))
    assert said.code == "task.paths"
    assert "outside the allowed goal policy roots" in said.reason


def test_the_goals_scope_is_the_root_of_the_policy():
    scoped = (create(scope=("src",)), POLICED, plan(("src",)), *work())
    assert "outside the allowed goal policy roots src" in verdict(task(write_set=("docs/x",)), given=scoped).reason
    assert verdict(task(write_set=("src/x",)), given=scoped).code is None
    assert verdict(task(write_set=()), given=scoped).task.write_set == ("src",)


def test_a_dependency_is_done_or_accepted_in_the_batch_or_the_proposers_own():
    assert verdict(task(dependencies=("goal-intake", EXECUTE))).code is None
    assert verdict(task("first"), task(dependencies=("first",))).code is None
    for missing in ("nobody", "goal-review", "more"):
        said = verdict(task(dependencies=(missing,)))
        assert said.code == "task.dependencies"
        assert f"dependency is not accepted or completed: {missing}" in said.reason
    assert verdict(task("first", title=""), task(dependencies=("first",))).code == "task.dependencies"


@pytest.mark.parametrize(
    ("first", "second", "sort"),
    [
        ({"write_set": ("src",)}, {"write_set": ("src/a.py",)}, "write-set conflict with accepted task first: src/a.py"),
        ({"write_set": ("src/a.py",)}, {"read_set": ("src",)}, "read/write conflict with accepted task first: src"),
        ({"read_set": ("src/a.py",)}, {"write_set": ("src",)}, "write/read conflict with accepted task first: src"),
        ({"write_set": ()}, {}, "write-set conflict with accepted task first"),
    ],
)
def test_what_is_not_ordered_may_not_meet(first, second, sort):
    before, after = task("first", **first), task(**second)
    assert sort in verdict(before, after).reason
    assert verdict(before, replace(after, dependencies=("first",))).code is None


def test_order_is_also_that_through_others():
    chain = (task("a"), task("b", dependencies=("a",)), task("c", dependencies=("b",), write_set=("a.py",)))
    assert verdict(*chain).code is None


def test_what_is_only_read_may_be_read_by_many():
    assert verdict(task("first", read_set=("src",)), task(read_set=("src",))).code is None
    assert verdict(task("first", write_set=("src/a",)), task(write_set=("src/ab",))).code is None


def test_a_goal_has_no_more_tasks_than_the_policy_allows():
    few = ConfigurePolicy(actor=BOT, configured=replace(policy_from(Settings()), max_tasks=2))
    said = verdicts(task("a"), task("b"), given=(create(), few, plan(), *work()))
    assert [one.code for one in said] == [None, "task.limit"]


@pytest.mark.parametrize(
    ("requested", "total", "given"),
    [(300, None, 300), (300, 3_600, 300), (5_000, 3_600, 900), (300, 100, 60), (20, 100, 20), (300, 59, 59), (300, 0, 1)],
)
def test_the_time_of_a_task_is_capped_by_what_the_goal_has(requested, total, given):
    assert capped(requested, None if total is None else total * 1_000) == given


def test_an_accepted_proposal_has_a_budget_that_the_goal_can_give():
    limited = SetBudget(actor=BOT, limits=BudgetSet(time_ms=200_000, tokens=None, micro_usd=None))
    said = verdict(task(budget_seconds=900), given=(*AT_WORK, limited))
    assert said.task.budget_seconds == 60
    assert verdict(task(budget_seconds=None)).task.budget_seconds == 300


def test_the_first_rule_that_objects_is_the_reason():
    worst = task(EXECUTE, budget_seconds=0, description="publish", write_set=("../x",), dependencies=("nobody",))
    assert verdict(worst).code == "task.exists"
    assert [rule.code for rule in RULES] == [
        "task.words", "task.duplicate", "task.exists", "task.budget", "task.publishing", "task.paths",
        "task.dependencies", "task.conflict", "task.limit",
    ]  # fmt: skip


def test_verdicts_are_commands_of_the_agent_and_of_the_policy():
    state = BUSY.state
    said = judged([Proposal(task()), Proposal(task()), Proposal(task("b", title=""))], state, own=EXECUTE)
    given = commands(said, state, agent="goal-agent-execute:1")
    assert [type(one) for one in given] == [ProposeTask, AcceptTask, ProposeTask, RejectTask, ProposeTask, RejectTask]
    assert [one.actor for one in given[:2]] == ["agent:goal-agent-execute:1", POLICY]
    assert [one.task for one in given if isinstance(one, RejectTask)] == ["goal-agent-execute:1:proposal-2", "b"]
    story = BUSY.given(*given)
    assert {name: one.status for name, one in story.state.task.items() if one.source == "agent"} == {
        "more": "pending", "goal-agent-execute:1:proposal-2": "rejected", "b": "rejected",
    }  # fmt: skip


def test_a_proposal_rests_on_the_run_of_its_agent():
    state = BUSY.state
    story = BUSY.given(*commands(verdicts(task()), state, agent="goal-agent-execute:1"))
    proposed = next(one for one in story.records if getattr(one.event, "task", "") == "more")
    assert proposed.causes == (state.agent.last[EXECUTE].seq,)


NAMES = st.sampled_from(["a", "b", "c", "d", EXECUTE, "goal-review", "", "a:b"])
PATHS = st.sampled_from(["src", "src/a", "src/a/b", "docs", "docs/x", "project files", "../x", "."])
TASKS = st.builds(
    lambda name, after, reads, writes: task(name, dependencies=tuple(after), read_set=tuple(reads), write_set=tuple(writes)),
    NAMES,
    st.lists(NAMES, max_size=3),
    st.lists(PATHS, max_size=2),
    st.lists(PATHS, max_size=2),
)


@given(st.lists(TASKS, max_size=8), st.sampled_from([BUSY, DONE]))
def test_whatever_is_proposed_the_plan_stays_sound_and_no_two_unordered_tasks_collide(tasks, story):
    own = EXECUTE if story is BUSY else None
    given_commands = commands(judged([Proposal(one) for one in tasks], story.state, own=own), story.state, agent="x:1")
    done = [FinishTask(actor=BOT, task=EXECUTE, attempt=1)] if own else []
    story = story.given(*done, *given_commands)
    assert violations(story.state.task) == ()
    still_open = [one for one in executors(story.state) if one.status != "done"]
    for left, right in combinations(still_open, 2):
        assert not collide(left, right) or awaits(left, right, story.state) or awaits(right, left, story.state)
    assert sum(isinstance(one, ProposeTask) for one in given_commands) == len(tasks)


def awaits(one, other, state):
    return any(name == other.id or awaits(state.task[name], other, state) for name in one.dependencies)


def test_a_remembered_proposal_is_the_task_it_becomes():
    assert remembered(task()).write_set == ("more.py",)
