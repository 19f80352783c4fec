"""State changes: the values of a goal's state that an event changed, by the names of `omk diff`.

Nothing is compared that cannot have changed: the state is immutable, so a field that is the same object has the same value.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

from immutables import Map

from omk.domain.event import Event, Recorded
from omk.domain.proof.standing import Judge, Standing
from omk.domain.proof.watcher import getter
from omk.domain.state import EVOLVE, PARTS, state_of
from omk.domain.subjects.worktree import FilesChanged
from omk.replay.moment import Moment
from omk.replay.query.difference import Path, told_names
from omk.replay.query.facts import obligations_from
from omk.replay.query.names import Name
from omk.replay.query.values import Keyed, Value, path_text, step_text

JUDGED = frozenset({("gaps",), ("status",), ("proof", "status"), ("proof", "held"), ("proof", "rules")})
"""What is said of a state and is no part of it; only the status is told beside it, by whoever keeps the verdict."""
STATUS = "status"
OBLIGATIONS = ("obligations",)
TREE = "worktree.tree"
NOTHING = Standing()

Leaves = dict[str, Value]
"""The leaves of a value by the texts of their paths."""
Changes = list[tuple[str, Value]]
_NONE: Leaves = {}
_LEAF = frozenset({int, str, type(None)})
_MAPPINGS = frozenset({dict, Keyed})
"""The mappings there are; asking an abstract class would take ten times as long."""


class Told(NamedTuple):
    """A name of the state whose changes are told: its number, its path, and how to get its value."""

    number: int
    path: str
    name: Name
    named_by: Mapping[type[Event], Callable[[Any], Collection[str]]]
    is_keyed: bool
    """Whether it is a plain mapping of things that come and go."""


NAMED_BY: dict[Path, dict[type[Event], Callable[[Any], Collection[str]]]] = {
    ("files",): {FilesChanged: lambda event: [one.path for one in event.changes]}
}
"""The keys under a name that an event of a kind can have changed, where the event names them."""


def _told() -> Iterator[tuple[Path, Name]]:
    """The names of the state; obligations sort by sort, for each is gathered from a field of its own."""
    for path, name in told_names():
        if path == OBLIGATIONS:
            yield from ((path, name._replace(reads=(read,), value=obligations_from(read))) for read in name.reads)
        elif path not in JUDGED:
            yield path, name


TOLD = tuple(
    Told(number, path_text(path), name, NAMED_BY.get(path, {}), path == OBLIGATIONS)
    for number, (path, name) in enumerate(_told())
)


_ITSELF, _BOUND, _MADE = range(3)
"""How a name reads a field: it is the field; it compares the goal's tree with trees that were judged; or anything else."""
Concerned = tuple[tuple[int, str, int, Told], ...]
"""Names that read a field: number, path, how, and all of it."""


class Watch(NamedTuple):
    """The fields of one part of the state that names read: its slot, how to get them, and which names each concerns."""

    slot: int
    get: Callable[[Any], tuple[Any, ...]]
    told: tuple[Concerned, ...]


def _watch(slot: int, reads: list[str]) -> Watch:
    fields = [read.partition(".")[2] for read in reads]
    if not all(fields):  # somebody reads the whole part, which is another object whenever a field of it is
        return Watch(slot, getter(fields), (_concerned(reads),))
    return Watch(slot, getter(fields), tuple(_concerned([read]) for read in reads))


def _concerned(reads: list[str]) -> Concerned:
    def how(told: Told) -> int:
        return _ITSELF if told.name.is_field else _BOUND if reads == [TREE] else _MADE

    found = (told for told in TOLD if not set(reads).isdisjoint(told.name.reads))
    return tuple((told.number, told.path, how(told), told) for told in found)


def _reads(slot: int) -> list[str]:
    return sorted({read for told in TOLD for read in told.name.reads if read.partition(".")[0] == PARTS[slot]})


WATCHES = {slot: _watch(slot, reads) for slot in range(len(PARTS)) if (reads := _reads(slot))}
ALL = tuple(WATCHES.values())
BY_KIND: dict[Any, tuple[Watch, ...]] = {
    kind: tuple(WATCHES[slot] for slot in dict.fromkeys(slot for slot, _ in steps) if slot in WATCHES)
    for kind, steps in EVOLVE.items()
}
"""What an event of each kind may have changed."""


