"""replay: the history reconstructed. One pass folds and writes the timeline; nothing is printed before all of it is sound."""

import gc
import sys
import time
from collections.abc import Callable, Iterator
from typing import Annotated

import msgspec
import typer

from omk.cli.amounts import speed as checked_speed
from omk.cli.archive import Found, found
from omk.cli.options import AllOption, Format, FormatOption, GoalAddress, JsonOption, StoreOption, chosen
from omk.cli.output import draw, draw_markdown, drawn, encoded, is_terminal, json_bytes, say, width, write
from omk.cli.spool import Spool
from omk.domain.event import Recorded, kind_of
from omk.domain.proof.proof import prove
from omk.domain.state import GoalState
from omk.replay.documents import Document, state_document
from omk.replay.pace import Pace
from omk.replay.printable import printable
from omk.replay.proof_document import proof_document
from omk.replay.timeline import Entry, timeline_entry

POLL = 0.2
LONGEST = 1e9
"""Seconds that any system can wait; longer pauses, of 30 years, are cut."""
Write = Callable[[Recorded, Entry], bytes]


def replay(
    address: GoalAddress = "latest",
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    everywhere: AllOption = False,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", "-k", metavar="KIND", help="Only this kind, e.g. gate_ran; repeatable.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until the controller stops.")] = False,
    speed: Annotated[
        float | None, typer.Option("--speed", min=0.001, metavar="X", help="Show events X times as fast as they came.")
    ] = None,
    redecide: Annotated[
        bool, typer.Option("--redecide", help="Ask today's controller again at each record; exit with 5 if it differs.")
    ] = False,
) -> None:
    """Reconstruct a goal's history: timeline, state and proof: omk replay latest@-1 --json."""
    choice, speed = chosen(form, as_json), checked_speed("--speed", speed)
    if redecide and (kind or follow or speed is not None):
        raise typer.BadParameter("--redecide asks about every record there is: give it without --kind, --follow and --speed.")
    with found(address, store, everywhere=everywhere) as one:
        if redecide:
            from omk.cli.redeciding import ask_again

            ask_again(one, choice)
            return
        is_wanted, is_any = _filter(one, tuple(kind or ()))
        if follow or speed is not None:
            _live(one, choice, is_wanted, speed=speed, follow=follow)
            return
        if not is_any and choice is not Format.JSON:
            return  # that there is none is the whole answer
        match choice:
            case Format.JSON:
                _json(one, is_wanted)
            case Format.TEXT:
                _text(one, is_wanted)
            case Format.MD:
                _markdown(one, is_wanted)


def _filter(one: Found, kinds: tuple[str, ...]) -> tuple[Callable[[str], bool], bool]:
    """Which tags are asked for, and whether there is any; a kind that there is none of is told."""
    if not kinds:
        return (lambda _: True), True
    names = frozenset(kinds)
    seen = {tag for record in one.history.read(0, one.seq) for tag in _names(kind_of(record.event))} if one.seq else set()
    for name in sorted(names - seen):
        say(f"{one.goal} has no event of kind {name} up to event {one.seq}.")
    return (lambda tag: not names.isdisjoint(_names(tag))), not names.isdisjoint(seen)


def _names(tag: str) -> tuple[str, str]:
    return tag, tag.rpartition(".v")[0]


def _fold(
    one: Found,
    is_wanted: Callable[[str], bool],
    write_entry: Write,
    spool: Spool,
    skip: Callable[[Recorded], object] = lambda _: None,
) -> tuple[Document, Document]:
    """State and proof documents at the address, in one pass that also fills the spool; *skip* hears of the rest."""
    judge = one.history.judge()

    def written() -> Iterator[Recorded]:
        for record in one.history.read(0, one.seq) if one.seq else ():
            yield record  # first the fold, which refuses what is damaged
            entry = timeline_entry(record)
            if is_wanted(entry.kind):
                spool.add(write_entry(record, entry))
            else:
                skip(record)

    judge.add_all(written())
    state = judge.state
    proof = prove(state, judge.standing)
    return one.resolved(state_document(state, proof)), one.resolved(proof_document(state, proof))


