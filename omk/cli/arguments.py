"""The arguments and options of the commands that write, each with its help."""

from typing import Annotated

import typer

GoalArgument = Annotated[str, typer.Argument(metavar="[GOAL]", help="Id, the beginning of one, or latest.")]
AgentOption = Annotated[
    str | None, typer.Option("--agent", metavar="SPEC", help="Who does the work, e.g. 'command:my-agent --yes'.")
]
GateOption = Annotated[
    list[str] | None,
    typer.Option("--gate", metavar="NAME=CMD", help="A gate, as a shell line; replaces configured and detected ones."),
]
ProveOption = Annotated[
    list[str] | None, typer.Option("--prove", metavar="GATE=CHECK", help="What a pass of the gate proves, e.g. smoke.")
]
KindOption = Annotated[str | None, typer.Option("--kind", metavar="KIND", help="What kind of goal this is, instead of a guess.")]
