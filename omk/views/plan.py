"""A plan: the tasks that change the project, what each waits for and may write, and what follows them."""

from typing import Any

from omk.domain.duration import SECOND
from omk.domain.plan import PLAN
from omk.domain.subjects.task import EXECUTOR
from omk.views.lines import Line, Span, badge, heading, line, style_of, task_word, wrapped
from omk.views.markdown import code, escaped, table
from omk.views.rows import described
from omk.views.times import took

Document = dict[str, Any]


def plan_lines(plan: Document, width: int) -> list[Line]:
    """The plan as text."""
    lines = [line(badge(plan["status"]), "  ", Span(plan["goal"], "bold"))]
    lines += wrapped(plan["prompt"] or "", width, indent="  ", style="name")
    work, rejected, rest = _sorted(plan["tasks"])
    if not work:
        return [*lines, *heading("No plan yet")]
    lines += heading(f"Plan ({len(work)})")
    for task in work:
        lines.append(line("  ", Span(task["id"], "bold"), "  ", Span(task_word(task["status"]), style_of(task["status"]))))
        lines += wrapped(" ".join((task["title"] or "").split()), width, indent="    ")
        facts = [(Span(f"  {name}", "dim"), Span(text)) for name, text in _facts(task)]
        lines += described(facts, width)
    after = wrapped(", ".join(one["id"] for one in rest), width, indent="  ", style="dim")
    lines += [*heading("Then"), *after] if rest else []
    rows = [(Span(one["id"], "bold"), Span(" ".join((one["reason"] or "").split()))) for one in rejected]
    lines += [*heading("Proposed and not taken"), *described(rows, width)] if rows else []
    is_done = all(one["status"] == "done" for one in work)
    return lines if is_done else [*lines, *heading("Next"), *_next(plan, width)]


def _next(plan: Document, width: int) -> list[Line]:
    """What to type to have the plan carried out; where no agent is named, that one is needed."""
    if plan["agent"] is not None:
        return [line(f"  omk resume {plan['goal']}")]
    told = "No agent is named yet. SPEC is who does the work: 'command:' and any shell line, such as 'command:my-agent --yes'."
    return [line(f"  omk resume {plan['goal']} --agent SPEC"), *wrapped(told, width, indent="  ", style="dim")]


def _sorted(tasks: list[Document]) -> tuple[list[Document], list[Document], list[Document]]:
    """The agents' tasks, what was turned down, and what omk does itself that is not done."""
    rejected = [one for one in tasks if one["status"] == "rejected"]
    work = [one for one in tasks if one["role"] == EXECUTOR and one["status"] != "rejected"]
    return _in_order(work), rejected, [one for one in tasks if one["role"] != EXECUTOR and one["status"] != "done"]


def _in_order(work: list[Document]) -> list[Document]:
    """Each task after those that it waits for."""
    waiting, told = {one["id"]: one for one in work}, list[Document]()
    while waiting:
        free = [one for one in waiting.values() if not any(name in waiting for name in one["dependencies"])]
        told += free or waiting.values()
        waiting = {name: one for name, one in waiting.items() if one not in told}
    return told


def _facts(task: Document) -> list[tuple[str, str]]:
    after, budget = _awaited(task), task["budget_seconds"]
    facts = [
        ("after", ", ".join(after)),
        ("reads", ", ".join(task["read_set"])),
        ("writes", ", ".join(task["write_set"]) or "anywhere, so nothing is done beside it"),
        ("done when", " ".join(" ".join(one.split()) for one in task["acceptance"])),
        ("priority", str(task["priority"]) if task["priority"] else ""),
        ("time", took(budget * SECOND) if budget is not None else ""),
    ]
    return [(name, text) for name, text in facts if text]


def _awaited(task: Document) -> list[str]:
    """What a task waits for, but for the plan itself."""
    return [name for name in task["dependencies"] if name != PLAN]


def plan_markdown(plan: Document) -> list[str]:
    """The plan as Markdown."""
    work, rejected, rest = _sorted(plan["tasks"])
    rows = [
        (
            code(one["id"]),
            task_word(one["status"]),
            escaped(one["title"] or ""),
            ", ".join(code(name) for name in _awaited(one)),
            ", ".join(code(path) for path in one["write_set"]) or "anywhere",
        )
        for one in work
    ]
    lines = ["# Plan", "", f"{code(plan['goal'])}: {escaped(plan['prompt'] or '')}", ""]
    lines += table(("task", "status", "title", "after", "writes"), rows)
    lines += [f"Then: {', '.join(code(one['id']) for one in rest)}", ""] if rest else []
    turned = [f"- {code(one['id'])}: {escaped(one['reason'] or '')}" for one in rejected]
    return [*lines, "## Proposed and not taken", "", *turned, ""] if turned else lines
