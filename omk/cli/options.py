"""The options that every reading command takes."""

from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    """How the answer is written."""

    TEXT = "text"
    JSON = "json"
    MD = "md"


GoalAddress = Annotated[
    str,
    typer.Argument(
        metavar="[GOAL[@POS]]",
        help="Id, beginning of one, or latest; at 12, -1, head, ready, a UTC time, gate_ran#2, gate:NAME#2, tool:ID.",
    ),
]
FormatOption = Annotated[Format | None, typer.Option("--format", "-f", help="How to write the answer (default: text).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store", metavar="URL", help="Another store: its folder or URL, log.jsonl, or 'runs/*/log.jsonl' (OMK_STORE)."
    ),
]
AllOption = Annotated[bool, typer.Option("--all", help="Goals of every repository in the store, not only of this one.")]


def chosen(form: Format | None, as_json: bool) -> Format:
    """The format asked for. Raises a usage error if it was asked for twice."""
    require_one(form, as_json)
    return Format.JSON if as_json else form or Format.TEXT


def require_one(form: StrEnum | None, as_json: bool) -> None:
    """Raise a usage error if the format was asked for twice."""
    if form is not None and as_json:
        raise typer.BadParameter("Give either --format or --json, not both.")
