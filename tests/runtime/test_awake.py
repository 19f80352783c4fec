"""A machine that sleeps while agents are at work: their time stands still, whatever the clock says afterwards."""

from omk.domain.ending import ALL_STEPS
from omk.domain.instant import microseconds
from omk.domain.subjects.agent import AgentStarted
from omk.domain.subjects.budget import BudgetSet, SetBudget
from omk.runtime import awake, edge
from omk.runtime.awake import Awake
from omk.runtime.controller import drive
from tests.runtime.sessions import begun, kinds
from tests.scenario import moment

HOUR = 3_600_000


class Clocks:
    """The clock on the wall, and the one that runs while the machine does, in milliseconds."""

    def __init__(self, monkeypatch):
        self.wall, self.running = 10**12, 5_000
        monkeypatch.setattr(edge, "now", lambda: moment(self.wall * 1_000))
        monkeypatch.setattr(awake, "milliseconds", lambda: self.running)

    def go(self, milliseconds, asleep=0):
        self.running += milliseconds
        self.wall += milliseconds + asleep


def test_only_those_who_run_while_the_machine_sleeps_have_slept(monkeypatch):
    clocks = Clocks(monkeypatch)
    looking = Awake()
    clocks.go(50_000)
    looking.look(["a:1"])
    clocks.go(100, asleep=8 * HOUR)
    looking.look(["a:1", "b:1"])
    clocks.go(100, asleep=HOUR)
    looking.look(["b:1"])
    assert looking.slept == {"a:1": 8 * HOUR, "b:1": 9 * HOUR}


def test_a_clock_that_is_set_back_is_made_up_for_and_one_that_creeps_is_not(monkeypatch):
    clocks = Clocks(monkeypatch)
    looking = Awake()
    clocks.go(10, asleep=-HOUR)
    looking.look(["a:1"])
    clocks.go(10, asleep=900)
    looking.look(["a:1"])
    assert looking.slept == {"a:1": -HOUR}


def test_an_agent_that_slept_with_its_machine_has_not_used_up_its_budget(repository, monkeypatch):
    session = begun(repository, agent="command:sleep 0.5; echo 'print(1)' > cli.py")
    limits = BudgetSet(time_ms=60_000, tokens=None, micro_usd=None)
    session.handle(SetBudget(actor=session.actor, limits=limits))
    real = edge.now
    ahead: list[int] = []

    def shifted():
        return moment(microseconds(real()) + sum(ahead) * 1_000)

    def listen(record):
        if isinstance(record.event, AgentStarted):
            ahead.append(200_000)  # longer than its budget, and shorter than its lease

    monkeypatch.setattr(edge, "now", shifted)
    session.handle.listen = listen
    assert drive(session, ALL_STEPS).status == "ready"
    assert ahead == [200_000]
    assert "budget_exhausted" not in kinds(session)
    assert session.state.budget.spent.time_ms < 60_000
