"""debug: the time-travel debugger in the terminal. It reads the log, and git for the code; it writes nothing."""

import gc
import sys
from typing import Annotated

import typer

from omk.cli.archive import Found, found
from omk.cli.options import AllOption, StoreOption
from omk.cli.output import is_terminal
from omk.errors import OmkError, Unusable
from omk.log.place import here
from omk.replay.address import LATEST


class Defect(OmkError):
    """The debugger met what it was not made for. Report it."""

    def __init__(self, error: Exception, goal: str) -> None:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        super().__init__(f"this is a defect of omk: {said}; please report it with the output of `omk replay {goal} --json`.")


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
    """Step through a goal's history, forward and back: omk debug latest@gate_ran#1."""
    if not (is_terminal() and sys.stdin.isatty() and sys.stderr.isatty()):
        raise Unusable("omk debug needs a terminal. To read the history elsewhere: omk replay")
    with found(address, store, everywhere=everywhere) as one:
        _open(one, follow=follow)


def _open(one: Found, *, follow: bool) -> None:
    """Show the debugger until the person leaves it. Raises Damaged if the log turns out to be, Defect if omk does."""
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
    if isinstance(app.defect, OSError):
        raise app.defect  # the disk's, or the system's
    if app.defect is not None:
        raise Defect(app.defect, one.goal) from app.defect
