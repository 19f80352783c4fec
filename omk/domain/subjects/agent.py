"""An agent: a process that works on one task, what it says, and the tools it calls."""

from typing import Literal

from immutables import Map
from msgspec.structs import replace

from omk.domain.attempts import without
from omk.domain.decider import Decider, Table
from omk.domain.event import Command, Event, Output, Recorded, Text, Time, Value, quoted
from omk.domain.subjects.aborted import EffectAborted
from omk.domain.subjects.goal import GoalForked
from omk.errors import Refused

AgentOutcome = Literal["succeeded", "failed", "timed_out", "stopped"]
ToolOutcome = Literal["succeeded", "failed", "timed_out", "stopped"]
Answer = Literal["allowed", "refused"]
Action = Literal["read", "edit", "delete", "execute", "fetch", "other"]
"""What an agent wants to do, as it says itself."""

# --- Events: the stored names. Change one only by adding a version. ---


class AgentStarted(Event, tag="agent_started.v1"):
    """An agent process waits to begin the *attempt*-th try of a task; *started* is the kernel's start time of *pid*."""

    agent: str
    task: str
    attempt: int
    driver: str
    prompt: Text
    pid: int
    started: str


class AgentSaid(Event, tag="agent_said.v1"):
    """An agent said something; *number* counts the messages of the goal."""

    agent: str
    number: int
    text: Text


class ToolCalled(Event, tag="tool_called.v1"):
    """A tool call was announced, by an agent or (setup) by the controller; *pid* if it is a process of omk's."""

    tool: str
    agent: str | None
    name: str
    title: Text | None
    pid: int | None
    started: str | None


class ToolFinished(Event, tag="tool_finished.v1"):
    """The tool call ended; milliseconds."""

    tool: str
    agent: str | None
    outcome: ToolOutcome
    exit_code: int | None
    duration_ms: int
    output: Output | None


class PermissionAsked(Event, tag="permission_asked.v1"):
    """The agent wants to do something that the approval policy has to allow."""

    permission: str
    agent: str
    tool: str | None
    action: Action
    title: Text


class PermissionAnswered(Event, tag="permission_answered.v1"):
    """The approval policy, or a person, answered."""

    permission: str
    agent: str
    answer: Answer
    rule: str


class AgentFinished(Event, tag="agent_finished.v1"):
    """The agent process ended; *duration_ms* in milliseconds, *signal* if one ended it."""

    agent: str
    task: str
    outcome: AgentOutcome
    exit_code: int | None
    signal: int | None
    duration_ms: int
    output: Output | None


class AgentDied(Event, tag="agent_died.v1"):
    """The agent process was found dead, or could not be started."""

    agent: str
    task: str
    reason: Text


# --- State, and evolve: what we remember ---


class AgentRun(Value):
    """The last run on a task; `reason` is a quoted text, `seq` its last event."""

    agent: str
    attempt: int
    started_seq: int
    seq: int
    outcome: AgentOutcome | None = None
    exit_code: int | None = None
    signal: int | None = None
    duration_ms: int | None = None
    output: Output | None = None
    reason: str | None = None


class Running(Value):
    """What was started and has not ended: whose it is, since which event, and how the machine knows its process.

    `at` is when an agent's run was recorded, right before it began.
    """

    seq: int
    of: str | None
    pid: int | None = None
    started: str | None = None
    at: Time = ""


class Agents(Value):
    """The last run of each task, what is open (runs by agent, tool calls and permissions by id), and counts."""

    last: Map[str, AgentRun] = Map()
    running: Map[str, Running] = Map()
    tools: Map[str, Running] = Map()
    permissions: Map[str, Running] = Map()
    runs: int = 0
    messages: int = 0
    tool_calls: int = 0
    tool_failures: int = 0

    @property
    def is_busy(self) -> bool:
        """Whether a run, a tool call or a question is open."""
        return bool(self.running or self.tools or self.permissions)


def started(agents: Agents, event: AgentStarted, record: Recorded) -> Agents:
    run = AgentRun(agent=event.agent, attempt=event.attempt, started_seq=record.seq, seq=record.seq)
    running = Running(seq=record.seq, of=event.task, pid=event.pid, started=event.started, at=record.at)
    return replace(
        agents,
        last=agents.last.set(event.task, run),
        running=agents.running.set(event.agent, running),
        runs=agents.runs + 1,
    )


def said(agents: Agents, event: AgentSaid, record: Recorded) -> Agents:
    return replace(agents, messages=event.number)


def tool_called(agents: Agents, event: ToolCalled, record: Recorded) -> Agents:
    tool = Running(seq=record.seq, of=event.agent, pid=event.pid, started=event.started)
    return replace(agents, tools=agents.tools.set(event.tool, tool), tool_calls=agents.tool_calls + 1)


def tool_finished(agents: Agents, event: ToolFinished, record: Recorded) -> Agents:
    failures = agents.tool_failures + (event.outcome != "succeeded")
    return replace(agents, tools=without(agents.tools, event.tool), tool_failures=failures)


