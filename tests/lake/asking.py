"""Asking named questions of made-up stores: goals told as stories, in a log in memory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omk.domain.plan import EXECUTE
from omk.domain.subjects.agent import (
    AgentFinished,
    AgentStarted,
    CallTool,
    FinishAgent,
    FinishTool,
    StartAgent,
    ToolCalled,
    ToolFinished,
)
from omk.domain.subjects.budget import UsageReported
from omk.domain.subjects.goal import GoalForked
from omk.domain.subjects.task import StartTask
from omk.lake.question import ask, question
from omk.lake.session import Lake
from omk.lake.store import Store
from omk.log.codec import seal
from omk.log.memory import MemoryLog
from tests.history import recorded
from tests.scenario import ANN, BOT, Step, Story, some, time

Rows = list[dict[str, Any]]


def log_of(stories: Mapping[str, Story]) -> MemoryLog:
    """A log with these goals, one after the other."""
    log = MemoryLog()
    for name, story in stories.items():
        recorded(log, story, name=name)
    return log


def asked(name: str, stories: "Mapping[str, Story] | MemoryLog", **told: Any) -> Rows:
    """The rows of the answer to a question about these goals."""
    log = stories if isinstance(stories, MemoryLog) else log_of(stories)
    with Lake(Store(log, None, Path("/nonexistent"), None)) as lake:
        return ask(lake, question(name), told)


def fork(log: MemoryLog, parent: str, seq: int, *, name: str) -> None:
    """Begin a goal in the past of another one, and do nothing more."""
    records = list(log.read(parent, upto=seq))
    event = GoalForked(goal=parent, seq=seq, head=records[-1].digest, prompt="Do it another way.")
    place: dict[str, Any] = {"goal": name, "seq": seq + 1, "at": time(seq + 100), "actor": ANN, "causes": ()}
    log.append(name, [seal(event, prev=event.head, salt=lambda: b"salt of the fork", **place)], after=seq)


def worked_by(driver: str, *during: Step, attempt: int = 1, outcome: Any = "succeeded") -> tuple[Step, ...]:
    """An agent that is driven so works on the task, and something happens meanwhile."""
    agent = f"{EXECUTE}:{attempt}"
    started = some(AgentStarted, agent=agent, task=EXECUTE, attempt=attempt, driver=driver)
    code = 0 if outcome == "succeeded" else 1
    finished = some(AgentFinished, agent=agent, task=EXECUTE, outcome=outcome, exit_code=code)
    begin: tuple[Step, ...] = (
        StartTask(actor=BOT, task=EXECUTE, worker=agent),
        StartAgent(actor=BOT, started=started),
    )
    return (*begin, *during, FinishAgent(actor=f"agent:{agent}", finished=finished))


def called(number: int, name: str, outcome: Any, took: int, *, attempt: int = 1) -> tuple[Step, ...]:
    """The agent calls a tool, which answers."""
    tool, agent = f"call-{number}", f"{EXECUTE}:{attempt}"
    call = some(ToolCalled, tool=tool, agent=agent, name=name)
    answer = some(ToolFinished, tool=tool, agent=agent, outcome=outcome, duration_ms=took)
    return CallTool(actor=f"agent:{agent}", called=call), FinishTool(actor=BOT, finished=answer)


def spent(micro_usd: int, *, report: int = 1) -> UsageReported:
    """What an agent spent."""
    return some(UsageReported, report=report, agent=f"{EXECUTE}:1", micro_usd=micro_usd, active_ms=1_000)
