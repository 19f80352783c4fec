"""A store opened for reading: which goals it has, and the history of one of them. Damage refuses, at once."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from omk.cli.place import locate, owner
from omk.domain.event import Recorded
from omk.domain.subjects.goal import GoalCreated, GoalForked
from omk.domain.text import resolve
from omk.errors import Damaged, NotFound
from omk.log.anchors import anchored_goals, check_anchors
from omk.log.chain import unreadable
from omk.log.codec import decode
from omk.log.open import open_log, store_folder
from omk.log.protocol import Head, Log
from omk.log.snapshots import Snapshots
from omk.replay.address import LATEST, Address, Known, find_goal, parse_address
from omk.replay.address import locate as position_of
from omk.replay.documents import Document
from omk.replay.history import History

FORKED = "goal_forked."


LOG = "log.jsonl"
"""The log in a folder of `replays/`."""


class Archive(Struct, frozen=True):
    """An open log, the folder its anchors and snapshots are in, whose goals are meant, and its URL (null: in that folder)."""

    log: Log
    folder: Path
    heads: dict[str, Head]
    repository: str | None
    url: str | None = None

    def goals(self) -> list[Known]:
        """The goals of the repository one stands in, or all of them."""
        known = [self._known(goal) for goal in self.heads]
        return [one for one, its in known if self.repository is None or its in {None, self.repository}]

    def history(self, goal: str) -> History:
        """The verified history of a goal, from its snapshots where there are any."""
        kept = Snapshots(self.folder, self.log, goal)
        return History(
            goal,
            lambda after, upto: self.log.read(goal, after=after, upto=upto),
            kept.nearest,
            lambda kinds, after, upto: self.log.pick(goal, kinds, after=after, upto=upto),
        )

    def check(self, goal: str | None = None) -> None:
        """Raise Damaged if the log lacks what it once had, of one goal or of all."""
        for problem in check_anchors(self.folder, self.log, goal):
            raise Damaged(problem.goal, problem.seq, problem.code, problem.text)
        first = None if goal is None else next(iter(self.log.bodies(goal)), None)
        if goal is not None and first is not None and first.seq < 1:  # a fold begins after event 0, and would not see it
            raise Damaged(goal, first.seq, "seq.hole", f"event {first.seq} stands before the first one.")

    def forks(self, goal: str) -> list[Document]:
        """The goals that begin in the past of *goal*, the oldest first, and where: `[{goal, seq}]`."""
        found = []
        for name in self.heads:
            stored = next(iter(self.log.bodies(name)), None)
            if stored is None or not stored.topic.startswith(FORKED):
                continue
            record = decode(stored.body)
            if isinstance(record.event, GoalForked) and record.event.goal == goal:
                found.append((record.at, name, record.event.seq))
        return [{"goal": name, "seq": seq} for _, name, seq in sorted(found)]

    def _known(self, goal: str) -> tuple[Known, str | None]:
        stored = next(iter(self.log.bodies(goal)), None)
        if stored is None:
            return Known(goal, ""), None
        try:
            first = own = decode(stored.body)
        except Damaged as damage:
            raise unreadable(damage, goal, stored.seq) from damage
        if own.seq > 1:  # a fork: its repository is its ancestor's
            first = next(iter(self.log.read(goal, upto=1)), own)
        event = first.event
        return Known(goal, own.at), event.repository.id if isinstance(event, GoalCreated) else None


class Found(Struct, frozen=True):
    """The goal and the moment that an address means; `head` is the goal's last seq."""

    archive: Archive
    goal: str
    seq: int
    head: int
    history: History

    def resolved(self, document: Document) -> Document:
        """The document with its texts in place of their commitments."""
        found: Document = resolve(document, self._record)
        return found

    def blob(self, digest: str) -> bytes | None:
        """The content of an output."""
        return self.archive.log.blob(digest)

    def problems(self) -> list[Document]:
        """What was mended or left out while reading."""
        return [{"goal": one.goal, "seq": one.seq, "code": one.code, "text": one.text} for one in self.archive.log.problems]

    def _record(self, seq: int) -> Recorded | None:
        records: Iterable[Recorded] = self.archive.log.read(self.goal, after=seq - 1, upto=seq, verify=False)
        return next(iter(records), None)


@contextmanager
def opened(store: str | None, *, everywhere: bool) -> Iterator[Archive | None]:
    """The store, for reading; None if there is none. Raises Damaged if its anchors know more than it does."""
    gc.disable()  # a fold makes millions of values and no cycles
    place = locate(store)
    folder = store_folder(place.url, place.folder)
    log = open_log(place.url, folder=place.folder, create=False)
    try:
        heads = {} if log is None else {head.goal: head for head in log.heads()}
        for goal in anchored_goals(folder):
            if goal not in heads:
                raise Damaged(goal, None, "anchor.lost", "the log lacks this goal, which it once had.")
        yield None if log is None else Archive(log, folder, heads, owner(place, everywhere=everywhere), place.url)
    finally:
        if log is not None:
            log.close()


@contextmanager
def found(text: str, store: str | None, *, everywhere: bool) -> Iterator[Found]:
    """The goal and moment that the address *text* means. Raises NotFound, in one line, if there is no such thing.

    The goal may be a log file ending in .jsonl, or a folder with such a log, as `replays/` has them: its only or latest one.
    """
    address = parse_address(text)
    file = _log_file(address.goal)
    if file is not None:
        address, store, everywhere = Address(LATEST, address.position), str(file.resolve()), True
    with opened(store, everywhere=everywhere) as archive:
        if archive is None:
            find_goal(address.goal, [])
        else:
            yield find(archive, address)


def _log_file(name: str) -> Path | None:
    """The log that is meant by a path."""
    path = Path(name)
    try:
        found = next((one for one in (path, path / LOG) if one.suffix == ".jsonl" and one.is_file()), None)
    except (OSError, ValueError):
        return None
    if found is None and path.suffix == ".jsonl":
        raise NotFound(f"There is no log {name}. Name a file ending in .jsonl that is there, or a goal.")
    return found


def find(archive: Archive, address: Address) -> Found:
    """The same in an open archive."""
    name = address.goal
    goal = name if name in archive.heads else find_goal(name, archive.goals())
    archive.check(goal)
    head = archive.heads[goal].seq
    history = archive.history(goal)
    seq = position_of(address.position, goal=goal, head=head, read=lambda after, upto: history.read(after, upto or head))
    return Found(archive, goal, seq, head, history)
