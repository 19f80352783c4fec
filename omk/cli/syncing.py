"""`omk lake`: build what the lake lacks, build it anew, or say what is in it; and how a long building is shown."""

import contextlib
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import typer

from omk.cli.options import FormatOption, JsonOption, StoreOption, chosen
from omk.cli.output import say, show
from omk.errors import Refused
from omk.lake.sync import Quiet
from omk.replay.documents import Document
from omk.views.lake import lake_lines, lake_markdown

LONG = 100_000
"""From so many records on one is told that they are projected."""


class Action(StrEnum):
    """What to do with the lake."""

    SYNC = "sync"
    REBUILD = "rebuild"
    STATUS = "status"


def lake(
    action: Annotated[Action, typer.Argument(metavar="sync|rebuild|status", help="What to do.")] = Action.STATUS,
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Build the lake that SQL asks, anew if need be, or say what is in it: omk lake sync."""
    from omk.lake.shelf import Shelf
    from omk.lake.store import store_at

    choice = chosen(form, as_json)
    place = store_at(store)
    if place.lake is None:
        raise Refused("Several logs that are read as one have no lake of their own. Name one of them, or ask with omk sql.")
    shelf = Shelf(place.lake)
    made: Document = {}
    if action is not Action.STATUS:
        made = _build(place, shelf, is_anew=action is Action.REBUILD)
        shelf = Shelf(place.lake)
    document = {**_status(place, shelf), **made}
    show(choice, document, lambda width: lake_lines(document, width), lambda: lake_markdown(document))


def _build(place: Any, shelf: Any, *, is_anew: bool) -> Document:
    """Build what is missing, or everything."""
    from omk.lake.sync import sync

    with hearing() as hears:
        if is_anew:
            shelf.remove(hears.tell)
        made = sync(place, shelf, hears)
    return {"projected": made.events, "made": made.segments, "merged": made.merged}


def _status(place: Any, shelf: Any) -> Document:
    """What the lake has of the log: `{place, version, records, stored, tail, bytes, log_bytes, segments, flaws}`."""
    from omk.lake.shelf import chained, version

    head = place.head
    segments = chained(shelf.sound(place.log, head))
    stored = segments[-1].manifest.end if segments else 0
    return {
        "place": str(shelf.root),
        "version": version(),
        "records": head,
        "stored": stored,
        "tail": head - stored,
        "bytes": sum(file.size for one in segments for file in one.manifest.files),
        "log_bytes": place.size,
        "segments": [
            {
                "first": one.manifest.start + 1,
                "last": one.manifest.end,
                "records": one.manifest.content.events,
                "bytes": sum(file.size for file in one.manifest.files),
            }
            for one in segments
        ],
        "flaws": list(shelf.flaws),
    }


@contextlib.contextmanager
def hearing() -> Iterator[Quiet]:
    """What shows how a sync goes: a bar on a terminal, else a line if it is long."""
    hears = _Bar() if sys.stderr.isatty() else _Lines()
    try:
        yield hears
    finally:
        hears.end()


class _Lines(Quiet):
    """Says what is worth knowing, line by line."""

    def begin(self, total: int) -> None:
        if total >= LONG:
            say(f"projecting {total:,} records of the log into the lake …")

    def tell(self, text: str) -> None:
        say(text)

    def end(self) -> None:
        """Nothing is left to say."""


class _Bar(_Lines):
    """Draws a bar as soon as there is much to do."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None

    def begin(self, total: int) -> None:
        if total < LONG // 10:
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True, highlight=False)
        columns = (
            TextColumn("building the lake"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("records"),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, console=console, transient=True)
        self._task = self._bar.add_task("", total=total)
        self._bar.start()

    def reach(self, done: int) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=done)

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
