"""replay --redecide: today's controller is asked again at each record, and what it would do otherwise is printed."""

import typer

from omk.cli.app import DAMAGED
from omk.cli.archive import Found
from omk.cli.options import Format
from omk.cli.output import show
from omk.replay.redecide.document import redecision_document
from omk.views.redecide import redecide_lines, redecide_markdown


def ask_again(one: Found, form: Format) -> None:
    """Print what came of asking again up to the address; exits with 5 when something is answered otherwise."""
    document = redecision_document(one.history, one.seq)
    show(form, document, lambda width: redecide_lines(document, width), lambda: redecide_markdown(document))
    if document["differences"]:
        raise typer.Exit(DAMAGED)
