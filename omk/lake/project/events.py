"""The rows of `events`: a record's envelope, the fields that questions ask for most, and the event as it is stored."""

from collections.abc import Sequence
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from omk.domain.event import Recorded, Unknown, kind_of
from omk.errors import Damaged
from omk.lake.arrow import array_of
from omk.lake.tables import STORED
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


def events_table(taken: Sequence[Taken]) -> pa.Table:
    """The rows of these records, in the same order. Raises Damaged where a body is not canonical."""
    if not taken:
        return pa.table([array_of((), kind) for kind in COLUMNS.values()], names=list(COLUMNS))
    positions, records, _, texts = zip(*taken, strict=True)
    goals, seqs, times, actors, causes, digests, events = zip(*map(_envelope, records), strict=True)
    fields: list[Any] = [_fields(event) if type(event) is Unknown else event for event in events]
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
    columns |= {name: [getattr(event, name, None) for event in fields] for name in HOISTED}
    return pa.table([array_of(columns[name], kind) for name, kind in COLUMNS.items()], names=list(COLUMNS))


def _kind(event: object) -> str:
    kind = kind_of(event)
    if type(event) is not Unknown:
        _KINDS[type(event)] = kind
    return kind


def _fields(event: Unknown) -> SimpleNamespace:
    """Those fields of an event of an unknown kind that are what a column holds."""
    try:
        found = msgspec.json.decode(event.raw)
    except msgspec.DecodeError:  # a number that is too long to be one
        found = {}
    fields = ((name, found.get(name)) for name in HOISTED)
    return SimpleNamespace(**{name: value for name, value in fields if type(value) is _TYPES[COLUMNS[name]]})


def _payload(one: Taken) -> bytes:
    record = one.record
    if type(record.event) is Unknown:
        return record.event.raw
    event = event_bytes(one.body, after=len(record.open))
    if event[:1] != b"{" or event[-1:] != b"}":
        raise Damaged(record.goal, record.seq, "body.canonical", "its stored body is not canonical JSON.")
    return event
