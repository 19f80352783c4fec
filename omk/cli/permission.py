"""The one command that is an agent's and not a person's: asking what it may do."""

from typing import Annotated

import typer

from omk.cli.output import write_text
from omk.domain.subjects.agent import Action
from omk.errors import Refused
from omk.runtime.channel import ask as ask_controller


def ask(
    title: Annotated[str, typer.Argument(metavar="WHAT", help="What the agent wants to do, in words or as a command.")],
    kind: Annotated[Action, typer.Option("--kind", help="What sort of thing that is.")] = "other",
) -> None:
    """Ask, as an agent, whether it may do something: omk ask "rm -r build" --kind delete."""
    reply = ask_controller(kind, title)
    if reply.answer == "refused":
        raise Refused(f"Refused ({reply.rule}). Do without it, or ask for something else.")
    write_text(f"Allowed ({reply.rule}).\n")
