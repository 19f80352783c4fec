"""What is told while a goal moves: a line for what ended, and on a terminal what is at work now."""

import pytest

from omk.cli.progress import DECIDING, Progress
from omk.domain.event import Recorded
from omk.domain.subjects.aborted import EffectAborted
from omk.domain.subjects.agent import Action, AgentDied, AgentFinished, PermissionAnswered, PermissionAsked
from omk.domain.subjects.gate import GateRan
from omk.domain.subjects.review import ReviewErrored
from omk.domain.subjects.task import TaskFailed, TaskFinished
from tests.cli.calling import GOAL, WRITES_CLI, commit
from tests.cli.terminal import Terminal

TREE = "0" * 40


def recorded(event):
    return Recorded(goal="goal", seq=1, at="2026-11-22T10:15:00.000000Z", actor="controller:c", causes=(), prev="", event=event)


def agent_ended(agent, outcome="succeeded"):
    return AgentFinished(agent=agent, task="docs", outcome=outcome, exit_code=None, signal=None, duration_ms=2_500, output=None)


def gate_ended(gate, outcome="passed"):
    return GateRan(
        gate=gate, attempt=1, outcome=outcome, tree=TREE, definition="b2:0", exit_code=None, signal=None,
        duration_ms=2_500, output=None, environment=(), reason=None,
    )  # fmt: skip


def at_work(*begun):
    progress = Progress()
    for one in begun:
        progress.begin(one)
    return progress


def test_what_is_at_work_is_named_by_kind():
    progress = at_work("agent docs:1", "gate smoke", "agent store:1")
    assert progress.status == "agents docs:1, store:1; gate smoke"


@pytest.mark.parametrize(
    ("begun", "ended"),
    [
        ("agent docs:1", agent_ended("docs:1")),
        ("agent docs:1", AgentDied(agent="docs:1", task="docs", reason="gone")),
        ("agent docs:1", EffectAborted(obligation="agent:docs:1", reason="stopped")),
        ("gate smoke", gate_ended("smoke")),
        ("gate smoke", EffectAborted(obligation="gate:smoke:2", reason="stopped")),
        ("review test", ReviewErrored(review="test", attempt=1, tree=TREE, base=TREE, reason="broken")),
        ("review test", EffectAborted(obligation="review:test:1", reason="stopped")),
        ("merge docs:2", TaskFinished(task="docs", attempt=2, tree=TREE)),
        ("merge docs:2", TaskFailed(task="docs", attempt=2, reason="conflict")),
    ],
)
def test_what_has_ended_is_named_no_more_and_the_others_still_are(begun, ended):
    alone, beside = at_work(begun), at_work("agent other:1", begun)
    for progress in (alone, beside):
        assert begun.partition(" ")[2] in progress.status
        progress.record(recorded(ended))
    assert (alone.status, beside.status) == (DECIDING, "agent other:1")


def test_what_is_said_beside_the_work_stands_until_work_begins():
    progress = at_work("waiting until 12:00:05 UTC to run gate smoke again")
    assert progress.status == "waiting until 12:00:05 UTC to run gate smoke again"
    progress.begin("gate smoke")
    progress.record(recorded(gate_ended("smoke")))
    assert progress.status == DECIDING


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (agent_ended("docs:2", "timed_out"), "✗ agent docs:2 ran out of time (2.5 s)\n"),
        (gate_ended("smoke", "timed_out"), "✗ gate smoke ran out of time (2.5 s)\n"),
        (gate_ended("smoke", "errored"), "✗ gate smoke errored (2.5 s)\n"),
    ],
)
def test_an_outcome_is_told_in_words(event, line, capsys):
    Progress().record(recorded(event))
    assert capsys.readouterr().err == line


def test_a_refusal_says_what_sort_of_thing_was_asked(capsys):
    progress = Progress()
    actions: dict[str, Action] = {"p1": "delete", "p2": "fetch", "p3": "other"}
    for permission, action in actions.items():
        asked = PermissionAsked(permission=permission, agent="docs:1", tool=None, action=action, title="secret")
        progress.record(recorded(asked))
    for permission in ("p2", "p1", "p3"):
        answered = PermissionAnswered(permission=permission, agent="docs:1", answer="refused", rule="never")
        progress.record(recorded(answered))
    assert capsys.readouterr().err.splitlines() == [
        "✗ agent docs:1 asked to fetch, and was refused by never",
        "✗ agent docs:1 asked to delete, and was refused by never",
        "✗ agent docs:1 asked, and was refused by never",
    ]


def test_a_terminal_shows_until_when_a_gate_is_waited_for_also_after_an_interruption(repository):
    commit(repository, omk__toml='[breaker]\nfailures = 1\nrecovery = "1d"\n')
    flags = ("--gate", "smoke=false", "--gate", "acceptance=true", "--gate", "demo=true", "--rerun-failed", "1")
    for command in (("run", GOAL, "--agent", WRITES_CLI, *flags), ("resume",)):
        terminal = Terminal(*command, at=repository, COLUMNS="120")
        terminal.until("UTC to run gate smoke again")
        assert "waiting until " in terminal.plain
        terminal.type("\x03")
        assert terminal.end() == 130
