"""A controller: the process that carries a goal's wanted effects out, and what it was asked to do."""

from typing import Literal

from immutables import Map
from msgspec.structs import replace

from omk.domain.decider import Decider, Table
from omk.domain.event import Command, Event, Recorded, Text, Value
from omk.domain.subjects.aborted import EffectAborted
from omk.domain.subjects.agent import AgentDied, AgentFinished
from omk.domain.subjects.goal import GoalForked
from omk.domain.subjects.lease import LeaseExpired
from omk.errors import Refused

Step = Literal["plan", "execute", "verify", "review", "accept", "merge"]

# --- Events: the stored names. Change one only by adding a version. ---


class ControllerStarted(Event, tag="controller_started.v1"):
    """A controller took the goal, to carry out *steps*; *resumes* what a dead controller was asked, if it names one."""

    controller: str
    pid: int
    started: str
    steps: tuple[Step, ...]
    max_attempts: int
    resumes: str | None
    version: str


class ControllerStopped(Event, tag="controller_stopped.v1"):
    """The controller let the goal go."""

    controller: str
    reason: Text


# --- State, and evolve: what we remember ---


class Active(Value):
    """The controller that holds the goal."""

    controller: str
    pid: int
    started: str
    seq: int


class Request(Value):
    """What was asked: the steps, since which event, how many attempts at each task at most, and when an agent ended last.

    `tries` counts, by task, the attempts that came to an end: also those whose holder was not heard of in time.
    """

    steps: tuple[Step, ...]
    seq: int
    max_attempts: int
    tries: Map[str, int] = Map()
    settled_seq: int = 0

    def may_try(self, task: str) -> bool:
        """Whether one more attempt at the task is within what was asked."""
        return self.tries.get(task, 0) < self.max_attempts


class Controllers(Value):
    """Who holds the goal, what is asked of it, what was asked last and of whom; `starts` counts controllers."""

    active: Active | None = None
    request: Request | None = None
    previous: Request | None = None
    last: str | None = None
    starts: int = 0


def started(controllers: Controllers, event: ControllerStarted, record: Recorded) -> Controllers:
    active = Active(controller=event.controller, pid=event.pid, started=event.started, seq=record.seq)
    request = (controllers.request or controllers.previous) if event.resumes is not None else None
    request = request or Request(steps=event.steps, seq=record.seq, max_attempts=event.max_attempts)
    return replace(controllers, active=active, request=request, last=event.controller, starts=controllers.starts + 1)


def stopped(controllers: Controllers, event: ControllerStopped, record: Recorded) -> Controllers:
    if controllers.active is None or controllers.active.controller != event.controller:
        return controllers
    return replace(controllers, active=None, request=None, previous=controllers.request)


def settled(controllers: Controllers, event: AgentFinished | AgentDied, record: Recorded) -> Controllers:
    """An agent that was stopped has not had its try: by a pause it goes on later, by a lease that is over it had it then."""
    had = not (isinstance(event, AgentFinished) and event.outcome == "stopped")
    return _tried(controllers, event.task, record, had)


def expired(controllers: Controllers, event: LeaseExpired, record: Recorded) -> Controllers:
    return _tried(controllers, event.task, record, 1)


def _tried(controllers: Controllers, task: str, record: Recorded, more: int) -> Controllers:
    request = controllers.request
    if request is None:
        return controllers
    tries = request.tries.set(task, request.tries.get(task, 0) + more) if more else request.tries
    return replace(controllers, request=replace(request, tries=tries, settled_seq=record.seq))


def forked(controllers: Controllers, event: GoalForked, record: Recorded) -> Controllers:
    return Controllers()


EVOLVE: Table = {
    GoalForked: forked,
    ControllerStarted: started,
    ControllerStopped: stopped,
    AgentFinished: settled,
    AgentDied: settled,
    LeaseExpired: expired,
}

# --- Commands, and decide: what may be asked, and what we answer ---


class StartController(Command, frozen=True):
    """Take the goal; *alive* says whether the process of the active controller still runs."""

    started: ControllerStarted
    alive: bool


class StopController(Command, frozen=True):
    """Let the goal go."""

    controller: str
    reason: str


class AbortEffect(Command, frozen=True):
    """Close what was announced and will not be answered."""

    obligation: str
    reason: str


ControllerCommand = StartController | StopController | AbortEffect


def decide(command: ControllerCommand, controllers: Controllers) -> list[Event]:
    """The events that answer *command*; `Refused` when it may not be."""
    active = controllers.active
    match command:
        case StartController(started=event, alive=alive):
            if active is not None and active.controller == event.controller:
                return []
            if active is not None and alive:
                raise Refused(f"{active.controller} (process {active.pid}) works on this goal. Wait, or `omk pause` it.")
            return [event]
        case StopController(controller=name, reason=reason):
            mine = active is not None and active.controller == name
            return [ControllerStopped(controller=name, reason=reason)] if mine else []
        case AbortEffect(obligation=obligation, reason=reason):
            return [EffectAborted(obligation=obligation, reason=reason)]


CONTROLLER = Decider(initial=Controllers(), decide=decide, evolve=EVOLVE, commands=ControllerCommand.__args__)
