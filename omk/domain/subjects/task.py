"""A task: one piece of work, held by at most one worker at a time."""

from typing import Literal

from immutables import Map
from msgspec.structs import replace

from omk.domain.attempts import attempt_parts
from omk.domain.decider import Decider, Table
from omk.domain.event import Command, Event, Recorded, Text, Time, Tree, Value, quoted
from omk.domain.paths import PROJECT_FILES, conflict
from omk.domain.subjects.aborted import EffectAborted, aborted_key
from omk.domain.subjects.goal import GoalForked
from omk.errors import Refused

TaskStatus = Literal["proposed", "pending", "running", "done", "blocked", "rejected"]
EXECUTOR = "executor"
CONTROLLER = "goal-controller"

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


class TaskClaimed(Event, tag="task_claimed.v1"):
    """A worker took the task and holds it until *lease_ends*; *fence* grows with every claim."""

    task: str
    worker: str
    fence: int
    lease_ends: Time


class LeaseRenewed(Event, tag="lease_renewed.v1"):
    """The holder is alive and keeps the task until *lease_ends*."""

    task: str
    fence: int
    lease_ends: Time


class LeaseExpired(Event, tag="lease_expired.v1"):
    """The holder was not heard of in time; what it lands later is refused."""

    task: str
    fence: int


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


class TaskExcused(Event, tag="task_excused.v1"):
    """No change of files is due of the task, for a *reason* that was given with the plan."""

    task: str
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


def _change(tasks: Tasks, name: str, record: Recorded, **fields: object) -> Tasks:
    task = tasks.get(name)
    return tasks if task is None else tasks.set(name, replace(task, seq=record.seq, **fields))


def accepted(tasks: Tasks, event: TaskAccepted, record: Recorded) -> Tasks:
    return _change(tasks, event.task, record, status="pending")


def rejected(tasks: Tasks, event: TaskRejected, record: Recorded) -> Tasks:
    return _change(tasks, event.task, record, status="rejected", reason=quoted(record, event.reason))


def claimed(tasks: Tasks, event: TaskClaimed, record: Recorded) -> Tasks:
    return _change(tasks, event.task, record, holder=event.worker, fence=event.fence, lease_ends=event.lease_ends)


def renewed(tasks: Tasks, event: LeaseRenewed, record: Recorded) -> Tasks:
    return _change(tasks, event.task, record, lease_ends=event.lease_ends)


def expired(tasks: Tasks, event: LeaseExpired, record: Recorded) -> Tasks:
    """The holder's attempt is over; what began earlier and was never answered is still owed."""
    task = tasks.get(event.task)
    running = without(task.running, task.attempts) if task and task.status == "running" else task.running if task else ()
    return _change(tasks, event.task, record, holder=None, lease_ends=None, status="pending", running=running)


def started(tasks: Tasks, event: TaskStarted, record: Recorded) -> Tasks:
    task = tasks.get(event.task)
    before = without(task.running, event.attempt) if task else ()
    running = (*before, Begun(attempt=event.attempt, seq=record.seq))
    return _change(tasks, event.task, record, status="running", attempts=event.attempt, reason=None, running=running)


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
        return _change(tasks, name, record, running=running)
    return _change(tasks, name, record, running=running, holder=None, lease_ends=None, **fields)


def without(running: tuple[Begun, ...], attempt: int) -> tuple[Begun, ...]:
    """The other open attempts."""
    return tuple(one for one in running if one.attempt != attempt) if running else running


def retried(tasks: Tasks, event: TaskRetried, record: Recorded) -> Tasks:
    return _change(tasks, event.task, record, status="pending", reason=quoted(record, event.reason))


def excused(tasks: Tasks, event: TaskExcused, record: Recorded) -> Tasks:
    return _change(tasks, event.task, record, excused=record.seq)


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
    TaskProposed: proposed,
    TaskAccepted: accepted,
    TaskRejected: rejected,
    TaskClaimed: claimed,
    LeaseRenewed: renewed,
    LeaseExpired: expired,
    TaskStarted: started,
    TaskFinished: finished,
    TaskFailed: failed,
    TaskRetried: retried,
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


class ClaimTask(Command, frozen=True):
    """Take the task until *lease_ends*; *now* decides whether an older lease still holds."""

    task: str
    worker: str
    now: Time
    lease_ends: Time


class RenewLease(Command, frozen=True):
    """Keep the task until *lease_ends*; *now* decides whether it is still held."""

    task: str
    fence: int
    now: Time
    lease_ends: Time


class ExpireLease(Command, frozen=True):
    """Time has passed: take the task back from a silent holder."""

    task: str
    now: Time


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


class ExcuseTask(Command, frozen=True):
    """Say that no change of files is due of the task."""

    task: str
    reason: str


