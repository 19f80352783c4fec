"""What differs between two moments: every leaf that has another value, and the event that gave it that value."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from omk.domain.proof.standing import Standing
from omk.domain.proof.watcher import Watcher
from omk.domain.state import parts_of
from omk.replay.history import History
from omk.replay.moment import Moment
from omk.replay.query.follow import STANDING, changed_moments
from omk.replay.query.names import NAMES, Name
from omk.replay.query.stretches import Stretch, stretches
from omk.replay.query.values import Keyed, Value, at, is_mapping, path_text, plain

Path = tuple[str, ...]
"""The keys from a name of the language to a leaf."""


class Change(Struct, frozen=True):
    """A path whose value differs: *old* at the first moment, *new* at the second; *cause* is the event that changed it last."""

    path: str
    old: Value
    new: Value
    cause: int | None


def leaves(moment: Moment) -> dict[Path, Value]:
    """Every leaf of the namespace by the keys of its path, but for what is null and for what changes with every event."""
    return dict(one for path, name in told_names() for one in leaves_of(plain(name.value(moment)), path))


def told_names() -> Iterator[tuple[Path, Name]]:
    """The names whose values are fixed shapes or leaves, where something is told that no other name tells."""
    for root, name in NAMES.items():
        if name.parts:
            yield from (((root, part), inner) for part, inner in name.parts.items() if inner.is_told)
        elif name.is_told:
            yield (root,), name


def leaves_of(value: Value, path: Path) -> Iterator[tuple[Path, Value]]:
    """Every leaf of a plain value that is not null, by its path, which begins with *path*."""
    if is_mapping(value):
        for key, item in value.items():
            yield from leaves_of(item, (*path, key))
    elif value is not None:
        yield path, value


def differing(old: dict[Path, Value], new: dict[Path, Value]) -> list[Path]:
    """The paths whose leaves differ, in the order of the names and then of the alphabet."""
    order = {root: place for place, root in enumerate(NAMES)}
    paths = (path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
    return sorted(paths, key=lambda path: (order[path[0]], path))


def difference(history: History, a: int, b: int) -> list[Change]:
    """What differs between two moments of a history, whichever is earlier."""
    return explained(history, history.moment(a), history.moment(b))


def explained(history: History, a: Moment, b: Moment) -> list[Change]:
    """The same of moments that are at hand."""
    old, new = leaves(a), leaves(b)
    paths = differing(old, new)
    causes = _causes(history, paths, *sorted((a.state.seq, b.state.seq)))
    return [Change(path_text(path), old.get(path), new.get(path), causes[path]) for path in paths]


def compared(a: Moment, b: Moment) -> list[Change]:
    """What differs between moments of two histories that share nothing, so that no event can be named."""
    old, new = leaves(a), leaves(b)
    return [Change(path_text(path), old.get(path), new.get(path), None) for path in differing(old, new)]


def shares(history: History, moment: Moment) -> bool:
    """Whether a moment, of this history or of another, is one of this history's: a fork has its parent's up to a point."""
    record = moment.record and history.record(moment.record.seq)
    return record is not None and moment.record is not None and record.digest == moment.record.digest != ""


def _causes(history: History, paths: Iterable[Path], begin: int, end: int) -> dict[Path, int]:
    """The last event after *begin* and up to *end* that changed each path. All paths are looked for at once."""
    watched = _watched(paths)
    found: dict[Path, int] = {}
    reads = frozenset(read for one in watched for read in one.name.reads)
    for stretch in stretches(history, reads, begin, end):
        if not watched:
            break
        found |= _last_turns(history, watched, stretch)
        watched = [one for one in watched if one.without(found)]
    return found


def _last_turns(history: History, watched: "list[_Watched]", stretch: Stretch) -> dict[Path, int]:
    """The last event of a stretch that changed each path, of those that it changed."""
    for one in watched:
        one.begin(stretch.start)
    if stretch.finish is not None:
        finish = stretch.finish
        if not any(one.turned(finish) for one in watched):
            return {}
        for one in watched:
            one.begin(stretch.start)
    found: dict[Path, int] = {}
    reads = frozenset(read for one in watched for read in one.name.reads)
    for moment in changed_moments(reads, stretch.start, history.read(stretch.begin, stretch.end)):
        parts = parts_of(moment.state)
        for one in watched:
            if one.may_have_turned(moment, parts):
                found.update(dict.fromkeys(one.turned(moment), moment.state.seq))
    return found


def _watched(paths: Iterable[Path]) -> "list[_Watched]":
    by_name = {path: _Watched(path, name) for path, name in told_names()}
    for path in paths:
        by_name[path[:2] if path[:2] in by_name else path[:1]].add(path)
    return [one for one in by_name.values() if one.wanted]


class _Watched:
    """A name, the paths below it that one looks for, and their values as they were seen last."""

    def __init__(self, root: Path, name: Name) -> None:
        self.depth, self.name = len(root), name
        self.wanted: dict[str | None, list[Path]] = {}
        self.seen: dict[Path, Value] = {}
        self.sources: dict[str, object] = {}
        self.items: dict[str | None, Value] = {}
        self.watcher, self.standing = Watcher(()), Standing()

    def add(self, path: Path) -> None:
        """Look for this path, too."""
        self.wanted.setdefault(path[self.depth] if len(path) > self.depth else None, []).append(path)

    def without(self, found: Mapping[Path, int]) -> bool:
        """Look no longer for what is found; whether anything is left."""
        left = {key: [path for path in paths if path not in found] for key, paths in self.wanted.items()}
        self.wanted = {key: paths for key, paths in left.items() if paths}
        return bool(self.wanted)

    def begin(self, moment: Moment) -> None:
        """Stand at a moment."""
        self.seen, self.sources, self.items = {}, {}, {}
        self.watcher = Watcher(read for read in self.name.reads if read != STANDING)
        self.may_have_turned(moment, parts_of(moment.state))
        self.turned(moment)

    def may_have_turned(self, moment: Moment, parts: list[object]) -> bool:
        """Whether something it reads is another object than when it was asked last."""
        is_other = STANDING in self.name.reads and moment.standing.open != self.standing.open
        self.standing = moment.standing
        return self.watcher.changed(parts) or is_other

    def turned(self, moment: Moment) -> list[Path]:
        """The paths whose values differ from those seen last."""
        value, turned = self.name.value(moment), []
        source = value.source if isinstance(value, Keyed) else None
        for key, paths in self.wanted.items():
            if source is not None and key is not None:
                before, self.sources[key] = self.sources.get(key, self), source(key)
                if self.sources[key] is before:
                    continue
            item = plain(value if key is None else at(value, key))
            if item == self.items.get(key):
                continue
            self.items[key] = item
            for path in paths:
                leaf = _leaf(item, path[self.depth + 1 :])
                if leaf != self.seen.get(path):
                    turned.append(path)
                self.seen[path] = leaf
        return turned


def _leaf(value: Value, keys: Path) -> Value:
    """The leaf under keys; null where there is none."""
    for key in keys:
        value = at(value, key)
    return None if is_mapping(value) else value
