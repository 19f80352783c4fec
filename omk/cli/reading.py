"""Reading one goal, or all: list, status, show, proof."""

from typing import Annotated

import typer

from omk.agents.process import is_alive
from omk.cli.app import NOT_READY
from omk.cli.archive import Archive, Found, found, opened
from omk.cli.options import AllOption, FormatOption, GoalAddress, JsonOption, StoreOption, chosen
from omk.cli.output import say
from omk.cli.output import show as print_document
from omk.domain.ending import left_over
from omk.domain.state import GoalState
from omk.domain.wanted import controlling
from omk.domain.words import counted
from omk.replay.documents import PERMISSIONS, Document, list_entry, permissions_of, state_document
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
            others = counted(len(archive.heads) - len(entries), "goal")
            say(f"Also in this store, of other repositories: {others} (--all).")
    print_document(choice, entries, lambda width: goals.list_lines(entries, width), lambda: markdown.list_markdown(entries))


def _entries(archive: Archive) -> list[Document]:
    known = sorted(archive.goals(), key=lambda one: (one.created_at, one.goal), reverse=True)
    return [_entry(archive, one.goal) for one in known]


def _entry(archive: Archive, goal: str) -> Document:
    archive.check(goal)
    head, history = archive.heads[goal].seq, archive.history(goal)
    one = Found(archive, goal, head, head, history)
    pair = history.at(head)
    _tell_of_death(one, pair[0])
    return one.resolved(list_entry(*pair))


def _tell_of_death(one: Found, state: GoalState) -> None:
    """Say on stderr if nobody works on a goal of this repository that still reads as running: the log cannot know."""
    active, is_now = state.controller.active, one.seq == one.head
    if active is None or not is_now or one.archive.repository is None or is_alive(active.pid, active.started):
        return
    if state.goal.cancelled is None:
        say(f"The controller of {one.goal} (process {active.pid}) died. Go on: omk resume {one.goal}")


def _tell_of_rest(one: Found, state: GoalState) -> None:
    """Say if a controller was stopped before all was done that it was asked for, and nothing else holds the goal up."""
    is_at_rest = state.controller.active is None and state.controller.starts and controlling(state) is None
    if one.seq == one.head and is_at_rest and left_over(state):
        say(f"Not all that was asked for is done. Go on: omk resume {one.goal}")


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
        _tell_of_death(one, pair[0])
        _tell_of_rest(one, pair[0])
        state, proof = one.resolved(state_document(*pair)), one.resolved(proof_document(*pair))
    names = ("goal", "status", "phase", "prompt", "created_at", "updated_at", "tree")
    short = {name: state[name] for name in names}
    short |= {
        "seq": proof["seq"],
        "readiness": proof["readiness"],
        "gaps": [gap["code"] for gap in proof["gaps"]],
        "stagnation": state["stagnation"],
    }
    short["tasks"] = [{"id": one["id"], "role": one["role"], "status": one["status"]} for one in state["tasks"]]
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
        state["permissions"] = permissions_of(one.history.pick(PERMISSIONS, 0, one.seq))
        state = one.resolved(state)
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