TaskCommand = (
    ProposeTask
    | AcceptTask
    | RejectTask
    | ClaimTask
    | RenewLease
    | ExpireLease
    | StartTask
    | FinishTask
    | FailTask
    | RetryTask
    | ExcuseTask
)


def _task(tasks: Tasks, name: str) -> Task:
    task = tasks.get(name)
    if task is None:
        known = ", ".join(sorted(tasks)) or "none yet"
        raise Refused(f"There is no task {name}. Tasks: {known}.")
    return task


def decide(command: TaskCommand, tasks: Tasks) -> list[Event]:
    """The events that answer *command*; `Refused` when it may not be."""
    match command:
        case ProposeTask(proposed=event):
            known = tasks.get(event.task)
            return [event] if known is None or known.status == "rejected" else []  # what was turned down may be mended
        case AcceptTask(task=name):
            return [TaskAccepted(task=name)] if _task(tasks, name).status == "proposed" else []
        case RejectTask(task=name, code=code, reason=reason):
            task = _task(tasks, name)
            return [TaskRejected(task=name, code=code, reason=reason)] if task.status == "proposed" else []
        case ClaimTask():
            return _claim(command, _task(tasks, command.task), tasks)
        case RenewLease(task=name):
            return _renew(command, _task(tasks, name))
        case ExpireLease(task=name, now=now):
            task = _task(tasks, name)
            late = task.holder is not None and task.lease_ends is not None and task.lease_ends <= now
            return [LeaseExpired(task=name, fence=task.fence)] if late else []
        case StartTask(task=name, worker=worker):
            return _start(_task(tasks, name), tasks, worker)
        case FinishTask(task=name, attempt=attempt, tree=tree):
            is_open = _is_open(_task(tasks, name), attempt)
            return [TaskFinished(task=name, attempt=attempt, tree=tree)] if is_open else []
        case FailTask(task=name, attempt=attempt, reason=reason):
            is_open = _is_open(_task(tasks, name), attempt)
            return [TaskFailed(task=name, attempt=attempt, reason=reason)] if is_open else []
        case RetryTask(task=name, reason=reason):
            task = _task(tasks, name)
            again = task.status in {"done", "blocked"}
            return [TaskRetried(task=name, attempt=task.attempts + 1, reason=reason)] if again else []
        case ExcuseTask(task=name, reason=reason):
            return [] if _task(tasks, name).excused else [TaskExcused(task=name, reason=reason)]


def _claim(command: ClaimTask, task: Task, tasks: Tasks) -> list[Event]:
    if task.status not in {"pending", "running"}:
        raise Refused(f"{task.id} is {task.status}; only an open task can be claimed.")
    if command.lease_ends <= command.now:
        raise Refused(f"A lease that ends {command.lease_ends} is over at {command.now}. Ask for a longer one.")
    if _is_held(task, command.now) and task.holder == command.worker:
        return []  # asked twice, answered once
    for other in (task, *sorted(tasks.values(), key=lambda one: one.id)):
        if _is_held(other, command.now) and collide(task, other):
            raise Refused(f"{other.holder} holds {other.id} until {other.lease_ends}. Wait, or claim another task.")
    over: list[Event] = [] if task.holder is None else [LeaseExpired(task=task.id, fence=task.fence)]
    claim = TaskClaimed(task=task.id, worker=command.worker, fence=task.fence + 1, lease_ends=command.lease_ends)
    return [*over, claim]


def _is_held(task: Task, now: Time) -> bool:
    return task.holder is not None and task.lease_ends is not None and now < task.lease_ends


def collide(task: Task, other: Task) -> bool:
    """Whether one may write what the other reads or writes; an empty write set may write any path."""
    return task.id == other.id or collision(task, other) is not None


def collision(task: Task, other: Task) -> tuple[str, str] | None:
    """What of the one is in the way of which of the other (`write-set`, `write/read`, `read/write`), and the path of *task*."""
    writes, theirs = task.write_set or (PROJECT_FILES,), other.write_set or (PROJECT_FILES,)
    sorts = (("write-set", writes, theirs), ("read/write", task.read_set, theirs), ("write/read", writes, other.read_set))
    found = ((sort, left) for sort, mine, used in sorts for left in mine for right in used if conflict(left, right))
    return next(found, None)


def _renew(command: RenewLease, task: Task) -> list[Event]:
    if command.fence != task.fence or not _is_held(task, command.now):
        raise Refused(f"The lease {command.fence} of {task.id} is over. Claim the task again.")
    if task.lease_ends == command.lease_ends:
        return []
    return [LeaseRenewed(task=task.id, fence=command.fence, lease_ends=command.lease_ends)]


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


NONE: Tasks = Map()
TASK = Decider(initial=NONE, decide=decide, evolve=EVOLVE, commands=TaskCommand.__args__)
