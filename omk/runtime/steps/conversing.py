"""Run an agent's process on a task, from the record of its pid to its end."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from omk.agents.child import Child, Exit
from omk.agents.driver import driver_of
from omk.domain.attempts import attempt_key
from omk.domain.event import Time, Tree
from omk.domain.subjects.agent import AgentStarted, StartAgent
from omk.domain.values import Spent
from omk.errors import Refused
from omk.runtime import edge
from omk.runtime.approvals import asking
from omk.runtime.prompt import prompt_for
from omk.runtime.session import Session
from omk.runtime.usage import Meter


class Work(NamedTuple):
    """An attempt at a task: its holder's fence, the worktree it has, and the tree that one began from."""

    task: str
    attempt: int
    fence: int
    worktree: Path
    base: Tree

    @property
    def agent(self) -> str:
        """The agent's id."""
        return attempt_key(self.task, self.attempt)


class Ended(NamedTuple):
    """How an agent's process ended and when, and what it reported to have spent."""

    exit: Exit
    at: Time
    spent: Spent


def converse(session: Session, work: Work) -> Ended:
    """Run the agent's process to its end, once its pid is on record; it may ask what it may do."""
    with asking(session, work.agent, f"{work.worktree.name}-{work.attempt}.socket") as channel:
        return _conversed(session, work, channel)


def _conversed(session: Session, work: Work, channel: Mapping[str, str]) -> Ended:
    settings = session.state.goal.settings
    spec = session.agent or (settings.agent if settings else None)
    if spec is None:
        raise Refused("No agent is named. Give one: --agent 'command:…', or `agent = …` in omk.toml.")
    prompt = prompt_for(session, work.task, work.attempt)
    file = session.prompt_file(f"{work.worktree.name}-{work.attempt}", prompt)
    launch = driver_of(spec).launch(prompt, str(file))
    meter = Meter(session, work.agent)
    environment = {**session.environment(), **launch.environment, "OMK_USAGE_FILE": str(meter.path), **channel}
    child = Child.prepare(
        (launch.line,),
        shell=True,
        directory=session.directory(work.worktree),
        environment=environment,
        stdin=launch.stdin,
    )
    try:
        started = AgentStarted(
            agent=work.agent,
            task=work.task,
            attempt=work.attempt,
            driver=spec,
            prompt=prompt,
            pid=child.pid,
            started=child.started,
        )
        session.handle(StartAgent(actor=session.actor, started=started))
    except BaseException:
        child.abandon()
        raise
    session.tell(f"agent {work.agent}")
    child.release()
    ended = child.wait(settings.agent_timeout_ms if settings else None, stop=session.stop, on_tick=meter.tick)
    return Ended(ended, edge.now(), meter.finish())
