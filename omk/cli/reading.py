"""Reading one goal, or all: list, status, show, proof."""

from typing import Annotated

import typer

from omk.cli.app import NOT_READY
from omk.cli.archive import Archive, Found, found, opened
from omk.cli.options import AllOption, FormatOption, GoalAddress, JsonOption, StoreOption, chosen
from omk.cli.output import say
from omk.cli.output import show as print_document
from omk.replay.documents import Document, list_entry, state_document
from omk.replay.proof_document import proof_document
from omk.views import goals, markdown
from omk.views.proof import proof_lines


def list_goals(
    form: FormatOption = None, as_json: JsonOption = False, store: StoreOption = None, everywhere: AllOption = False
) -> None:
    """List the goals of this repository, newest first: omk list --json."""
    choice = chosen(form, as_json)
    with opened(store, everywhere=everywhere) as archive:
        entries = [] if archive is None else _entries(archive)
        if archive is not None and len(entries) < len(archive.heads):
            say(f"{len(archive.heads) - len(entries)} goal(s) of other repositories are in this store too: --all")
    print_document(choice, entries, lambda width: goals.list_lines(entries, width), lambda: markdown.list_markdown(entries))


def _entries(archive: Archive) -> list[Document]:
    known = sorted(archive.goals(), key=lambda one: (one.created_at, one.goal), reverse=True)
    return [_entry(archive, one.goal) for one in known]


def _entry(archive: Archive, goal: str) -> Document:
    archive.check(goal)
    head, history = archive.heads[goal].seq, archive.history(goal)
    one = Found(archive, goal, head, head, history)
    return one.resolved(list_entry(*history.at(head)))


def status(
    address: GoalAddress = "latest",
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    everywhere: AllOption = False,
) -> None:
    """Say where a goal stands, in a few lines: omk status latest."""
    choice = chosen(form, as_json)
    with found(address, store, everywhere=everywhere) as one:
        pair = one.history.at(one.seq)
        state, proof = one.resolved(state_document(*pair)), one.resolved(proof_document(*pair))
    names = ("goal", "status", "phase", "prompt", "created_at", "updated_at", "tree")
    short = {name: state[name] for name in names}
    short |= {
        "seq": proof["seq"],
        "readiness": proof["readiness"],
        "gaps": [gap["code"] for gap in proof["gaps"]],
        "stagnation": state["stagnation"],
    }
    print_document(choice, short, lambda width: goals.status_lines(state, proof, width), lambda: markdown.state_markdown(state))


def show(
    address: GoalAddress = "latest",
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    everywhere: AllOption = False,
) -> None:
    """Show everything that is known of a goal: omk show latest@12 --json."""
    choice = chosen(form, as_json)
    with found(address, store, everywhere=everywhere) as one:
        state = one.resolved(state_document(*one.history.at(one.seq)))
        state["forks"] = one.archive.forks(one.goal)
    print_document(choice, state, lambda width: goals.show_lines(state, width), lambda: markdown.state_markdown(state))


def proof(
    address: GoalAddress = "latest",
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    everywhere: AllOption = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 3 unless the verdict is ready.")] = False,
) -> None:
    """Judge a goal: ready with the evidence, or not and why: omk proof latest --check."""
    choice = chosen(form, as_json)
    with found(address, store, everywhere=everywhere) as one:
        document = one.resolved(proof_document(*one.history.at(one.seq)))
    print_document(choice, document, lambda width: proof_lines(document, width), lambda: markdown.proof_markdown(document))
    if check and document["status"] != "ready":
        raise typer.Exit(NOT_READY)
