"""The arguments and options of the commands that write, each with its help."""

from typing import Annotated

import typer

from omk.domain.subjects.policy import Flaky

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
NeedsOption = Annotated[
    list[str] | None, typer.Option("--needs", metavar="GATE=OTHER", help="What has to pass before the gate runs (or A,B).")
]
AtOnceOption = Annotated[int | None, typer.Option("--gates-at-once", metavar="N", help="Gates at once at most.")]
RerunOption = Annotated[int | None, typer.Option("--rerun-failed", metavar="N", help="Run a red gate again, so often at most.")]
FlakyOption = Annotated[Flaky | None, typer.Option("--flaky", help="What a pass after a red run on the same tree counts as.")]
KindOption = Annotated[str | None, typer.Option("--kind", metavar="KIND", help="What kind of goal this is, instead of a guess.")]
