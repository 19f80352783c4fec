"""The plan, and the work of the agents."""

from typing import Any

from omk.domain.event import Command
from omk.domain.goal_decider import PlanGoal
from omk.domain.plan import built_in_plan
from omk.domain.proof.holds import executors
from omk.domain.subjects import agent, proposal, task, worktree
from omk.replay.future.course import CONTROLLER, Course, Way
from omk.replay.suppose.fill import WORDS
from omk.replay.suppose.meant import has_succeeded


def plan(course: Course, _: Way) -> None:
    """Plan: what was proposed, with what that waits for, or else the built-in plan."""
    state = course.state
    usual = {one.task: one for one in built_in_plan(WORDS, ())}
    known = {
        one.id: course.event("task_proposed", task=one.id, role=one.role, dependencies=list(one.dependencies))
        for one in sorted(state.task.values(), key=lambda task: task.id)
        if one.status != "rejected"
    }
    if not state.goal.planned_seq:
        wanted = known if any(one.role == task.EXECUTOR for one in known.values()) else {**usual, **known}
        tasks = {**_awaited(course, wanted, usual), **wanted}
        course.ask(PlanGoal(actor=CONTROLLER, tasks=tuple(tasks.values())))
        return
    for one in _awaited(course, known, usual).values():
        course.ask(proposal.ProposeTask(actor=CONTROLLER, proposed=one))
    if not executors(course.state):
        for one in (*known.values(), *usual.values()):
            if one.role == task.EXECUTOR:
                course.ask(proposal.ProposeTask(actor=CONTROLLER, proposed=one))
                course.ask(proposal.AcceptTask(actor=CONTROLLER, task=one.task))


def _awaited(course: Course, tasks: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    """What the tasks wait for and nobody proposed, directly or through others."""
    found: dict[str, Any] = {}
    waiting = [name for one in tasks.values() for name in one.dependencies]
    while waiting:
        name = waiting.pop()
        if name not in tasks and name not in found:
            found[name] = usual.get(name) or course.event("task_proposed", task=name, role=task.CONTROLLER)
            waiting += found[name].dependencies
    return found


def work(course: Course, way: Way) -> None:
    """Let the agents work: each task whose last run did not succeed, or that has changed nothing; one of them in any case
    where another tree is wanted.
    """
    owes = not course.state.worktree.is_changed or not all(_has_own_change(course, one) for one in executors(course.state))
    is_asked = way.another_tree and not owes  # what is owed anyway makes another tree
    for one in executors(course.state):
        needs_run = not has_succeeded(one.id, course.state)
        needs_files = is_asked or not _has_own_change(course, one) or not course.state.worktree.is_changed
        is_asked = False
        if needs_run:
            _run(course, one.id)
        if needs_files:
            course.ask(_files(course, one.id, tree=f"{course.state.seq + 1:040x}"))
        attempt = course.state.task[one.id].attempts
        if course.has(f"task:{one.id}:{attempt}"):
            course.ask(task.FinishTask(actor=CONTROLLER, task=one.id, attempt=attempt))
    if course.state.worktree.unreadable and not way.waive:
        names = [one.id for one in executors(course.state)][:1]
        course.ask(_files(course, next(iter(names), None), tree=course.state.worktree.tree, changes=[]))


def _has_own_change(course: Course, one: task.Task) -> bool:
    """Whether a change of the task is in the tree, or none is due of it."""
    slices = course.state.slice
    is_apart = one.id in slices.conflicts or one.id in slices.waiting
    return not is_apart and (one.id in course.state.worktree.owners or one.excused is not None)


def _run(course: Course, name: str) -> None:
    course.ask(task.RetryTask(actor=CONTROLLER, task=name, reason=WORDS))
    course.ask(task.StartTask(actor=CONTROLLER, task=name, worker=CONTROLLER))
    started = course.event("agent_started", task=name)
    course.ask(agent.StartAgent(actor=CONTROLLER, started=started))
    finished = course.event("agent_finished", task=name, agent=started.agent)
    course.ask(agent.FinishAgent(actor=f"agent:{started.agent}", finished=finished))


def _files(course: Course, name: str | None, **where: Any) -> Command:
    """The work on a task changes files, touches nothing that is guarded, and all of it can be recorded."""
    guarded = list(course.state.worktree.guarded) if where.get("changes") == [] else []
    changed = course.event("files_changed", task=name, guarded=guarded, unreadable=[], **where)
    return worktree.RecordFiles(actor=CONTROLLER, changed=changed)
