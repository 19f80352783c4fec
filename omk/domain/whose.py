"""Whose a gap is: of several tasks, those that the state shows it to come from; else it is everybody's."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from omk.domain.paths import PROJECT_FILES, in_scope
from omk.domain.proof.gaps import ENDED
from omk.domain.proof.holds import executors
from omk.domain.proof.rules import Rule, judged
from omk.domain.state import GoalState
from omk.domain.subjects.task import Task

Claims = dict[str, str]
"""A task's id to the words that say why a gap is its own."""
NOBODY = "nothing shows whose the open gaps are, and this task was tried least"
_WORDS = re.compile(r"[^\s'\"`;|&<>()=]+")


def owed_by_agent(state: GoalState) -> tuple[str, ...]:
    """The codes of the gaps that another attempt of the agent may close, and that do not only follow from others."""
    lacks = {code: (rule, rule.lack(state, code)) for rule, code in _open(state)}
    own = (code for code, (_, lack) in lacks.items() if lacks.keys().isdisjoint(lack.follows_from))
    return tuple(code for code in own if (lacks[code][1].owner or lacks[code][0].owed_by) == "agent")


def _open(state: GoalState) -> list[tuple[Rule, str]]:
    return [(rule, code) for rule, code, evidence in judged(state) if evidence is None]


def claims(state: GoalState, code: str) -> Claims:
    """The tasks that the gap *code* comes from, and how one sees it; none where nothing tells."""
    family, _, name = code.partition(".")
    find = FAMILIES.get(code) or FAMILIES.get(family)
    return find(state, name) if find else {}


def _unsuccessful(state: GoalState, _: str) -> Claims:
    found: Claims = {}
    for task in executors(state):
        run = state.agent.last.get(task.id)
        if run is None or run.outcome is None:
            found[task.id] = "no agent has ended its work on it yet"
        elif run.outcome != "succeeded":
            found[task.id] = f"its agent {ENDED[run.outcome]}"
    return found


def _idle_or_apart(state: GoalState, _: str) -> Claims:
    found: Claims = {}
    for task in executors(state):
        if task.id in state.slice.conflicts:
            found[task.id] = f"its work conflicts in {', '.join(state.slice.conflicts[task.id].paths)}"
        elif task.id in state.slice.waiting:
            found[task.id] = "its work is not merged yet"
        elif task.id not in state.worktree.owners and task.excused is None:
            found[task.id] = "it changed no file"
    return found


def _outside(state: GoalState, _: str) -> Claims:
    return {name: f"it changed {', '.join(one.paths)} outside its scope" for name, one in state.worktree.outside}


def _reviewed(state: GoalState, review: str) -> Claims:
    """Reviews name paths: those who changed them last, or may write them."""
    said = state.review.by_pass.get(review)
    return _of_paths(state, f"review.{review} objects to", [one.path for one in said.findings] if said else [])


def _gated(state: GoalState, gate: str) -> Claims:
    """A gate's command may name paths."""
    known = state.gate.by_name.get(gate)
    words = [word for part in known.definition.command for word in _WORDS.findall(part)] if known else []
    return _of_paths(state, f"gate.{gate} runs", [word.removeprefix("./") for word in words])


def _of_paths(state: GoalState, said: str, paths: Sequence[str]) -> Claims:
    found: Claims = {}
    for path in dict.fromkeys(paths):
        author = state.progress.authors.get(path)
        if author is not None and author in state.task:
            found.setdefault(author, f"{said} {path}, which it changed last")
            continue
        for task in executors(state):
            scope = [one for one in task.write_set if one != PROJECT_FILES]
            if path and in_scope(path, scope):
                found.setdefault(task.id, f"{said} {path}, which lies in its scope")
    return found


FAMILIES: dict[str, Callable[[GoalState, str], Claims]] = {
    "agent.executed": _unsuccessful,
    "files.changed": _idle_or_apart,
    "scope.respected": _outside,
    "review": _reviewed,
    "gate": _gated,
}
"""How one sees whose a gap is, by its code or by the family it is of."""


class Choice(NamedTuple):
    """The task to try again, the codes that concern it, and why it is this one (empty where there is no other)."""

    task: Task
    gaps: tuple[str, ...]
    because: str


def concerning(state: GoalState, task: str) -> dict[str, str]:
    """The codes that the agents owe and that are not other tasks' alone, with the words that make one this task's own."""
    if len(executors(state)) == 1:
        return dict.fromkeys(owed_by_agent(state), "")
    known = {code: claims(state, code) for code in owed_by_agent(state)}
    return {code: found.get(task, "") for code, found in known.items() if task in found or not found}


def choice(state: GoalState, tasks: Sequence[Task], tries: Callable[[str], int]) -> Choice | None:
    """Of *tasks* the one that most of the gaps come from, of those the one that was tried least; None: none of them."""
    codes = {one.id: concerning(state, one.id) for one in tasks}
    concerned = [one for one in tasks if codes[one.id]]
    if not concerned:
        return None
    best = min(concerned, key=lambda one: (-sum(map(bool, codes[one.id].values())), tries(one.id), one.id))
    return Choice(best, tuple(codes[best.id]), because(state, best.id))


def because(state: GoalState, task: str) -> str:
    """Why a gap of several tasks is this one's to close; empty where it is the only one."""
    if len(executors(state)) == 1:
        return ""
    return "; ".join(words for words in concerning(state, task).values() if words) or NOBODY