class Tracker:
    """Tells record by record which values of the state changed; of the first one, every value there is after it.

    *judge* folds the records; each is told here after it.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._seen: dict[int, tuple[Any, ...]] = {}
        self._leaves: list[dict[str, Leaves]] = [{} for _ in TOLD]
        self._bases: list[dict[str, object]] = [{} for _ in TOLD]
        self._known: list[Any] = [Map()] * len(TOLD)

    def changes(self, record: Recorded) -> Changes:
        """The paths whose values the event of *record* changed, with the new values (null: there is none any more)."""
        found: Changes = []
        event = record.event if self._seen else None  # at first every key is looked at, not only those that the event names
        dirty = self._dirty(record, found) if self._seen else self._all()
        if dirty:
            moment = Moment(state_of(self._judge.parts, record), NOTHING, record)
            for told in dirty.values():
                self._turn(told, moment, event, found)
        return found

    def _all(self) -> dict[int, Told]:
        self._seen = {watch.slot: watch.get(self._judge.parts[watch.slot]) for watch in ALL}
        return {told.number: told for told in TOLD}

    def _dirty(self, record: Recorded, found: Changes) -> dict[int, Told]:
        """The names whose values may be others; fields that are leaves are told at once."""
        dirty: dict[int, Told] = {}
        parts, seen = self._judge.parts, self._seen
        for slot, get, concerned in BY_KIND.get(type(record.event), ()):
            now, before = get(parts[slot]), seen[slot]
            seen[slot] = now
            for one, other, names in zip(now, before, concerned, strict=False):
                if one is not other:
                    is_leaf = type(one) in _LEAF and type(other) in _LEAF
                    for number, path, kind, told in names:
                        if kind == _BOUND:
                            if one in (trees := self._judge.judged()) or other in trees:
                                dirty[number] = told
                        elif kind == _ITSELF and is_leaf:
                            if one != other:
                                found.append((path, None if one == "" else one))
                        else:
                            dirty[number] = told
        return dirty

    def _turn(self, told: Told, moment: Moment, event: object, found: Changes) -> None:
        value, known = told.name.value(moment), self._leaves[told.number]
        if type(value) is Keyed:
            keys, now_known = self._keys(told, value, event), value.known
        elif told.is_keyed:
            bases, now_known = self._bases[told.number], value
            keys = [key for key, item in value.items() if bases.get(key) != item]
            self._bases[told.number] = value
        else:
            now = _leaves(value, told.path)
            _differing(known.get("", _NONE), now, found)
            known[""] = now
            return
        for key in [key for key in known if key not in now_known] if known else ():
            _differing(known.pop(key), _NONE, found)
            self._bases[told.number].pop(key, None)
        for key in keys:
            now = _leaves(value[key], told.path + step_text(key))
            before = known.get(key, _NONE)
            if now:
                known[key] = now
            _differing(before, now, found)

    def _keys(self, told: Told, value: Keyed, event: object) -> Collection[str]:
        """The keys under which something may be another than before."""
        named = told.named_by.get(type(event))  # type: ignore[arg-type]
        if named is not None:
            return [key for key in named(event) if key in value]
        if value.basis is not None:
            bases, found = self._bases[told.number], []
            for key in value.known:
                basis = value.basis(key)
                if bases.get(key, _NONE) != basis:
                    bases[key] = basis
                    found.append(key)
            return found
        source = value.source
        if source is None:
            return value.known
        old = self._known[told.number]
        self._known[told.number] = value.known
        return [key for key in value.known if source(key) is not old.get(key)]


def _leaves(value: Value, path: str) -> Leaves:
    """Every leaf of a value that is not null, by its path."""
    if value is None:
        return _NONE
    if type(value) not in _MAPPINGS:
        return {path: value}
    found: Leaves = {}
    for key, item in value.items():
        if type(item) in _MAPPINGS:
            found |= _leaves(item, path + step_text(key))
        elif item is not None:
            found[path + step_text(key)] = item
    return found


def _differing(before: Leaves, now: Leaves, found: Changes) -> None:
    for path in before:
        if path not in now:
            found.append((path, None))
    for path, leaf in now.items():
        old = before.get(path)
        if old is not leaf and (old != leaf or type(old) is not type(leaf)):
            found.append((path, leaf))
