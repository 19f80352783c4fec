"""debug: the time-travel debugger in the terminal. It reads the log, and git for the code; it writes nothing."""

import gc
import sys
from typing import Annotated

import typer

from omk.cli.archive import Found, found
from omk.cli.options import AllOption, StoreOption
from omk.cli.output import is_terminal
from omk.cli.place import here
from omk.errors import Unusable
from omk.replay.address import LATEST

Where = Annotated[
    str,
    typer.Argument(
        metavar="[GOAL[@POS]]",
        help="Id, beginning of one, latest, or a log file ending in .jsonl; at 12, -1, head, ready, a UTC time, gate:NAME#2, …",
    ),
]


def debug(
    address: Where = LATEST,
    store: StoreOption = None,
    everywhere: AllOption = False,
    follow: Annotated[bool, typer.Option("--follow", help="Take in what is recorded while one looks.")] = False,
) -> None:
    """Step through a goal's history, forward and back, in the terminal: omk debug latest@gate_ran#1."""
    if not (is_terminal() and sys.stdin.isatty()):
        raise Unusable("omk debug needs a terminal. To read the history elsewhere: omk replay")
    with found(address, store, everywhere=everywhere) as one:
        _open(one, follow=follow)


def _open(one: Found, *, follow: bool) -> None:
    """Show the debugger until the person leaves it. Raises Damaged if the log turns out to be."""
    from omk.debugger.app import DebuggerApp
    from omk.debugger.code import Code
    from omk.debugger.model.debugger import Debugger
    from omk.debugger.model.tape import Tape

    gc.enable()  # this may be open for hours
    sys.setswitchinterval(0.001)  # keys go before what is folded beside them
    tape = Tape(one.history, one.head, blob=one.blob, patch=Code(here()).patch)
    app = DebuggerApp(Debugger(tape, one.seq, follows=follow))
    app.run()
    if app.damage is not None:
        raise app.damage
