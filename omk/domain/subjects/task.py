"""A task: one piece of work, what has become of it, and the attempts at it.

How it came to be is in `proposal`, who holds it in `lease`; they remember in the same part of the state.
"""

from typing import Literal

from immutables import Map
from msgspec.structs import replace

from omk.domain.attempts import attempt_parts
from omk.domain.decider import Decider, Table
from omk.domain.event import Command, Event, Recorded, Text, Time, Tree, Value, quoted
from omk.domain.subjects.aborted import EffectAborted, aborted_key
from omk.domain.subjects.goal import GoalForked
from omk.errors import Refused

TaskStatus = Literal["proposed", "pending", "running", "done", "blocked", "rejected"]
EXECUTOR = "executor"
CONTROLLER = "goal-controller"

# --- Events: the stored names. Change one only by adding a version. ---


class TaskStarted(Event, tag="task_started.v1"):
    """Work on the task began, for the *attempt*-th time."""

    task: str
    attempt: int
    worker: str


class TaskFinished(Event, tag="task_finished.v1"):
    """Work on the task ended as it should; *tree* is what it left."""

    task: str
    attempt: int
    tree: Tree | None


class TaskFailed(Event, tag="task_failed.v1"):
    """Work on the task ended badly."""

    task: str
    attempt: int
    reason: Text


class TaskRetried(Event, tag="task_retried.v1"):
    """The task is open again, because of *reason*."""

    task: str
    attempt: int
    reason: Text


# --- State, and evolve: what we remember ---


class Begun(Value):
    """An attempt that began and has not ended, and since which event."""

    attempt: int
    seq: int


class Task(Value):
    """One task; title, description, acceptance and reason are quoted texts, `seq` its last event, `running` what is open.

    `excused` is the event that says that no change is due of it.
    """

    id: str
    title: str | None
    description: str | None
    role: str
    dependencies: tuple[str, ...]
    read_set: tuple[str, ...]
    write_set: tuple[str, ...]
    acceptance: tuple[str | None, ...]
    status: TaskStatus
    seq: int
    priority: int = 0
    budget_seconds: int | None = None
    source: str = "planner"
    excused: int | None = None
    attempts: int = 0
    holder: str | None = None
    fence: int = 0
    lease_ends: Time | None = None
    reason: str | None = None
    tree: Tree | None = None
    running: tuple[Begun, ...] = ()


Tasks = Map[str, Task]
NONE: Tasks = Map()


def changed(tasks: Tasks, name: str, record: Recorded, **fields: object) -> Tasks:
    """The tasks, with other *fields* of one; nothing of one that is not there."""
    task = tasks.get(name)
    return tasks if task is None else tasks.set(name, replace(task, seq=record.seq, **fields))


def started(tasks: Tasks, event: TaskStarted, record: Recorded) -> Tasks:
    task = tasks.get(event.task)
    before = without(task.running, event.attempt) if task else ()
    running = (*before, Begun(attempt=event.attempt, seq=record.seq))
    return changed(tasks, event.task, record, status="running", attempts=event.attempt, reason=None, running=running)


def finished(tasks: Tasks, event: TaskFinished, record: Recorded) -> Tasks:
    return _end(tasks, event.task, event.attempt, record, status="done", tree=event.tree, reason=None)


def failed(tasks: Tasks, event: TaskFailed, record: Recorded) -> Tasks:
    return _end(tasks, event.task, event.attempt, record, status="blocked", reason=quoted(record, event.reason))


def _end(tasks: Tasks, name: str, attempt: int, record: Recorded, **fields: object) -> Tasks:
    """Close an attempt; only the newest one says what has become of the task."""
    task = tasks.get(name)
    if task is None:
        return tasks
    running = without(task.running, attempt)
    if attempt != task.attempts:
        return changed(tasks, name, record, running=running)
    return changed(tasks, name, record, running=running, holder=None, lease_ends=None, **fields)


def without(running: tuple[Begun, ...], attempt: int) -> tuple[Begun, ...]:
    """The other open attempts."""
    return tuple(one for one in running if one.attempt != attempt) if running else running


