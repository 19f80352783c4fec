"""The command line: a table of commands, of which only the one that was named is imported, and the exit codes."""

import gc
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer

from omk.errors import Interrupted, OmkError

COMMANDS: dict[str, str] = {
    "run": "omk.cli.working:run",
    "plan": "omk.cli.working:plan",
    "execute": "omk.cli.working:execute",
    "verify": "omk.cli.working:verify",
    "review": "omk.cli.working:review",
    "gates": "omk.cli.gating:gates",
    "list": "omk.cli.reading:list_goals",
    "status": "omk.cli.reading:status",
    "show": "omk.cli.reading:show",
    "proof": "omk.cli.reading:proof",
    "why": "omk.cli.explaining:why",
    "diagnose": "omk.cli.explaining:diagnose",
    "verdicts": "omk.cli.explaining:verdicts",
    "replay": "omk.cli.replaying:replay",
    "when": "omk.cli.querying:when",
    "diff": "omk.cli.querying:diff",
    "unblock": "omk.cli.supposing:unblock",
    "whatif": "omk.cli.supposing:whatif",
    "minimize": "omk.cli.minimizing:minimize",
    "debug": "omk.cli.debugging:debug",
    "accept": "omk.cli.operating:accept",
    "reject": "omk.cli.operating:reject",
    "decide": "omk.cli.operating:decide",
    "waive": "omk.cli.operating:waive",
    "merge": "omk.cli.operating:merge",
    "pr": "omk.cli.publishing:pr",
    "pause": "omk.cli.operating:pause",
    "resume": "omk.cli.operating:resume",
    "cancel": "omk.cli.operating:cancel",
    "budget": "omk.cli.spending:budget",
    "cost": "omk.cli.spending:cost",
    "ask": "omk.cli.permission:ask",
    "fork": "omk.cli.travelling:fork",
    "checkout": "omk.cli.travelling:checkout",
    "bisect": "omk.cli.travelling:bisect",
    "sql": "omk.cli.asking:sql",
    "stats": "omk.cli.stats:stats",
    "audit": "omk.cli.auditing:audit",
    "lake": "omk.cli.syncing:lake",
    "fsck": "omk.cli.checking:fsck",
    "demo": "omk.cli.demo:demo",
}
"""Command to `module:function`."""

SUMMARIES: dict[str, str] = {
    "run": "Carry a goal from words to proof",
    "plan": "Take a goal in and plan it, without starting any work",
    "execute": "Let the agent work once more on each task, or with --task on some, from the tree as it is",
    "verify": "Run every gate on the tree as it is",
    "review": "Make the six review passes over the change as it is",
    "gates": "Say what each gate said and whether its breaker lets it run, or close breakers",
    "list": "List the goals of this repository, newest first",
    "status": "Say where a goal stands, in a few lines",
    "show": "Show everything that is known of a goal",
    "proof": "Judge a goal: ready with the evidence, or not and why",
    "why": "Explain why a goal is not ready, and what would make it so",
    "diagnose": "Tell what each pass of a loop came to, and why it stands still if it does",
    "verdicts": "List the events that changed which gaps are open, or the status",
    "replay": "Reconstruct a goal's history: timeline, state and proof",
    "when": "Find the event at which something came true or changed",
    "diff": "Compare two moments: state, proof, and with --files the code",
    "unblock": "Find what would make a goal ready, as sequences of events",
    "whatif": "Fold a goal's history without some events, or with others",
    "minimize": "Write the fewest events that are judged alike, as a new folder",
    "debug": "Step through a goal's history, forward and back",
    "accept": "Accept the change as it is now",
    "reject": "Reject the change as it is now",
    "decide": "Answer what blocks a goal",
    "waive": "Take a rule on yourself, for this tree",
    "merge": "Bring a ready change into its branch",
    "pause": "Start nothing more on a goal for now, and stop what runs",
    "pr": "Show a goal's pull request, and open or update it if the goal is delivered by one",
    "resume": "Go on with a goal that is paused or planned, or whose controller died",
    "cancel": "Give a goal up for good",
    "budget": "Show what a goal may spend and has spent, or add to it",
    "cost": "Sum up what goals have spent",
    "ask": "Ask, as an agent, whether it may do something",
    "fork": "Begin a new goal in another's past, with its files",
    "checkout": "Write the code as it was at a moment into an empty folder",
    "bisect": "Find the step that broke a gate, by running it again",
    "sql": "Ask the lake in SQL",
    "stats": "Answer a named question about all past runs",
    "audit": "Write one page about a goal that an auditor can read",
    "lake": "Build the lake that SQL asks, anew if need be, or say what is in it",
    "fsck": "Check log, chain, texts, outputs, anchors and verdicts",
    "demo": "Tell the whole story on a throw-away repository, offline",
}
"""What `omk --help` says of each command without importing it; a test compares it with the command's own help."""

SHORT = (
    *("omk.cli.reading:", "omk.cli.replaying:", "omk.cli.checking:", "omk.cli.querying:"),
    *("omk.cli.supposing:", "omk.cli.explaining:", "omk.cli.asking:", "omk.cli.spending:"),
)
"""Where the commands are that make values and no cycles, and then end: the collector would cost them 10 ms for nothing."""
ALIAS = "goal"
DONE, FAILED, NOT_READY, DAMAGED, INTERRUPTED = 0, 1, 3, 5, 130


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line.

    The answer is the exit code: 0 done, 1 failure, 2 usage, 3 not ready, 5 damage, 130 interrupted.
    """
    _open_streams()
    words = list(arguments)
    if words[:1] == [ALIAS]:
        words = words[1:]
    words = words or ["--help"]
    try:
        command = typer.main.get_command(application(words[0]))
        if not COMMANDS.get(words[0], "").startswith(SHORT):
            gc.enable()
        command.main(args=words, prog_name="omk")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else DONE if end.code is None else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Interrupted as end:
        _complain(str(end))
        return INTERRUPTED
    except OmkError as problem:
        return _complain(str(problem))
    except BrokenPipeError:
        return DONE
    except OSError as problem:
        where = f"{problem.filename}: " if problem.filename else ""
        return _complain(f"{where}{problem.strerror or problem}. Check that omk may use it, and that the disk has room.")
    return DONE


def application(named: str) -> typer.Typer:
    """The application with the command that was named, or with the summaries of all if none was."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
    app.callback()(root)
    if named in COMMANDS:
        app.command(named)(loaded(COMMANDS[named]))
        return app
    for name, summary in SUMMARIES.items():
        app.command(name, help=f"{summary}.")(root)
    return app


def root() -> None:
    """Drives coding agents on a git repository: every goal goes from prompt to proof, and can be replayed."""


def loaded(place: str) -> Callable[..., Any]:
    """The function that `module:function` names."""
    module, _, name = place.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def _open_streams() -> None:
    """Let what is written to a stream that the caller closed go nowhere, and no file be taken for that stream."""
    for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            file = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
            setattr(sys, name, os.fdopen(file, "w" if number else "r", encoding="utf-8"))


def _complain(text: str) -> int:
    from omk.cli.output import say

    say(text)
    return FAILED
