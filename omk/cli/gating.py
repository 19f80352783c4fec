"""The gates of a goal: what they said, and their breakers, which a person may close."""

from typing import Annotated

import typer

from omk.cli.archive import found
from omk.cli.options import AllOption, Format, FormatOption, GoalAddress, JsonOption, StoreOption, chosen
from omk.cli.output import say, show
from omk.cli.writing import on_goal
from omk.domain.subjects.gate import CloseBreaker
from omk.domain.text import resolve
from omk.replay.gates_document import Document, gates_document
from omk.runtime.session import Session
from omk.views.gates import gates_lines, gates_markdown


def gates(
    address: GoalAddress = "latest",
    reset: Annotated[list[str] | None, typer.Option("--reset", metavar="GATE", help="Close this gate's breaker.")] = None,
    reset_all: Annotated[bool, typer.Option("--reset-all", help="Close the breaker of every gate.")] = False,
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    everywhere: AllOption = False,
) -> None:
    """Say what each gate said and whether its breaker lets it run, or close breakers: omk gates latest --reset tests."""
    choice = chosen(form, as_json)
    if not reset and not reset_all:
        with found(address, store, everywhere=everywhere) as one:
            document = one.resolved(gates_document(one.history.at(one.seq)[0]))
        _print(choice, document)
        return
    with on_goal(address, "gates --reset", store) as session:
        _close(session, list(session.state.gate.order) if reset_all else list(reset or ()))
        _print(choice, resolve(gates_document(session.state), session.handle.record_at))


def _close(session: Session, names: list[str]) -> None:
    """Close the breakers of these gates, all in one append."""
    if session.handle(*(CloseBreaker(actor=session.actor, gate=name) for name in names)):
        session.handle.issue_proof(session.actor)
    else:
        say("Nothing to do: no breaker is open.")


def _print(choice: Format, document: Document) -> None:
    show(choice, document, lambda width: gates_lines(document, width), lambda: gates_markdown(document))
