"""A file with the tasks of a goal, in TOML or JSON: everything that is wrong with it is said at once."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from omk.domain.graph import faults, violations
from omk.domain.paths import in_scope
from omk.domain.plan import WELL_KNOWN, whole_plan
from omk.domain.proposals import remembered
from omk.domain.subjects.proposal import TaskProposed
from omk.domain.subjects.task import Task
from omk.errors import Unusable
from omk.runtime.fitting import without_middle
from omk.runtime.task_fields import Written, read_task

MOST_BYTES, MOST_PROBLEMS, MOST_NAMES = 4 * 1024 * 1024, 20, 3
MOST_TASKS, SHOWN = 500, 120
BOM = b"\xef\xbb\xbf"
"""What some editors write before UTF-8."""


class Listed(NamedTuple):
    """The tasks of a file, and why no change is due of some of them."""

    tasks: tuple[TaskProposed, ...]
    excused: Mapping[str, str]


def read_tasks(name: str, scope: tuple[str, ...]) -> Listed:
    """The tasks in the file *name*, which may write within *scope* (empty: anywhere). Raises `Unusable`."""
    tables = _tables(name)
    written = [_one(table, number) for number, table in enumerate(tables, start=1)]
    problems = _told_once([(one.task.task, problem) for one in written for problem in one.problems])
    tasks = tuple(_within(one.task, scope) for one in written)
    problems += [*_unsound(tasks), *_strays(tasks, scope)] if tables else ["There is no task."]
    if problems:
        problems = list(dict.fromkeys(problems))
        more = f" And {len(problems) - MOST_PROBLEMS} more." if len(problems) > MOST_PROBLEMS else ""
        shown = " ".join(without_middle(one, 2 * SHOWN) for one in problems[:MOST_PROBLEMS])
        raise Unusable(f"{name} is no plan: {shown}{more} Mend it, and try again.")
    return Listed(tasks, {one.task.task: one.no_change for one in written if one.no_change is not None})


def _told_once(problems: list[tuple[str, str]]) -> list[str]:
    """Each problem once, with the tasks that have it."""
    names: dict[str, list[str]] = {}
    for name, problem in problems:
        names.setdefault(problem, []).append(without_middle(name, SHOWN // MOST_NAMES))
    return [f"{_some(whose)}: {problem}." for problem, whose in names.items()]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _tables(name: str) -> list[Any]:
    """The list of tasks as TOML or JSON has it."""
    content, kind = _content(name), Path(name).suffix.lower()
    try:
        whole = tomllib.loads(content.decode("utf-8-sig")) if kind == ".toml" else msgspec.json.decode(content.removeprefix(BOM))
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{name} is not {'TOML' if kind == '.toml' else 'JSON'}: {error}. Mend it, and try again.") from error
    listed = whole.get("tasks") if isinstance(whole, dict) else whole
    strange = [key for key in whole if key != "tasks"] if isinstance(whole, dict) else []
    if strange:
        raise Unusable(f"{name} has the unknown key '{strange[0]}'. Allowed: tasks.")
    if isinstance(listed, list) and len(listed) > MOST_TASKS:
        raise Unusable(f"{name} lists {len(listed)} tasks; at most {MOST_TASKS} fit into a goal. Make several goals of them.")
    if not isinstance(listed, list):
        raise Unusable(f"{name} lists no tasks. Write {'[[tasks]] tables' if kind == '.toml' else 'a list of objects'} in it.")
    return listed


def _content(name: str) -> bytes:
    file = Path(name)
    if file.suffix.lower() not in {".toml", ".json"}:
        raise Unusable(f"{name} is neither a .toml nor a .json file. Write the tasks as one of these.")
    try:
        if not file.is_file():
            file.stat()
            raise Unusable(f"{name} is no file. Name a file with the tasks.")
        if file.stat().st_size > MOST_BYTES:
            raise Unusable(f"{name} has more than {MOST_BYTES // 1024} KiB. Name a file with the tasks.")
        return file.read_bytes()
    except OSError as error:
        raise Unusable(f"{name} cannot be read: {error.strerror}. Name a file with the tasks.") from error


def _one(table: Any, number: int) -> Written:
    """The task of a table; one without an id goes by its number."""
    is_table = isinstance(table, dict)
    written = read_task(table if is_table else {}, source="person", is_strict=True)
    if not is_table:
        written = written._replace(problems=("it is no table with fields",))
    return written._replace(task=replace(written.task, task=written.task.task or f"task-{number}"))


def _unsound(tasks: tuple[TaskProposed, ...]) -> list[str]:
    """What is wrong with the tasks themselves, and with how they hang together."""
    reserved = [f"{one.task} is the name of a task of omk's own." for one in tasks if one.task in WELL_KNOWN]
    graph: dict[str, Task] = {}
    for place, one in enumerate(whole_plan(tasks)):
        graph[one.task if one.task not in graph else f"{one.task} {place}"] = remembered(one)
    return [*faults(tasks), *reserved, *violations(graph)]


def _within(task: TaskProposed, scope: tuple[str, ...]) -> TaskProposed:
    return task if task.write_set else replace(task, write_set=scope)


def _strays(tasks: tuple[TaskProposed, ...], scope: tuple[str, ...]) -> list[str]:
    beyond = [(one.task, path) for one in tasks for path in one.write_set if scope and not in_scope(path, scope)]
    return [f"{name} writes '{path}', outside the scope {', '.join(scope)} of omk.toml." for name, path in beyond]
