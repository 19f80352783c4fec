"""State changes: the values of a goal's state that an event changed, by the names of `omk diff`.

Nothing is compared that cannot have changed: the state is immutable, so a field that is the same object has the same value.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, cast

from omk.domain.event import Event, Recorded
from omk.domain.owed import OWED, Owed
from omk.domain.proof.standing import Judge, Standing
from omk.domain.proof.watcher import getter
from omk.domain.state import EVOLVE, PARTS, GoalState, state_of
from omk.domain.subjects.agent import AgentSaid, ToolCalled, ToolFinished
from omk.domain.subjects.gate import BreakerClosed, BreakerHalfOpened, BreakerOpened, GateRan, GateStarted
from omk.domain.subjects.obligation import Obligations
from omk.domain.subjects.review import ReviewBlocked, ReviewErrored, ReviewNotApplicable, ReviewPassed
from omk.domain.subjects.worktree import FilesChanged
from omk.replay.moment import Moment
from omk.replay.query import facts
from omk.replay.query.difference import Path, told_names
from omk.replay.query.names import Name
from omk.replay.query.values import Keyed, Value, path_text, step_text

MOST = 4096
REMEMBERED: dict[tuple[int, object], "Leaves"] = {}
"""Leaves by the number of the name and what they follow from; at most so many."""
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
    basis: Callable[[GoalState], object] | None
    gather: Callable[[GoalState], Owed] | None
    """What gathers it, if it is a sort of obligation."""


def _tests(event: Any) -> Collection[str]:
    return (event.gate,)


def _passes(event: Any) -> Collection[str]:
    return (event.review,)


NAMED_BY: dict[Path, dict[type[Event], Callable[[Any], Collection[str]]]] = {
    ("files",): {FilesChanged: lambda event: [one.path for one in event.changes]},
    ("gates",): dict.fromkeys((GateStarted, GateRan, BreakerOpened, BreakerHalfOpened, BreakerClosed), _tests),
    ("reviews",): dict.fromkeys((ReviewPassed, ReviewBlocked, ReviewErrored, ReviewNotApplicable), _passes),
}
"""The keys under a name that an event of a kind can have changed, where the event names them."""
BASES: dict[Path, Callable[[GoalState], object]] = {("oracle", "checks"): facts.shown, ("oracle", "status"): facts.shown}
"""What the whole value of a name follows from, where that is cheaper to compare."""
CHANGES: dict[Any, tuple[str, ...]] = {
    AgentSaid: ("agent.messages",),
    ToolCalled: ("agent.tools", "agent.tool_calls"),
    ToolFinished: ("agent.tools", "agent.tool_failures"),
}
"""All that an event of the most frequent kinds can change of what is told; any other may change all of its parts."""


def _told() -> Iterator[tuple[Path, Name, Callable[[GoalState], Owed] | None]]:
    """The names of the state; obligations sort by sort, for each is gathered from a field of its own."""
    for path, name in told_names():
        if path == OBLIGATIONS:
            yield from ((path, name._replace(reads=(read,)), OWED[read]) for read in name.reads)
        elif path not in JUDGED:
            yield path, name, None


TOLD = tuple(
    Told(number, path_text(path), name, NAMED_BY.get(path, {}), BASES.get(path), gather)
    for number, (path, name, gather) in enumerate(_told())
)


_ITSELF, _BOUND, _MADE = range(3)
"""How a name reads a field: it is the field; it compares the goal's tree with trees that were judged; or anything else."""
Concerned = tuple[tuple[str, int, Told], ...]
"""Names that read a field: path, how, and all of it."""


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

    return tuple((told.path, how(told), told) for told in TOLD if not set(reads).isdisjoint(told.name.reads))


def _watches(kind: Any, slots: Iterable[int]) -> tuple[Watch, ...]:
    read = sorted({read for told in TOLD for read in told.name.reads} if kind not in CHANGES else CHANGES[kind])
    by_slot = {slot: [one for one in read if one.partition(".")[0] == PARTS[slot]] for slot in slots}
    return tuple(_watch(slot, reads) for slot, reads in by_slot.items() if reads)


BY_KIND: dict[Any, tuple[Watch, ...]] = {kind: _watches(kind, [slot for slot, _ in steps]) for kind, steps in EVOLVE.items()}
"""What an event of each kind may have changed."""