def asked(agents: Agents, event: PermissionAsked, record: Recorded) -> Agents:
    asking = Running(seq=record.seq, of=event.agent)
    return replace(agents, permissions=agents.permissions.set(event.permission, asking))


def answered(agents: Agents, event: PermissionAnswered, record: Recorded) -> Agents:
    return replace(agents, permissions=without(agents.permissions, event.permission))


def finished(agents: Agents, event: AgentFinished, record: Recorded) -> Agents:
    return _end(
        agents,
        event.agent,
        event.task,
        seq=record.seq,
        outcome=event.outcome,
        exit_code=event.exit_code,
        signal=event.signal,
        duration_ms=event.duration_ms,
        output=event.output and replace(event.output, preview=quoted(record, event.output.preview) or ""),
    )


def died(agents: Agents, event: AgentDied, record: Recorded) -> Agents:
    reason = quoted(record, event.reason)
    return _end(agents, event.agent, event.task, seq=record.seq, outcome="failed", reason=reason)


def _end(agents: Agents, agent: str, task: str, **fields: object) -> Agents:
    last = agents.last
    run = last.get(task) or AgentRun(agent=agent, attempt=0, started_seq=0, seq=0)  # one that nobody announced counts, too
    if run.agent == agent and task:
        last = last.set(task, replace(run, **fields))
    return replace(agents, last=last, running=without(agents.running, agent))


def aborted(agents: Agents, event: EffectAborted, record: Recorded) -> Agents:
    subject, _, name = event.obligation.partition(":")
    match subject:
        case "agent" if name in agents.running:
            reason = quoted(record, event.reason)
            return _end(agents, name, agents.running[name].of or "", seq=record.seq, outcome="stopped", reason=reason)
        case "tool" if name in agents.tools:
            return replace(agents, tools=without(agents.tools, name), tool_failures=agents.tool_failures + 1)
        case "permission" if name in agents.permissions:
            return replace(agents, permissions=without(agents.permissions, name))
        case _:
            return agents


def forked(agents: Agents, event: GoalForked, record: Recorded) -> Agents:
    """No agent has worked on the fork yet; the counts go on."""
    return replace(agents, last=Map(), running=Map(), tools=Map(), permissions=Map())


EVOLVE: Table = {
    GoalForked: forked,
    EffectAborted: aborted,
    AgentStarted: started,
    AgentSaid: said,
    ToolCalled: tool_called,
    ToolFinished: tool_finished,
    PermissionAsked: asked,
    PermissionAnswered: answered,
    AgentFinished: finished,
    AgentDied: died,
}

# --- Commands, and decide: what may be asked, and what we answer ---


class StartAgent(Command, frozen=True):
    """Record that an agent process stands ready."""

    started: AgentStarted


class RecordMessage(Command, frozen=True):
    """Record what an agent said."""

    said: AgentSaid


class CallTool(Command, frozen=True):
    """Record that a tool call begins."""

    called: ToolCalled


class FinishTool(Command, frozen=True):
    """Record that a tool call ended."""

    finished: ToolFinished


class AskPermission(Command, frozen=True):
    """Record that an agent asks for permission."""

    asked: PermissionAsked


class AnswerPermission(Command, frozen=True):
    """Record what it was told."""

    answered: PermissionAnswered


class FinishAgent(Command, frozen=True):
    """Record how an agent process ended."""

    finished: AgentFinished


class LoseAgent(Command, frozen=True):
    """Record that an agent process is gone without a word."""

    died: AgentDied


AgentCommand = StartAgent | RecordMessage | CallTool | FinishTool | AskPermission | AnswerPermission | FinishAgent | LoseAgent


def decide(command: AgentCommand, agents: Agents) -> list[Event]:
    """The events that answer *command*; `Refused` when it may not be."""
    match command:
        case StartAgent(started=event):
            return _start(agents, event)
        case RecordMessage(said=event):
            return [event] if event.agent in agents.running and event.number > agents.messages else []
        case CallTool(called=event):
            return [] if event.tool in agents.tools else [event]
        case FinishTool(finished=event):
            return [event] if event.tool in agents.tools else []
        case AskPermission(asked=event):
            if event.agent not in agents.running:
                raise Refused(f"{event.agent} is not at work, so it has nothing to ask.")
            return [] if event.permission in agents.permissions else [event]
        case AnswerPermission(answered=event):
            return [event] if event.permission in agents.permissions else []
        case FinishAgent(finished=event):
            return [event] if event.agent in agents.running else []
        case LoseAgent(died=event):
            return [event] if event.agent in agents.running else []


def _start(agents: Agents, event: AgentStarted) -> list[Event]:
    if event.agent in agents.running:
        return []
    run = agents.last.get(event.task)
    if run is not None and run.outcome is None and run.agent in agents.running:
        raise Refused(f"{run.agent} is at work on {event.task}. Wait for it, or end it first.")
    if run is not None and run.agent == event.agent:
        return []
    return [event]


AGENT = Decider(initial=Agents(), decide=decide, evolve=EVOLVE, commands=AgentCommand.__args__)
