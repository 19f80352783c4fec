"""Explaining one goal: why it is not ready, and how its verdict came about."""

from typing import Annotated

import typer

from omk.cli.archive import Found, found
from omk.cli.options import AllOption, Format, FormatOption, GoalAddress, JsonOption, StoreOption, chosen
from omk.cli.output import say, show
from omk.replay.documents import stagnation_of, with_output_tails
from omk.replay.explain.chain import with_chains
from omk.replay.explain.diagnose import diagnose_document
from omk.replay.explain.verdicts import verdicts_document
from omk.replay.explain.why import halt_of, why_document
from omk.views import markdown
from omk.views.diagnose import diagnose_lines, diagnose_markdown
from omk.views.verdicts import verdict_lines
from omk.views.why import why_lines


def why(
    address: GoalAddress = "latest",
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    everywhere: AllOption = False,
    chain: Annotated[bool, typer.Option("--chain", help="Also what led to each gap, event by event.")] = False,
) -> None:
    """Explain why a goal is not ready, and what would make it so: omk why latest@gate_ran#2."""
    choice = chosen(form, as_json)
    with found(address, store, everywhere=everywhere) as one:
        state, verdict = one.history.at(one.seq)
        told = why_document(verdict) | {"stagnation": stagnation_of(state), "halt": halt_of(state)}
        document = with_output_tails(one.resolved(told), state, one.blob)
        document = with_chains(document, state, one.history) if chain else document
    show(choice, document, lambda width: why_lines(document, width), lambda: markdown.why_markdown(document))
    mention_now(one, choice)


def diagnose(
    address: GoalAddress = "latest",
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    everywhere: AllOption = False,
) -> None:
    """Tell what each pass of a loop came to, and why it stands still if it does: omk diagnose latest."""
    choice = chosen(form, as_json)
    with found(address, store, everywhere=everywhere) as one:
        told = one.resolved(diagnose_document(*one.history.at(one.seq)))
    show(choice, told, lambda width: diagnose_lines(told, width), lambda: diagnose_markdown(told))


def mention_now(one: Found, choice: Format) -> None:
    """Say that the commands that were shown for a moment of the past act on the goal as it is now."""
    if choice != Format.JSON and one.seq < one.head:
        say(f"The commands act on the goal as it is now, at event {one.head}: omk why {one.goal}")


def verdicts(
    address: GoalAddress = "latest",
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    everywhere: AllOption = False,
) -> None:
    """List the events that changed which gaps are open, or the status: omk verdicts latest@ready."""
    choice = chosen(form, as_json)
    with found(address, store, everywhere=everywhere) as one:
        goal, changes = one.goal, verdicts_document(one.history, one.seq)
    show(
        choice,
        changes,
        lambda width: verdict_lines(goal, changes, width),
        lambda: markdown.verdicts_markdown(goal, changes),
    )