class Tracker:
    """Tells record by record which values of the state changed; of the first one, every value there is after it.

    *judge* folds the records; each is told here after it.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._seen: list[Any] = []
        self._leaves: list[dict[str, Leaves]] = [{} for _ in TOLD]
        self._bases: list[dict[str, object]] = [{} for _ in TOLD]

    def changes(self, record: Recorded) -> Changes:
        """The paths whose values the event of *record* changed, with the new values (null: there is none any more)."""
        found: Changes = []
        if self._seen:
            dirty, event = self._dirty(record, found), record.event
        else:
            dirty, event = {told.number: told for told in TOLD}, None
            self._seen = list(self._judge.parts)
        if dirty:
            moment = Moment(state_of(self._judge.parts, record), NOTHING, record)
            for told in dirty.values():
                if told.gather is not None:
                    self._oblige(told, dict(told.gather(moment.state)), found)
                else:
                    self._turn(told, moment, event, found)
        return found

    def _dirty(self, record: Recorded, found: Changes) -> dict[int, Told]:
        """The names whose values may be others; fields that are leaves are told at once."""
        dirty: dict[int, Told] = {}
        parts, seen = self._judge.parts, self._seen
        for slot, get, concerned in BY_KIND.get(type(record.event), ()):
            part, old = parts[slot], seen[slot]
            if part is old:
                continue
            seen[slot] = part
            for one, other, names in zip(get(part), get(old), concerned, strict=False):
                if one is not other:
                    is_leaf = type(one) in _LEAF and type(other) in _LEAF
                    for path, kind, told in names:
                        if kind == _BOUND:
                            if one in (trees := self._judge.judged()) or other in trees:
                                dirty[told.number] = told
                        elif kind == _ITSELF and is_leaf:
                            if one != other:
                                found.append((path, None if one == "" else one))
                        else:
                            dirty[told.number] = told
        return dirty

    def _turn(self, told: Told, moment: Moment, event: object, found: Changes) -> None:
        if told.basis is not None:
            now = self._remembered(told, told.basis(moment.state), moment)
        else:
            value = told.name.value(moment)
            if type(value) is Keyed:
                self._unlock(told, value, event, found)
                return
            now = _leaves(value, told.path)
        known = self._leaves[told.number]
        before, known[""] = known.get("", _NONE), now
        if before is not now:
            _differing(before, now, found)

    def _remembered(self, told: Told, basis: object, moment: Moment) -> Leaves:
        """The leaves of a value that follows from *basis* alone: goals that are checked alike go through the same few."""
        leaves = REMEMBERED.get((told.number, basis))
        if leaves is None:
            if len(REMEMBERED) >= MOST:
                REMEMBERED.clear()
            leaves = REMEMBERED[told.number, basis] = _leaves(told.name.value(moment), told.path)
        return leaves

    def _oblige(self, told: Told, now: Obligations, found: Changes) -> None:
        known, before = self._leaves[told.number], self._bases[told.number]
        if not now.keys() >= known.keys():
            for name in sorted(known.keys() - now.keys()):
                found += [(path, None) for path in known.pop(name)]
        for name, owed in sorted(now.items()) if len(now) > 1 else now.items():
            if name not in before or before[name] != owed:
                leaves = _leaves(facts.obligation(owed), told.path + step_text(name))
                _differing(known.get(name, _NONE), leaves, found)
                known[name] = leaves
        self._bases[told.number] = cast("dict[str, object]", now)

    def _unlock(self, told: Told, value: Keyed, event: object, found: Changes) -> None:
        """Look at those values of a mapping that may be others; *event* is null if all may be."""
        known, bases, current = self._leaves[told.number], self._bases[told.number], value.known
        named = told.named_by.get(type(event))  # type: ignore[arg-type]
        keys = sorted(current) if named is None else named(event)  # mappings have the order of hashes: another in each process
        for key in sorted(known.keys() - keys) if named is None else keys:
            if key not in current and key in known:
                _differing(known.pop(key), _NONE, found)
                bases.pop(key, None)
        basis_of = value.source or value.basis
        for key in keys:
            if key not in current:
                continue
            if basis_of is not None:
                basis, before = basis_of(key), bases.get(key, _NONE)
                if basis is before or basis == before:
                    continue
                bases[key] = basis
            now = _leaves(value[key], told.path + step_text(key))
            _differing(known.get(key, _NONE), now, found)
            if now:
                known[key] = now


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
