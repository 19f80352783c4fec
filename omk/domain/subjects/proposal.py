"""A proposal: a piece of work that somebody thinks is needed, on its way into the plan."""

from omk.domain.decider import Decider, Table
from omk.domain.event import Command, Event, Recorded, Text, quoted
from omk.domain.subjects.task import NONE, Task, Tasks, changed, named

# --- Events: the stored names. Change one only by adding a version. ---


class TaskProposed(Event, tag="task_proposed.v1"):
    """Somebody (*source*: planner, agent, person) thinks this piece of work is needed; budget in seconds."""

    task: str
    title: Text
    description: Text
    role: str
    dependencies: tuple[str, ...]
    read_set: tuple[str, ...]
    write_set: tuple[str, ...]
    risk: str
    acceptance: tuple[Text, ...]
    priority: int
    budget_seconds: int | None
    source: str


class TaskAccepted(Event, tag="task_accepted.v1"):
    """The proposal became part of the plan."""

    task: str


class TaskRejected(Event, tag="task_rejected.v1"):
    """The proposal was turned down by the rule *code*."""

    task: str
    code: str
    reason: Text


class TaskExcused(Event, tag="task_excused.v1"):
    """No change of files is due of the task, for a *reason* that was given with the plan."""

    task: str
    reason: Text


# --- State, which is that of the tasks, and evolve: what we remember ---


def proposed(tasks: Tasks, event: TaskProposed, record: Recorded) -> Tasks:
    known = tasks.get(event.task)
    task = Task(
        id=event.task,
        title=quoted(record, event.title),
        description=quoted(record, event.description),
        role=event.role,
        dependencies=event.dependencies,
        read_set=event.read_set,
        write_set=event.write_set,
        acceptance=tuple(quoted(record, one) for one in event.acceptance),
        status="proposed",
        seq=record.seq,
        priority=event.priority,
        budget_seconds=event.budget_seconds,
        source=event.source,
        running=known.running if known else (),
    )
    return tasks.set(event.task, task)


def accepted(tasks: Tasks, event: TaskAccepted, record: Recorded) -> Tasks:
    return changed(tasks, event.task, record, status="pending")


def rejected(tasks: Tasks, event: TaskRejected, record: Recorded) -> Tasks:
    return changed(tasks, event.task, record, status="rejected", reason=quoted(record, event.reason))


def excused(tasks: Tasks, event: TaskExcused, record: Recorded) -> Tasks:
    return changed(tasks, event.task, record, excused=record.seq)


EVOLVE: Table = {
    TaskProposed: proposed,
    TaskAccepted: accepted,
    TaskRejected: rejected,
    TaskExcused: excused,
}

# --- Commands, and decide: what may be asked, and what we answer ---


class ProposeTask(Command, frozen=True):
    """Put a piece of work forward."""

    proposed: TaskProposed


class AcceptTask(Command, frozen=True):
    """Take a proposal into the plan."""

    task: str


class RejectTask(Command, frozen=True):
    """Turn a proposal down, by which rule and why."""

    task: str
    code: str
    reason: str


class ExcuseTask(Command, frozen=True):
    """Say that no change of files is due of the task."""

    task: str
    reason: str


ProposalCommand = ProposeTask | AcceptTask | RejectTask | ExcuseTask


def decide(command: ProposalCommand, tasks: Tasks) -> list[Event]:
    """The events that answer *command*; `Refused` when it may not be."""
    match command:
        case ProposeTask(proposed=event):
            known = tasks.get(event.task)
            return [event] if known is None or known.status == "rejected" else []  # what was turned down may be mended
        case AcceptTask(task=name):
            return [TaskAccepted(task=name)] if named(tasks, name).status == "proposed" else []
        case RejectTask(task=name, code=code, reason=reason):
            task = named(tasks, name)
            return [TaskRejected(task=name, code=code, reason=reason)] if task.status == "proposed" else []
        case ExcuseTask(task=name, reason=reason):
            return [] if named(tasks, name).excused else [TaskExcused(task=name, reason=reason)]


PROPOSAL = Decider(initial=NONE, decide=decide, evolve=EVOLVE, commands=ProposalCommand.__args__)
