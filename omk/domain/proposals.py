"""What agents propose, judged by a policy (behaviour 1.7): rules as data, the first that objects says why.

An accepted proposal is sound by that: it depends on nothing that is not there, and collides with no task it is not ordered with.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from omk.domain.collisions import collision
from omk.domain.event import Command, Recorded
from omk.domain.graph import NAME, NAMING
from omk.domain.paths import in_scope, unfit
from omk.domain.plan import WELL_KNOWN
from omk.domain.proof.holds import executors
from omk.domain.state import GoalState
from omk.domain.subjects.proposal import AcceptTask, ProposeTask, RejectTask, TaskProposed
from omk.domain.subjects.proposal import proposed as remember
from omk.domain.subjects.task import EXECUTOR, Task, Tasks

POLICY = "policy:tasks"
"""Who accepts proposals and turns them down."""
PUBLISHING = re.compile(r"(?<![a-z0-9])(?:crates\.io|publish)(?![a-z0-9])")
"""Whole words: neither `publisher` nor `republished` is meant."""
USUAL_SECONDS = 300
MINUTE, SHARE = 60, 4
NOBODY = Recorded(goal="", seq=0, at="", actor="", causes=(), prev="", event=None)


class Proposal(NamedTuple):
    """A task as it was proposed; *objection* (a code and a reason) is what is wrong with how it was written."""

    task: TaskProposed
    objection: tuple[str, str] | None = None


class Verdict(NamedTuple):
    """A proposal as it is recorded, and the rule it breaks with the reason; null: it is accepted."""

    task: TaskProposed
    code: str | None = None
    reason: str = ""


class Batch(NamedTuple):
    """What a proposal is judged against: the goal, the names before it in the batch, and those of its batch that are in.

    *own* is the task whose agent proposes, which ends as the batch is judged; null for the planner.
    """

    state: GoalState
    own: str | None
    seen: frozenset[str]
    accepted: Tasks

    @property
    def tasks(self) -> Mapping[str, Task]:
        """Every task there would be."""
        return {**self.state.task, **self.accepted}

    @property
    def open_tasks(self) -> list[Task]:
        """The tasks whose files are still to be written by others."""
        known = (one for one in executors(self.state) if one.status != "done" and one.id != self.own)
        return [*known, *self.accepted.values()]


# --- The rules ---


def _nameless(task: TaskProposed, _: Batch) -> str | None:
    empty = [name for name in ("task", "title", "description") if not getattr(task, name).strip()]
    if empty:
        return f"It has an empty field: {', '.join(empty).replace('task', 'id')}."
    return None if NAME.fullmatch(task.task) else f"Its id will not do; use {NAMING}."


def _twice(task: TaskProposed, batch: Batch) -> str | None:
    return f"It is a duplicate: {task.task} was proposed before it." if task.task in batch.seen else None


def _known(task: TaskProposed, batch: Batch) -> str | None:
    known = batch.state.task.get(task.task)
    exists = task.task in WELL_KNOWN or (known is not None and known.status != "rejected")
    return f"A task {task.task} exists already." if exists else None


def _timeless(task: TaskProposed, _: Batch) -> str | None:
    seconds = task.budget_seconds
    return f"It has a zero budget: {seconds} seconds." if seconds is not None and seconds <= 0 else None


def _publishes(task: TaskProposed, _: Batch) -> str | None:
    words = PUBLISHING.search("\n".join((task.task, task.description, *task.write_set)).lower())
    return f"It speaks of '{words[0]}', and publishing is disabled." if words else None


def _strays(task: TaskProposed, batch: Batch) -> str | None:
    for path in (*task.read_set, *task.write_set):
        if reason := unfit(path):
            return f"The path '{path}' is outside the allowed goal policy roots: {reason}."
    settings = batch.state.goal.settings
    scope = settings.scope if settings else ()
    beyond = [path for path in task.write_set if scope and not in_scope(path, scope)]
    return f"The path '{beyond[0]}' is outside the allowed goal policy roots {', '.join(scope)}." if beyond else None


def _waits(task: TaskProposed, batch: Batch) -> str | None:
    done = {one.id for one in batch.state.task.values() if one.status == "done"} | {batch.own}
    missing = [name for name in task.dependencies if name not in done and name not in batch.accepted]
    return f"Its dependency is not accepted or completed: {', '.join(missing)}." if missing else None


def _collides(task: TaskProposed, batch: Batch) -> str | None:
    mine = remembered(task)
    for other in batch.open_tasks:
        found = collision(mine, other)
        if found is not None and not _is_ordered(mine, other, batch.tasks):
            sort, path = found
            return f"It has a {sort} conflict with accepted task {other.id}: {path}. Depend on that, or name other paths."
    return None


def _crowds(_: TaskProposed, batch: Batch) -> str | None:
    count, most = len(executors(batch.state)) + len(batch.accepted), batch.state.policy.max_tasks
    return f"The goal has {count} tasks, and may have {most} at most." if count >= most else None


class Rule(NamedTuple):
    """A rule of the policy: its stable code, and why it objects to a proposal (null: it does not)."""

    code: str
    objects: Callable[[TaskProposed, Batch], str | None]


RULES = (
    Rule("task.words", _nameless),
    Rule("task.duplicate", _twice),
    Rule("task.exists", _known),
    Rule("task.budget", _timeless),
    Rule("task.publishing", _publishes),
    Rule("task.paths", _strays),
    Rule("task.dependencies", _waits),
    Rule("task.conflict", _collides),
    Rule("task.limit", _crowds),
)
"""In the order in which they are asked."""

# --- Judging ---


def judged(proposals: Sequence[Proposal], state: GoalState, *, own: str | None = None) -> tuple[Verdict, ...]:
    """What the policy says of each proposal, in order; those before it count. *own* is the task of the agent that proposes."""
    batch = Batch(state=state, own=own, seen=frozenset(), accepted=Tasks())
    verdicts = []
    for one in proposals:
        verdict = _verdict(one, batch)
        verdicts.append(verdict)
        accepted = batch.accepted if verdict.code else batch.accepted.set(verdict.task.task, remembered(verdict.task))
        batch = batch._replace(seen=batch.seen | {one.task.task}, accepted=accepted)
    return tuple(verdicts)


def _verdict(proposal: Proposal, batch: Batch) -> Verdict:
    if proposal.objection is not None:
        return Verdict(proposal.task, *proposal.objection)
    for rule in RULES:
        if reason := rule.objects(proposal.task, batch):
            return Verdict(proposal.task, rule.code, reason)
    return Verdict(_fitted(proposal.task, batch.state))


def _fitted(task: TaskProposed, state: GoalState) -> TaskProposed:
    """The task with no more time than the goal can give, and within the goal's scope."""
    settings = state.goal.settings
    scope = settings.scope if settings else ()
    seconds = USUAL_SECONDS if task.budget_seconds is None else task.budget_seconds
    return replace(task, role=EXECUTOR, write_set=task.write_set or scope, budget_seconds=capped(seconds, state.budget.time_ms))