def retried(tasks: Tasks, event: TaskRetried, record: Recorded) -> Tasks:
    return changed(tasks, event.task, record, status="pending", reason=quoted(record, event.reason))


def aborted(tasks: Tasks, event: EffectAborted, record: Recorded) -> Tasks:
    name, attempt = attempt_parts(aborted_key(event, "task"))
    task = tasks.get(name)
    owed = next((one for one in task.running if str(one.attempt) == attempt), None) if task else None
    if owed is None:
        return tasks
    return _end(tasks, name, owed.attempt, record, status="pending", reason=quoted(record, event.reason))


def forked(tasks: Tasks, event: GoalForked, record: Recorded) -> Tasks:
    """What agents did has to be done again; the one task of a goal with one task is the goal, in the fork's words."""
    working = [name for name, task in tasks.items() if task.role == EXECUTOR and task.status != "rejected"]
    for name, task in tasks.items():
        known = replace(task, holder=None, lease_ends=None, running=())
        if working == [name]:
            known = replace(known, description=quoted(record, event.prompt))
        if task.status == "running" or (name in working and task.status in {"done", "blocked"}):
            known = replace(known, status="pending", seq=record.seq, reason=None, tree=None)
        tasks = tasks.set(name, known)
    return tasks


EVOLVE: Table = {
    EffectAborted: aborted,
    GoalForked: forked,
    TaskStarted: started,
    TaskFinished: finished,
    TaskFailed: failed,
    TaskRetried: retried,
}

# --- Commands, and decide: what may be asked, and what we answer ---


class StartTask(Command, frozen=True):
    """Begin the task's next attempt."""

    task: str
    worker: str


class FinishTask(Command, frozen=True):
    """The attempt went well."""

    task: str
    attempt: int
    tree: Tree | None = None


class FailTask(Command, frozen=True):
    """The attempt went badly."""

    task: str
    attempt: int
    reason: str


class RetryTask(Command, frozen=True):
    """Open a finished or failed task again."""

    task: str
    reason: str


TaskCommand = StartTask | FinishTask | FailTask | RetryTask


def named(tasks: Tasks, name: str) -> Task:
    """The task of that name; `Refused` where there is none."""
    task = tasks.get(name)
    if task is None:
        known = ", ".join(sorted(tasks)) or "none yet"
        raise Refused(f"There is no task {name}. Tasks: {known}.")
    return task


def decide(command: TaskCommand, tasks: Tasks) -> list[Event]:
    """The events that answer *command*; `Refused` when it may not be."""
    match command:
        case StartTask(task=name, worker=worker):
            return _start(named(tasks, name), tasks, worker)
        case FinishTask(task=name, attempt=attempt, tree=tree):
            is_open = _is_open(named(tasks, name), attempt)
            return [TaskFinished(task=name, attempt=attempt, tree=tree)] if is_open else []
        case FailTask(task=name, attempt=attempt, reason=reason):
            is_open = _is_open(named(tasks, name), attempt)
            return [TaskFailed(task=name, attempt=attempt, reason=reason)] if is_open else []
        case RetryTask(task=name, reason=reason):
            task = named(tasks, name)
            again = task.status in {"done", "blocked"}
            return [TaskRetried(task=name, attempt=task.attempts + 1, reason=reason)] if again else []


def _start(task: Task, tasks: Tasks, worker: str) -> list[Event]:
    if task.status == "running":
        return []
    if task.status != "pending":
        raise Refused(f"{task.id} is {task.status}; only a pending task can start.")
    waiting = [name for name in task.dependencies if name not in tasks or tasks[name].status != "done"]
    if waiting:
        raise Refused(f"{task.id} waits for {', '.join(waiting)}.")
    return [TaskStarted(task=task.id, attempt=task.attempts + 1, worker=worker)]


def _is_open(task: Task, attempt: int) -> bool:
    return any(one.attempt == attempt for one in task.running)


TASK = Decider(initial=NONE, decide=decide, evolve=EVOLVE, commands=TaskCommand.__args__)
