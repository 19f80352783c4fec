"""What is recorded of an agent whose end nobody saw: no more than is known, and not nothing."""

import os

import pytest

from omk.domain.ending import ALL_STEPS
from omk.domain.instant import microseconds
from omk.domain.subjects.agent import AgentStarted, StartAgent
from omk.domain.subjects.controller import ControllerStarted, StartController
from omk.domain.subjects.task import StartTask
from omk.runtime.controller import drive
from omk.runtime.recovery import recover
from omk.runtime.usage import Meter, seen_path, usage_path, worked_ms
from tests.runtime.sessions import again, begun
from tests.scenario import some

AGENT = "goal-agent-execute:1"
OTHER = ControllerStarted(
    controller="controller-other", pid=1, started="never", steps=ALL_STEPS, max_attempts=1, resumes=None, version="1"
)


@pytest.fixture
def cut_off(repository):
    """A session on a goal whose controller and agent are gone in the middle of the work."""
    session = begun(repository)
    drive(session, ("plan",))
    session.handle(StartController(actor="controller:controller-other", started=OTHER, alive=False))
    session.handle(StartTask(actor="controller:controller-other", task="goal-agent-execute", worker=f"agent:{AGENT}"))
    Meter(session, AGENT)
    started = some(AgentStarted, agent=AGENT, task="goal-agent-execute", attempt=1, pid=1, started="never")
    session.handle(StartAgent(actor="controller:controller-other", started=started))
    return session


def seen(session, after_ms):
    start = microseconds(session.state.agent.running[AGENT].at)
    moment = (start + after_ms * 1_000) * 1_000
    os.utime(seen_path(session, AGENT), ns=(moment, moment))


def test_a_dead_agent_has_worked_until_it_was_seen_last(cut_off):
    start = microseconds(cut_off.state.agent.running[AGENT].at)
    seen(cut_off, -3_000)
    assert worked_ms(cut_off, AGENT) == 0
    seen(cut_off, 10**9)
    assert worked_ms(cut_off, AGENT) < 60_000, "never later than now"
    seen_path(cut_off, AGENT).unlink()
    assert worked_ms(cut_off, AGENT) == (microseconds(cut_off.state.at) - start) // 1_000


def test_what_it_reported_and_nobody_read_is_recorded_with_its_end(cut_off):
    with usage_path(cut_off, AGENT).open("a") as file:
        file.write('{"tokens_in": 7, "usd": "0.1"}\n{"tokens_in": 1')
    other = again(cut_off)
    recover(other)
    assert other.state.budget.spent.tokens == 7
    assert other.state.budget.by_task["goal-agent-execute"].micro_usd == 100_000
    assert not other.state.obligation


def test_a_report_that_was_recorded_is_not_recorded_again(cut_off, monkeypatch):
    from omk.runtime import usage

    monkeypatch.setattr(usage, "EVERY_MS", 0)
    meter = Meter(cut_off, AGENT)
    with meter.path.open("a") as file:
        file.write('{"tokens_in": 7}\n')
    meter.tick()
    meter.tick()
    assert (cut_off.state.budget.reports, cut_off.state.budget.spent.tokens) == (1, 7)
    other = again(cut_off)
    recover(other)
    assert other.state.budget.spent.tokens == 7