def _json(one: Found, is_wanted: Callable[[str], bool]) -> None:
    spool, encode = Spool(), msgspec.json.Encoder().encode
    state, proof = _fold(one, is_wanted, lambda _, entry: encode(entry) + b",", spool)
    first = {
        "goal": one.goal,
        "at": {"seq": one.seq, "time": state["updated_at"]},
        "events": one.seq,
        "head": proof["head"],
        "state": state,
        "proof": proof,
    }
    write(json_bytes(first)[:-1] + b',"timeline":[')
    spool.drop_last()
    spool.pour(write)
    write(b'],"problems":' + json_bytes(one.problems()) + b"}\n")


def _text(one: Found, is_wanted: Callable[[str], bool]) -> None:
    from omk.views.lines import BLANK
    from omk.views.proof import proof_lines
    from omk.views.timeline import entry_lines, entry_text, is_cut_failure, replay_head, replay_tail

    spool, pace, columns, encoding = Spool(), Pace(), width(), sys.stdout.encoding or "utf-8"

    def styled(record: Recorded, entry: Entry) -> bytes:
        return drawn(entry_lines(entry, *pace.of(record), columns))

    def plain(record: Recorded, entry: Entry) -> bytes:
        elapsed, took = pace.of(record)
        text = entry_text(entry, elapsed, took, columns)
        if text.endswith("…") and is_cut_failure(entry, columns):
            return drawn(entry_lines(entry, elapsed, took, columns))
        return ((text if text.isprintable() else printable(text)) + "\n").encode(encoding, "replace")

    state, proof = _fold(one, is_wanted, styled if is_terminal() else plain, spool, pace.of)
    at = state["updated_at"]
    draw(replay_head(one.goal, state["prompt"], seq=one.seq, head=one.head, at=at, width=columns))
    spool.pour(write)
    draw([*replay_tail(state), BLANK, *proof_lines(proof, columns)])


def _markdown(one: Found, is_wanted: Callable[[str], bool]) -> None:
    from omk.views.markdown import TIMELINE, entry_markdown, proof_markdown

    spool = Spool()
    _, proof = _fold(one, is_wanted, lambda _, entry: encoded(f"{printable(entry_markdown(entry))}\n"), spool)
    draw_markdown(TIMELINE)
    spool.pour(write)
    draw_markdown(["", *proof_markdown(proof)])


def _live(one: Found, form: Format, is_wanted: Callable[[str], bool], *, speed: float | None, follow: bool) -> None:
    """The timeline as it came, entry by entry: lines of text, or one JSON object a line."""
    from omk.views.markdown import entry_markdown
    from omk.views.timeline import entry_lines

    gc.enable()  # this may go on for hours
    pace, columns, before = Pace(), width(), 0
    for record in _records(one, follow=follow):
        elapsed, took = pace.of(record)
        if speed is not None and record.seq <= one.seq:
            time.sleep(min((elapsed - before) / 1_000 / speed, LONGEST))
        before = elapsed
        entry = timeline_entry(record)
        if not is_wanted(entry.kind):
            continue
        match form:
            case Format.JSON:
                write(json_bytes(entry) + b"\n")
            case Format.MD:
                draw_markdown([entry_markdown(entry)])
            case Format.TEXT:
                draw(entry_lines(entry, elapsed, took, columns))


def _records(one: Found, *, follow: bool) -> Iterator[Recorded]:
    """The records up to the address, and then what is appended until the goal's controller stops."""
    judge, seq = one.history.judge(), 0
    upto: int | None = one.head if follow else one.seq
    while True:
        for record in one.history.read(seq, upto) if upto != seq else ():
            judge.add(record)
            seq = record.seq
            yield record
        state: GoalState = judge.state
        if not follow or state.controller.active is None:
            return
        upto = None
        time.sleep(POLL)
