"""whatif, unblock: what did not happen, or not yet. Only looked at; nothing is written anywhere."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer

from omk.cli.archive import Found, found
from omk.cli.explaining import mention_now
from omk.cli.options import AllOption, Format, FormatOption, GoalAddress, JsonOption, StoreOption, chosen
from omk.cli.output import say, show
from omk.domain.event import kind_of
from omk.domain.proof.gaps import Missing
from omk.errors import Refused, Unusable
from omk.replay.address import locate
from omk.replay.documents import Document, plain
from omk.replay.explain.unblock import unblock as ways_to_ready
from omk.replay.suppose.reading import read_events
from omk.replay.suppose.whatif import WhatIf, what_if
from omk.replay.timeline import Entry, timeline_entry
from omk.views.unblock import unblock_lines, unblock_markdown
from omk.views.whatif import SHOWN, whatif_lines, whatif_markdown

DropOption = Annotated[
    list[str] | None, typer.Option("--drop", metavar="POS", help="Without this event and what rests on it; repeatable.")
]
ReplaceOption = Annotated[
    list[str] | None,
    typer.Option("--replace", metavar="POS=FILE", help="The event of FILE in the place of this one; repeatable."),
]
AddOption = Annotated[
    list[str] | None, typer.Option("--add", metavar="FILE", help="The events of FILE (JSON; - is stdin) at the end; repeatable.")
]
Read = Callable[[str], list[Missing]]
STDIN = "-"


def whatif(
    address: GoalAddress = "latest",
    drop: DropOption = None,
    replace: ReplaceOption = None,
    add: AddOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    everywhere: AllOption = False,
) -> None:
    """Fold a goal's history without some events, or with others: omk whatif latest --drop gate_ran#1."""
    choice = chosen(form, as_json)
    if not (drop or replace or add):
        raise Refused(
            "Nothing to suppose. Give --drop POS, --replace POS=FILE or --add FILE, e.g. omk whatif latest --drop gate_ran#1."
        )
    read = _reader()
    added = [one for name in add or () for one in read(name)]
    with found(address, store, everywhere=everywhere) as one:
        others: dict[int, Missing] = {}
        for seq, event in (_replacement(one, text, read) for text in replace or ()):
            if seq in others:
                raise Refused(f"Event {seq} is replaced twice. Give one --replace for it.")
            others[seq] = event
        told = what_if(one.history, one.seq, [_place(one, position) for position in drop or ()], added, replace=others)
        entries = [] if choice == Format.JSON else list(_entries(one, told.dropped[:SHOWN]))
    document = _document(told)
    show(
        choice,
        document,
        lambda width: whatif_lines(document, entries, width),
        lambda: whatif_markdown(document, entries),
    )


def unblock(
    address: GoalAddress = "latest",
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    everywhere: AllOption = False,
) -> None:
    """Find what would make a goal ready, as sequences of events: omk unblock latest --json."""
    choice = chosen(form, as_json)
    with found(address, store, everywhere=everywhere) as one:
        moment = one.history.moment(one.seq)
    told = ways_to_ready(moment.state, moment.standing)
    if choice == Format.JSON and told.reason is not None:
        say(told.reason)
    document = [[{"kind": step.kind, "where": step.where} for step in way] for way in told.ways]
    show(choice, document, lambda width: unblock_lines(told, width), lambda: unblock_markdown(told))
    if told.ways:
        mention_now(one, choice)


def _document(told: WhatIf) -> Document:
    """`{goal, hypothetical, seq, dropped, added, before, after, opened, closed}`."""
    return {
        "goal": told.goal,
        "hypothetical": True,
        "seq": told.seq,
        "dropped": list(told.dropped),
        "added": [kind_of(event) for event in told.added],
        "before": plain(told.before),
        "after": plain(told.after),
        "opened": list(told.opened),
        "closed": list(told.closed),
    }


def _place(one: Found, position: str) -> int:
    """The seq of a position in the history up to the address. Raises NotFound or Refused."""
    upto = one.seq
    seq = locate(
        position,
        goal=one.goal,
        head=upto,
        read=lambda after, end: one.history.read(after, min(upto if end is None else end, upto)),
    )
    if seq == 0:
        raise Refused(f"Position {position} is before the first event; nothing is there to drop. Name one of 1..{upto}.")
    return seq


def _replacement(one: Found, text: str, read: Read) -> tuple[int, Missing]:
    position, equals, name = text.rpartition("=")
    if not (equals and position and name):
        raise Refused(f"--replace {text!r} is not POS=FILE. Write it like --replace gate_ran#1=event.json.")
    events = read(name)
    if len(events) != 1:
        raise Refused(
            f"--replace {text!r}: one event takes the place of one, and {name} holds {len(events)}. Use --drop and --add."
        )
    return _place(one, position), events[0]


def _reader() -> Read:
    """What reads events from a file, or once from stdin. Raises Unusable for a file that cannot be read."""
    known: dict[str, str] = {}

    def read(name: str) -> list[Missing]:
        source = "stdin" if name == STDIN else name
        if name not in known:
            known[name] = _content(name)
        return read_events(known[name], source)

    return read


def _content(name: str) -> str:
    try:
        return (sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()).decode()
    except OSError as problem:
        raise Unusable(f"{name} cannot be read: {problem.strerror}. Name a file with events as JSON.") from problem
    except UnicodeDecodeError as problem:
        raise Unusable(f"{name} is not UTF-8. Name a file with events as JSON.") from problem


def _entries(one: Found, seqs: Iterable[int]) -> Iterable[Entry]:
    records = (one.history.record(seq) for seq in seqs)
    return (timeline_entry(record) for record in records if record is not None)