def capped(requested: int, total_ms: int | None) -> int:
    """The seconds a task gets of a goal that has *total_ms* in all (null: any): a quarter, but a minute where there is one."""
    if total_ms is None:
        return requested
    total = total_ms // 1_000
    return min(requested, max(total, 1) if total < MINUTE else max(total // SHARE, MINUTE))


def remembered(task: TaskProposed) -> Task:
    """The task that a proposal would become."""
    return remember(Tasks(), task, NOBODY)[task.task]


def _is_ordered(task: Task, other: Task, tasks: Mapping[str, Task]) -> bool:
    """Whether one waits for the other, also through others."""
    return other.id in _awaited(task, tasks) or task.id in _awaited(other, tasks)


def _awaited(task: Task, tasks: Mapping[str, Task]) -> set[str]:
    found: set[str] = set()
    todo = [*task.dependencies]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += tasks[name].dependencies if name in tasks else ()
    return found


def commands(verdicts: Iterable[Verdict], state: GoalState, *, agent: str, accepts: bool = True) -> list[Command]:
    """The verdicts as commands: the agent proposes, the policy accepts (where it *accepts*) or turns down.

    One that is turned down and whose name another task has, or no task may have, goes by its number among the agent's.
    """
    given: list[Command] = []
    taken = {name for name, task in state.task.items() if task.status != "rejected"} | WELL_KNOWN
    for number, one in enumerate(verdicts, start=1):
        task = one.task
        if task.task in taken or not NAME.fullmatch(task.task):
            task = replace(task, task=f"{agent}:proposal-{number}")
        taken.add(task.task)
        if one.code is None and not accepts:
            continue
        given.append(ProposeTask(actor=f"agent:{agent}", proposed=task))
        if one.code is None:
            given.append(AcceptTask(actor=POLICY, task=task.task))
        else:
            given.append(RejectTask(actor=POLICY, task=task.task, code=one.code, reason=one.reason))
    return given
