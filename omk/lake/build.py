"""Building segments: a lane at a time in this process, or all lanes at once in processes of their own."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import IO, cast

import msgspec

from omk.domain.event import Value
from omk.errors import Damaged, OmkError, Unusable
from omk.lake.files import Writer
from omk.lake.lane import Lane
from omk.lake.segments import LANES, Content, Erasure, File, Stretch, erasures_of
from omk.log.protocol import Log

ALONE = 65_536
"""Up to so many records are projected in this process: starting others would take longer."""


class Order(Value):
    """What is to be built, from which log, and where; `stretches` follow one another."""

    url: str | None
    folder: str
    stretches: tuple[tuple[int, int], ...]
    place: str


class Built(Value, tag="built"):
    """One lane of a segment was written."""

    lane: int
    start: int
    end: int
    content: Content
    files: tuple[File, ...]


class Reached(Value, tag="reached"):
    """A lane got as far as *position*."""

    lane: int
    position: int


class Broke(Value, tag="broke"):
    """A lane could not go on: the log is damaged (`goal` and `code` are there), or something else is wrong."""

    text: str
    goal: str | None = None
    seq: int | None = None
    code: str | None = None

    @property
    def error(self) -> OmkError:
        """The same as an error."""
        return Unusable(self.text) if self.code is None else Damaged(self.goal or "", self.seq, self.code, self.text)


Message = Built | Reached | Broke


def project(log: Log, order: Order, number: int) -> Iterator[Built | Reached]:
    """Write one lane of every segment of *order*, a window at a time."""
    stretches = [Stretch(*one) for one in order.stretches]
    lane = Lane(log, number, stretches[0].start, Path(order.folder))
    windows = lane.windows(stretches[-1].end)
    for stretch in stretches:
        writer, events, end = Writer(Path(order.place) / stretch.name, number, stretch.start), 0, stretch.start
        erasures: list[Erasure] = []
        while end < stretch.end:
            end, window = next(windows)
            events += len(window.taken)
            erasures += erasures_of(window.erased)
            writer.add(end, window.tables())
            yield Reached(lane=number, position=end)
        tip = lane.tip if lane.tip is not None and lane.tip.position > stretch.start else None
        content = Content(events=events, tip=tip, erasures=tuple(erasures))
        yield Built(lane=number, start=stretch.start, end=stretch.end, content=content, files=writer.close())


def built(log: Log, order: Order, events: int) -> Iterator[Built | Reached]:
    """Every lane of *order*, which is about so many *events*: in turn, or at once if there are many."""
    if events <= ALONE:
        for number in range(LANES):
            yield from project(log, order, number)
        return
    yield from _at_once(order)


def _at_once(order: Order) -> Iterator[Built | Reached]:
    """Each lane in a process of its own, which ends when this one does, and does not hear of Ctrl-C by itself."""
    command = (sys.executable, "-m", "omk.lake.worker", msgspec.json.encode(order).decode())
    workers = [
        subprocess.Popen((*command, str(number)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, process_group=0)
        for number in range(LANES)
    ]
    try:
        with DefaultSelector() as selector:
            for worker in workers:
                selector.register(cast("IO[bytes]", worker.stdout), EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select():
                    stream = cast("IO[bytes]", key.fileobj)
                    line = stream.readline()
                    if line:
                        yield _read(line)
                    else:
                        selector.unregister(stream)
        if any(worker.wait() for worker in workers):
            raise Unusable("A process that projects the log ended early. Try again; `omk fsck` checks the log.")
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
            for pipe in (worker.stdin, worker.stdout):
                if pipe is not None:
                    pipe.close()


def _read(line: bytes) -> Built | Reached:
    message: Message = msgspec.json.decode(line, type=Built | Reached | Broke)
    if isinstance(message, Broke):
        raise message.error
    return message
