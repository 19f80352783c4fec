"""minimize: a smaller log with the same verdict, as a folder of its own; the store is only read."""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from omk.cli.archive import Found, found
from omk.cli.options import AllOption, FormatOption, GoalAddress, JsonOption, StoreOption, chosen
from omk.cli.output import show
from omk.domain.event import Output, Recorded
from omk.domain.text import resolve
from omk.errors import Refused, Unusable
from omk.log import jsonl
from omk.log.blobs import Blob
from omk.log.codec import Entry, renumbered
from omk.log.folder import file_name
from omk.log.jsonl import JsonlLog
from omk.replay.documents import Document, state_document
from omk.replay.history import History
from omk.replay.pretty import lines, pretty
from omk.replay.proof_document import proof_document
from omk.replay.suppose.minimize import Smallest, places, smallest
from omk.replay.timeline import timeline_entry
from omk.views.minimize import about_minimized, minimize_lines, minimize_markdown

REPLAYS, LOG = "replays", "log.jsonl"
IntoOption = Annotated[
    Path | None, typer.Option("--into", metavar="DIR", help="The new folder (default: one in ./replays, or here).")
]


def minimize(
    address: GoalAddress = "latest",
    into: IntoOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    everywhere: AllOption = False,
) -> None:
    """Write the fewest events that are judged alike, as a new folder: omk minimize latest@ready."""
    choice = chosen(form, as_json)
    with found(address, store, everywhere=everywhere) as one:
        least = smallest(one.history, one.seq)
        folder = into or _folder(least)
        entries = list(_entries(one, least))
        _write(folder, least, entries, list(_outputs(one, entries)))
    document = {
        "goal": least.goal,
        "seq": least.seq,
        "status": least.outcome.status,
        "gaps": list(least.outcome.gaps),
        "events": least.seq,
        "kept": [kept.seq for kept in least.kept],
        "folder": str(folder),
    }
    show(choice, document, lambda width: minimize_lines(document, width), lambda: minimize_markdown(document))


def _folder(least: Smallest) -> Path:
    replays = Path(REPLAYS)
    name = f"minimized-{least.outcome.status.replace('_', '-')}-{file_name(least.goal)}"
    return replays / name if replays.is_dir() else Path(name)


def _entries(one: Found, least: Smallest) -> Iterator[Entry]:
    """The kept records, numbered and chained anew as a goal of another name."""
    prev = ""
    for record, seq, causes in places(one.history.read(0, one.seq), least):
        entry = renumbered(record, goal=f"{least.goal}-minimized", seq=seq, causes=causes, prev=prev)
        prev = entry.record.digest
        yield entry


def _outputs(one: Found, entries: Iterable[Entry]) -> Iterator[Blob]:
    """The outputs that the entries speak of, as they are stored. Raises Refused for one that was erased."""
    for entry in entries:
        output = getattr(entry.record.event, "output", None)
        if isinstance(output, Output):
            blob = one.archive.log.packed(output.digest)
            if blob is None:
                raise Refused(
                    f"An output of {one.goal} that is needed was erased ({output.digest[:15]}). Minimize another moment."
                )
            yield blob


def _write(folder: Path, least: Smallest, entries: list[Entry], outputs: list[Blob]) -> None:
    """The new folder, whole or not at all. Raises Refused if there is one already, Unusable if it cannot be written."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise Refused(f"{folder} is there already. Remove it, or name another folder: --into DIR") from None
    except (OSError, RecursionError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "its path is too long"
        raise Unusable(f"{folder} cannot be made: {reason}. Name another folder: --into DIR") from problem
    try:
        jsonl.create(folder / LOG)
        JsonlLog(folder / LOG).append(entries[0].record.goal, entries, after=0, blobs=outputs)
        called = os.fsencode(folder.name).decode("utf-8", "replace")
        for name, text in _files(called, least, [entry.record for entry in entries]).items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as problem:
        shutil.rmtree(folder, ignore_errors=True)
        raise Unusable(f"{folder} cannot be written: {problem.strerror}. Check the disk.") from problem
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _files(name: str, least: Smallest, records: list[Recorded]) -> dict[str, str]:
    """Everything beside the log, by file name."""
    history = History(records[0].goal, lambda after, upto: iter(records[after : len(records) if upto is None else upto]))
    state, proof = history.at(len(records))

    def find(seq: int) -> Recorded | None:
        return records[seq - 1] if 0 < seq <= len(records) else None

    made: Document = {
        "goal": least.goal,
        "seq": least.seq,
        "events": len(records),
        "kept": [kept.seq for kept in least.kept],
    }
    entries = [timeline_entry(record) for record in records]
    return {
        "about.md": about_minimized(name, made, entries, status=least.outcome.status, gaps=least.outcome.gaps),
        "fold.json": pretty(resolve(state_document(state, proof), find)),
        "proof.json": pretty(resolve(proof_document(state, proof), find)),
        "verdicts.json": lines([msgspec.to_builtins(verdict) for verdict in history.verdicts()]),
        "minimized.json": pretty(made),
    }
