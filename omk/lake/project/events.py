"""The rows of `events`: a record's envelope, the fields that questions ask for most, and the event as it is stored."""

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, cast

import msgspec
import pyarrow as pa

from omk.domain.event import Recorded, Unknown, kind_of
from omk.errors import Damaged
from omk.lake.arrow import array_of, nulls
from omk.lake.stored import STORED
from omk.log.codec import event_bytes

COLUMNS = STORED["events"]
HOISTED = ("task", "agent", "gate", "review", "tool", "attempt", "outcome", "tree", "duration_ms")
"""The fields that have a column of their own, whichever event has them."""
ENVELOPE = ("goal", "seq", "at", "actor", "causes", "digest", "event")

_encode = msgspec.json.encode
_envelope = attrgetter(*ENVELOPE)
_TYPES = {"VARCHAR": str, "BIGINT": int}
_KINDS: dict[type, str] = {}


class Taken(NamedTuple):
    """A record, its place in the whole log, its stored bytes, and its free texts by path."""

    position: int
    record: Recorded
    body: bytes
    texts: dict[str, str]


def events_table(taken: Sequence[Taken], kinds: Mapping[str, str] = COLUMNS) -> pa.Table:
    """The rows of these records, in the same order, in columns of *kinds*. Raises Damaged where a body is not canonical."""
    if not taken:
        return pa.table([nulls(kind, 0) for kind in kinds.values()], names=list(kinds))
    positions, records, _, texts = zip(*taken, strict=True)
    goals, seqs, times, actors, causes, digests, events = zip(*map(_envelope, records), strict=True)
    columns = {
        "position": positions,
        "goal": goals,
        "seq": seqs,
        "recorded_at": times,
        "actor": actors,
        "kind": [_KINDS.get(type(event)) or _kind(event) for event in events],
        "causes": causes,
        "digest": digests,
        "payload": list(map(_payload, taken)),
        "texts": [_encode(one) if one else None for one in texts],
    }
    columns |= _hoisted(events)
    return pa.table([array_of(columns[name], kind) for name, kind in kinds.items()], names=list(kinds))


def _kind(event: object) -> str:
    kind = kind_of(event)
    if type(event) is not Unknown:
        _KINDS[type(event)] = kind
    return kind


def _hoisted(events: Sequence[object]) -> dict[str, list[Any]]:
    """The columns of the hoisted fields; each kind is asked for those alone that it has."""
    columns: dict[str, list[Any]] = {name: [None] * len(events) for name in HOISTED}
    places: dict[Any, list[int]] = {}
    for place, event in enumerate(events):
        places.setdefault(type(event), []).append(place)
    for place in places.pop(Unknown, ()):
        for name, value in _fields(cast("Unknown", events[place])):
            columns[name][place] = value
    for kind, own in places.items():
        for name in HOISTED:
            if name in kind.__struct_fields__:
                column, get = columns[name], attrgetter(name)
                for place in own:
                    column[place] = get(events[place])
    return columns


def _fields(event: Unknown) -> Iterator[tuple[str, Any]]:
    """Those fields of an event of an unknown kind that are what a column holds."""
    try:
        found = msgspec.json.decode(event.raw)
    except msgspec.DecodeError:  # a number that is too long to be one
        return
    for name in HOISTED:
        if type(found.get(name)) is _TYPES[COLUMNS[name]]:
            yield name, found[name]


def _payload(one: Taken) -> bytes:
    record = one.record
    if type(record.event) is Unknown:
        return record.event.raw
    event = event_bytes(one.body, after=len(record.open))
    if event[:1] != b"{" or event[-1:] != b"}":
        raise Damaged(record.goal, record.seq, "body.canonical", "its stored body is not canonical JSON.")
    return event
