"""A lease: a task is held by at most one worker at a time, and only as long as that is heard of."""

from omk.domain.collisions import collide
from omk.domain.decider import Decider, Table
from omk.domain.event import Command, Event, Recorded, Time
from omk.domain.subjects.task import NONE, Task, Tasks, changed, named, without
from omk.errors import Refused

# --- Events: the stored names. Change one only by adding a version. ---


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


# --- State, which is that of the tasks, and evolve: what we remember ---


def claimed(tasks: Tasks, event: TaskClaimed, record: Recorded) -> Tasks:
    return changed(tasks, event.task, record, holder=event.worker, fence=event.fence, lease_ends=event.lease_ends)


def renewed(tasks: Tasks, event: LeaseRenewed, record: Recorded) -> Tasks:
    return changed(tasks, event.task, record, lease_ends=event.lease_ends)


def expired(tasks: Tasks, event: LeaseExpired, record: Recorded) -> Tasks:
    """The holder's attempt is over; what began earlier and was never answered is still owed."""
    task = tasks.get(event.task)
    running = without(task.running, task.attempts) if task and task.status == "running" else task.running if task else ()
    return changed(tasks, event.task, record, holder=None, lease_ends=None, status="pending", running=running)


EVOLVE: Table = {
    TaskClaimed: claimed,
    LeaseRenewed: renewed,
    LeaseExpired: expired,
}

# --- Commands, and decide: what may be asked, and what we answer ---


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


LeaseCommand = ClaimTask | RenewLease | ExpireLease


def decide(command: LeaseCommand, tasks: Tasks) -> list[Event]:
    """The events that answer *command*; `Refused` when it may not be."""
    match command:
        case ClaimTask():
            return _claim(command, named(tasks, command.task), tasks)
        case RenewLease(task=name):
            return _renew(command, named(tasks, name))
        case ExpireLease(task=name, now=now):
            task = named(tasks, name)
            late = task.holder is not None and task.lease_ends is not None and task.lease_ends <= now
            return [LeaseExpired(task=name, fence=task.fence)] if late else []


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


def _renew(command: RenewLease, task: Task) -> list[Event]:
    if command.fence != task.fence or not _is_held(task, command.now):
        raise Refused(f"The lease {command.fence} of {task.id} is over. Claim the task again.")
    if task.lease_ends == command.lease_ends:
        return []
    return [LeaseRenewed(task=task.id, fence=command.fence, lease_ends=command.lease_ends)]


LEASE = Decider(initial=NONE, decide=decide, evolve=EVOLVE, commands=LeaseCommand.__args__)
