"""What agents spend, recorded while they are at work: tokens and money as they report them, their time when they end."""

import contextlib
from pathlib import Path
from typing import NamedTuple

from omk.agents.process import is_alive, milliseconds
from omk.agents.usage_file import UsageFile
from omk.domain.attempts import attempt_parts, task_of
from omk.domain.event import Command, Time
from omk.domain.instant import microseconds
from omk.domain.spending import MILLISECOND, Reached, at_work, limits_of, noted, reached, spent_on, until
from omk.domain.subjects.budget import BudgetExhausted, ExhaustBudget, ReportUsage, UsageReported, plus
from omk.domain.values import Spent
from omk.runtime import edge
from omk.runtime.naming import component, fingerprint
from omk.runtime.repository import make_private
from omk.runtime.session import Session

EVERY_MS = 500
"""How often an agent's reports are read and recorded, merged into one."""


class Meter:
    """Watches what one agent spends: its reports as it makes them, and that it is at work at all."""

    def __init__(self, session: Session, agent: str) -> None:
        self.session, self.agent = session, agent
        make_private(session.prompts)
        self.path = usage_path(session, agent)
        self._seen = seen_path(session, agent)
        self._seen.touch()
        self._file = UsageFile.make(self.path)
        self._looked, self._told = milliseconds(), Spent()

    def tick(self) -> None:
        """Record what was reported since the last look, at most twice a second."""
        now = milliseconds()
        if now - self._looked < EVERY_MS:
            return
        self._looked = now
        with contextlib.suppress(OSError):  # an agent may have removed it
            self._seen.touch()
        self._file.read()
        if self._file.spent != self._told:
            self._told = self._file.spent
            session, agent, spent = self.session, self.agent, self._told
            session.handle.mailbox.ask(lambda: session.handle(*reported(session, agent, spent)))

    def finish(self) -> Spent:
        """All that the agent reported; says once what of it could not be read."""
        self._file.finish()
        if self._file.unread:
            lines = f"{self._file.unread} line{'s' if self._file.unread > 1 else ''}"
            self.session.warn(f"agent {self.agent}: {lines} of OMK_USAGE_FILE could not be read, such as: {self._file.odd}")
        return self._file.spent


def usage_path(session: Session, agent: str) -> Path:
    """The private file, outside of every tree, to which an agent appends what it spends."""
    task, attempt = attempt_parts(agent)
    return session.prompts / f"usage-{component(task)}-{fingerprint(session.goal, task)}-{attempt}.jsonl"


def seen_path(session: Session, agent: str) -> Path:
    """An empty file whose time of change is when a controller last saw the agent at work."""
    return usage_path(session, agent).with_suffix(".seen")


def reported(session: Session, agent: str, spent: Spent, active_ms: int | None = None) -> list[Command]:
    """Record what of *spent* is new, and at its end the agent's time; says so, too, if that uses up the goal's budget.

    To be asked by the owner of the log: it looks at what is recorded.
    """
    usage = news(session, agent, spent, active_ms or 0)
    if usage is None or (active_ms is None and plus(None, usage) == Spent()):
        return []
    commands: list[Command] = [ReportUsage(actor=session.actor, usage=usage)]
    budget = session.state.budget
    out = reached(budget.limits, plus(budget.spent, usage))
    if out is not None:
        exhausted = BudgetExhausted(dimension=out.dimension, limit=out.limit, used=out.used)
        commands.append(ExhaustBudget(actor=session.actor, exhausted=exhausted))
    return commands


def news(session: Session, agent: str, spent: Spent, active_ms: int) -> UsageReported | None:
    """What of *spent* is not on record yet; null if the agent's end is."""
    budget = session.state.budget
    known = budget.by_agent.get(agent)
    if known is None:
        return None
    return UsageReported(
        report=budget.reports + 1,
        agent=agent,
        active_ms=active_ms,
        tokens_in=max(0, spent.tokens_in - known.tokens_in),
        tokens_out=max(0, spent.tokens_out - known.tokens_out),
        tokens_cached=max(0, spent.tokens_cached - known.tokens_cached),
        micro_usd=max(0, spent.micro_usd - known.micro_usd),
    )


# --- A limit that ended an agent ---


class Cut(NamedTuple):
    """The limit that an agent was ended for: its task's own, or the goal's."""

    reached: Reached
    is_own: bool

    @property
    def reason(self) -> str:
        """What is used up, as a sentence."""
        whose = "task" if self.is_own else "goal"
        return f"The {whose}'s budget is used up: {self.reached.words}."


def cut(session: Session, agent: str, spent: Spent, now: Time) -> Cut | None:
    """Why an agent that was stopped *now* had to be, if a limit was the reason."""
    state, task = session.state, task_of(agent)
    usage = news(session, agent, spent, 0)
    if usage is not None:
        after = until(now, plus(spent_on(state, task), usage), at_work(state, task), session.awake.slept)
        own = reached(limits_of(state, task), after)
        if own is not None:
            return Cut(own, is_own=True)
    out = noted(state)
    return Cut(out, is_own=False) if out else None


# --- An agent whose end nobody saw ---


def worked_ms(session: Session, agent: str) -> int:
    """How long an agent that was never heard to end is known to have worked.

    One that still runs has worked until now. One that is gone has worked at least until a controller saw it last, and until
    the last event if that cannot be told: what it did after that nobody knows, and nobody is charged for a guess.
    """
    running = session.state.agent.running[agent]
    start, now = microseconds(running.at), microseconds(edge.now())
    if running.pid is not None and running.started and is_alive(running.pid, running.started):
        last = now
    else:
        try:
            last = seen_path(session, agent).stat().st_mtime_ns // 1_000
        except OSError:
            last = microseconds(session.state.at)
    return max(0, min(last, now) - start) // MILLISECOND


def unheard(session: Session, agent: str, active_ms: int) -> list[Command]:
    """Record the time of such an agent, and what it had reported that was not read any more."""
    file = UsageFile.left(usage_path(session, agent))
    spent = Spent()
    if file is not None:
        file.finish()
        spent = file.spent
    return reported(session, agent, spent, active_ms)
