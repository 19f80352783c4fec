"""What an approval policy says of what an agent wants to do."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omk.domain.approval import Approve, ruling
from omk.domain.subjects.agent import Action, AskPermission, CallTool, PermissionAsked, ToolCalled
from omk.domain.subjects.goal import PauseGoal
from tests.domain.test_agent import RUNNING
from tests.scenario import AGENT, ANN, BOT, CREATED, goal, some

ACTIONS, POLICIES = get_args(Action), get_args(Approve)
PATTERNS = ("git status*", "npm test")

# policy, action, title, answer, rule
TABLE = [
    ("yolo", "delete", "rm -r /", "allowed", "yolo"),
    ("never", "read", "cat README.md", "refused", "never"),
    ("ask", "read", "cat README.md", "ask", "ask"),
    ("safe", "read", "cat README.md", "allowed", "safe: it only reads"),
    ("safe", "edit", "cli.py", "ask", "safe"),
    ("safe", "fetch", "https://example.org", "ask", "safe"),
    ("safe", "execute", "git status", "ask", "safe"),
    ("pattern", "execute", "git status --short", "allowed", "pattern: git status*"),
    ("pattern", "other", "npm test", "allowed", "pattern: npm test"),
    ("pattern", "execute", "npm test --all", "ask", "pattern"),
    ("pattern", "execute", "NPM TEST", "ask", "pattern"),
    ("pattern", "read", "cat README.md", "ask", "pattern"),
    ("whatever", "read", "cat README.md", "refused", "whatever"),
]


@pytest.mark.parametrize(("policy", "action", "title", "answer", "rule"), TABLE)
def test_a_policy_answers_or_leaves_it_to_a_person(policy, action, title, answer, rule):
    said = ruling(policy, PATTERNS, action=action, title=title)
    assert (said.answer, said.rule) == (answer, rule)


@given(st.sampled_from(POLICIES) | st.text(), st.lists(st.text()), st.sampled_from(ACTIONS), st.text())
def test_every_policy_says_something_of_everything_and_only_one_that_is_known_may_allow(policy, patterns, action, title):
    said = ruling(policy, patterns, action=action, title=title)
    assert said.rule.startswith(policy)
    assert said.answer == "refused" or policy in POLICIES


@given(st.lists(st.text()), st.sampled_from(ACTIONS), st.text())
def test_never_refuses_everything_and_yolo_allows_everything(patterns, action, title):
    assert ruling("never", patterns, action=action, title=title).answer == "refused"
    assert ruling("yolo", patterns, action=action, title=title).answer == "allowed"


ASK = AskPermission(actor=AGENT, asked=some(PermissionAsked))


def test_only_an_agent_at_work_asks():
    goal.given(*CREATED).when(ASK).then_refused(because="not at work")
    goal.given(*RUNNING).when(ASK).then(ASK.asked).when(ASK).then_nothing()


def test_an_agent_that_is_being_stopped_asks_for_nothing_more():
    goal.given(*RUNNING, PauseGoal(actor=ANN)).when(ASK).then_refused(because="is paused")


def test_a_paused_goal_begins_no_setup_but_remembers_what_an_agent_did():
    paused, own = goal.given(*RUNNING, PauseGoal(actor=ANN)), some(ToolCalled, agent=None)
    paused.when(CallTool(actor=BOT, called=own)).then_refused(because="is paused")
    paused.when(CallTool(actor=BOT, called=some(ToolCalled))).then(some(ToolCalled))
