"""What goals may spend and have spent: budget, cost."""

from collections.abc import Iterator
from typing import Annotated, Literal

import typer

from omk.cli.archive import Archive, find, found, opened
from omk.cli.continuing import is_at_work, waits_for
from omk.cli.options import AllOption, Format, FormatOption, GoalAddress, JsonOption, StoreOption, chosen
from omk.cli.output import say, show
from omk.cli.writing import finish, next_command, on_goal
from omk.domain.amounts import micro_dollars, milliseconds, positive
from omk.domain.spending import MORE, ExtendTaskBudget, amount_of
from omk.domain.state import GoalState
from omk.domain.subjects.budget import BudgetExtended, Dimension, ExtendBudget, require_more
from omk.errors import NotFound
from omk.replay.address import parse_address
from omk.replay.spending import budget_document, cost_document
from omk.runtime.session import Session
from omk.views.spending import budget_lines, budget_markdown, cost_lines, cost_markdown

By = Literal["goal", "task", "agent"]


def budget(
    goal: GoalAddress = "latest",
    task: Annotated[str | None, typer.Option("--task", metavar="T", help="Add to this task's own limits.")] = None,
    add_time: Annotated[str | None, typer.Option("--add-time", metavar="D", help="More agents' time, like 30m.")] = None,
    add_tokens: Annotated[int | None, typer.Option("--add-tokens", metavar="N", help="More tokens.")] = None,
    add_usd: Annotated[str | None, typer.Option("--add-usd", metavar="X", help="More dollars.")] = None,
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a goal may spend and has spent, or add to it: omk budget latest --add-time 10m."""
    choice = chosen(form, as_json)
    more = BudgetExtended(
        time_ms=milliseconds("--add-time", add_time, least=1) or 0,
        tokens=positive("--add-tokens", add_tokens) or 0,
        micro_usd=micro_dollars("--add-usd", add_usd) or 0,
    )
    if task is None and more == BudgetExtended(time_ms=0, tokens=0, micro_usd=0):
        _show(goal, choice, store)
        return
    require_more(more)
    _extend(goal, task, more, choice, store)


def _show(goal: str, choice: Format, store: str | None) -> None:
    with found(goal, store, everywhere=False) as one:
        document = budget_document(*one.history.at(one.seq))
    show(choice, document, lambda width: budget_lines(document, width), lambda: budget_markdown(document))


def _extend(goal: str, task: str | None, more: BudgetExtended, choice: Format, store: str | None) -> None:
    with on_goal(goal, "budget", store) as session:
        actor = session.actor
        own = ExtendTaskBudget(actor=actor, task=task, extended=more) if task else ExtendBudget(actor=actor, extended=more)
        done = session.handle(own)
        proof = session.handle.issue_proof(actor)
        if choice is Format.JSON:
            finish(session, proof, form=choice, as_json=False)
        else:
            document = budget_document(session.state, proof)
            show(choice, document, lambda width: budget_lines(document, width), lambda: budget_markdown(document))
        if done:
            added = " and ".join(_added(more))
            say(f"Extended by {added}. {_next(session, task)}")
        else:
            say(f"Nothing to do: {task or session.goal} has no such limit.")


def _added(more: BudgetExtended) -> list[str]:
    """What was added, dimension by dimension."""
    counts: tuple[tuple[Dimension, int], ...] = (("time", more.time_ms), ("tokens", more.tokens), ("usd", more.micro_usd))
    return [amount_of(name, count) + (" tokens" if name == "tokens" else "") for name, count in counts if count]


def _next(session: Session, task: str | None) -> str:
    """How the goal goes on now that it may spend more."""
    state, goal = session.state, session.goal
    if (out := state.budget.exhausted) is not None:
        return f"Still used up: {out.dimension}. More of it: omk budget {goal} {MORE[out.dimension]}"
    if is_at_work(state):
        return "Its controller is at work and goes by the new limit."
    if waits_for(state) is not None:
        return f"Go on: omk resume {goal}"
    if task:
        return f"Go on: omk execute {goal} --task {task}"
    command = next_command(state, session.handle.proof)
    return f"Go on: {command}" if command else ""


def cost(
    goal: Annotated[
        str | None, typer.Argument(metavar="[GOAL[@POS]]", help="One goal, as other commands take it; without: all.")
    ] = None,
    by: Annotated[By, typer.Option("--by", help="What a row is of.")] = "goal",
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    everywhere: AllOption = False,
) -> None:
    """Sum up what goals have spent: omk cost --by task."""
    choice = chosen(form, as_json)
    with opened(store, everywhere=everywhere) as archive:
        document = cost_document(_states(archive, goal), by)
    show(choice, document, lambda width: cost_lines(document, width), lambda: cost_markdown(document))


def _states(archive: Archive | None, goal: str | None) -> Iterator[tuple[str, GoalState]]:
    """The goals that are meant, the oldest first, as they are now or were at the address."""
    if archive is None:
        if goal is not None:
            raise NotFound("There is no goal yet. Start one: omk run GOAL")
        return
    if goal is not None:
        one = find(archive, parse_address(goal))
        yield one.goal, one.history.at(one.seq)[0]
        return
    for known in sorted(archive.goals(), key=lambda one: (one.created_at, one.goal)):
        archive.check(known.goal)
        yield known.goal, archive.history(known.goal).at(archive.heads[known.goal].seq)[0]
