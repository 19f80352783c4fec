"""The task graph: whether it can be carried out at all, and what may start."""

import re
from collections.abc import Mapping, Sequence

from omk.domain.paths import unfit
from omk.domain.subjects.proposal import TaskProposed
from omk.domain.subjects.task import Task

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a task may be called: its name is part of addresses, obligations and the names of worktrees."""
NAMING = "letters, digits, '.', '_' and '-', at most 64 of them, a letter or digit first"


def violations(tasks: Mapping[str, Task]) -> tuple[str, ...]:
    """Everything that is wrong with the graph, as sentences; empty when it is sound."""
    live = {name: task for name, task in tasks.items() if task.status != "rejected"}
    if not live:
        return ("There is no task.",)
    found = [wrong for name in sorted(live) for wrong in _of_task(live[name], live)]
    loop = cycle({name: [one for one in task.dependencies if one != name] for name, task in live.items()})
    return (*found, f"The tasks {' → '.join(loop)} wait for each other.") if loop else tuple(found)


def faults(proposals: Sequence[TaskProposed]) -> tuple[str, ...]:
    """What is wrong with the proposals' own words, names, paths and budgets, as sentences."""
    names = [one.task for one in proposals]
    twice = [f"{name} is proposed twice." for name in dict.fromkeys(names) if names.count(name) > 1]
    return (*twice, *(wrong for one in proposals for wrong in _of_proposal(one)))


def _of_proposal(one: TaskProposed) -> list[str]:
    wrong = [] if NAME.fullmatch(one.task) else [f"'{one.task}' is no name for a task; use {NAMING}."]
    if not (one.title.strip() and one.description.strip()):
        wrong.append(f"{one.task} has no title or no description.")
    if any(not criterion.strip() for criterion in one.acceptance):
        wrong.append(f"{one.task} has an empty acceptance criterion.")
    paths = ((path, unfit(path)) for path in (*one.read_set, *one.write_set))
    wrong += [f"{one.task} names the path '{path}', but {reason}." for path, reason in paths if reason]
    if one.budget_seconds is not None and one.budget_seconds <= 0:
        wrong.append(f"{one.task} has a budget of {one.budget_seconds} seconds; it needs more than none.")
    return wrong


def _of_task(task: Task, tasks: Mapping[str, Task]) -> list[str]:
    wrong = [f"{task.id} depends on {name}, which does not exist." for name in task.dependencies if name not in tasks]
    if task.id in task.dependencies:
        wrong.append(f"{task.id} depends on itself.")
    if not task.acceptance:
        wrong.append(f"{task.id} has no acceptance criterion.")
    return wrong


def cycle(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """One cycle of names that need each other, or an empty list.

    A depth-first search of our own: which cycle `graphlib` names is its own affair, and a proof reads alike on every Python.
    """
    done: set[str] = set()
    for start in sorted(needs):
        path: list[str] = []
        stack = [(start, False)]
        while stack:
            name, leaving = stack.pop()
            if leaving:
                path.pop()
                done.add(name)
            elif name in path:
                return [*path[path.index(name) :], name]
            elif name not in done:
                path.append(name)
                stack.append((name, True))
                stack.extend((one, False) for one in needs[name] if one in needs)
    return []


def startable(tasks: Mapping[str, Task], role: str) -> list[Task]:
    """The pending tasks of *role* whose dependencies are all done, the most urgent first, then in the order of their ids."""
    ready = [task for task in tasks.values() if task.role == role and task.status == "pending"]
    return sorted((one for one in ready if is_free(tasks, one)), key=lambda task: (-task.priority, task.id))


def is_free(tasks: Mapping[str, Task], task: Task) -> bool:
    """Whether all dependencies of the task are done."""
    return all(name in tasks and tasks[name].status == "done" for name in task.dependencies)
