"""A stored record: canonical JSON `{"open":…,"sealed":…}`, made in one place and read in one place (design 2).

Canonical means: keys sorted, no white space, UTF-8, as `msgspec.json.encode(…, order="sorted")` writes it. `sealed` is
the envelope and the event, in which a free text is only its commitment; `open` holds `[salt, text]` under its path
(`reason`, `output.preview`, `acceptance.0`). The digest of a record covers the exact bytes of `sealed`.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw, Struct, structs
from msgspec.structs import force_setattr as set_field

from omk.domain.digest import blake2b
from omk.domain.event import Recorded, Unknown, kind_of
from omk.errors import Damaged

if TYPE_CHECKING:
    from omk.domain.event import Event

_OPEN, _SEALED, _END = b'{"open":', b',"sealed":', b"}"
_STRICT: Any = {"frozen": True, "gc": False, "forbid_unknown_fields": True}
_OPENED, _SEAM, _BRACE = b'{"open":{', b',"sealed":{"actor":', 125
_EVENT, _GOAL = b',"event":{', b',"goal":"'
_PLACE = re.compile(rb'"goal":"([^"\\]*)"'), re.compile(rb'"seq":(\d+)')


class Entry(Struct, frozen=True, gc=False):
    """One record ready to be appended: as it will be read again, and its stored bytes."""

    record: Recorded
    body: bytes


class _Halves(Struct, frozen=True, forbid_unknown_fields=True):
    open: Raw
    sealed: Raw


class _Loose(Struct, frozen=True, forbid_unknown_fields=True):
    """The envelope of an event of any kind."""

    actor: str
    at: str
    causes: tuple[int, ...]
    event: Raw
    goal: str
    prev: str
    seq: int


class _Kind(Struct, frozen=True):
    kind: str


_halves = msgspec.json.Decoder(_Halves).decode
_loose = msgspec.json.Decoder(_Loose).decode
_kind = msgspec.json.Decoder(_Kind).decode
_encode = msgspec.json.Encoder(order="sorted").encode


Reader = Callable[[bytes], Recorded]


class Readers(Struct, frozen=True):
    """What reads a stored body: `decode` with its digest, `glance` without; `unread` and `peek` are the same two without
    the open half, which folds have no use for. `sealed` reads a sealed half alone.
    """

    decode: Reader
    unread: Reader
    glance: Reader
    peek: Reader
    sealed: Reader


@cache
def readers() -> Readers:
    """The readers for all known kinds, built once, when the first record is read: the hot loop of every fold."""
    from omk.domain.catalogue import AnyEvent

    record_type = msgspec.defstruct("Recorded", [("event", AnyEvent)], bases=(Recorded,), **_STRICT)
    body_type = msgspec.defstruct("Body", [("open", Raw), ("sealed", record_type)], **_STRICT)
    read_sealed: Callable[[bytes], Any] = msgspec.json.Decoder(record_type).decode
    return Readers(*_digesting(read_sealed), *_glancing(msgspec.json.Decoder(body_type).decode), read_sealed)


def _digesting(read_sealed: Callable[[bytes], Any]) -> tuple[Reader, Reader]:
    """Readers that compute the digest on the way, with and without the open half."""
    hasher = blake2b(digest_size=32).copy  # copying an empty one is cheaper than making one

    def unread(body: bytes) -> Recorded:
        seam = body.find(_SEAM)
        if body[:9] != _OPENED or body[seam - 1] != _BRACE or body[-1] != _BRACE:
            raise _misshapen(body)
        sealed = body[seam + 10 : -1]
        try:
            record: Recorded = read_sealed(sealed)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
            record = _unknown(body, sealed, problem)
        digest = hasher()
        digest.update(sealed)
        set_field(record, "digest", "b2:" + digest.digest().hex())
        return record

    def decode(body: bytes) -> Recorded:
        record = unread(body)
        if body[9] != _BRACE:
            set_field(record, "open", body[8 : body.find(_SEAM)])
        return record

    return decode, unread


def _glancing(read_body: Callable[[bytes], Any]) -> tuple[Reader, Reader]:
    """Readers that take the digest as it comes, with and without the open half."""

    def glance(body: bytes) -> Recorded:
        try:
            read = read_body(body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return structs.replace(decode(body), digest="")
        record: Recorded = read.sealed
        if body[9] != _BRACE:
            set_field(record, "open", bytes(read.open))
        return record

    def peek(body: bytes) -> Recorded:
        try:
            record: Recorded = read_body(body).sealed
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return structs.replace(decode(body), digest="")
        return record

    return glance, peek


def seal(
    event: "Event",
    *,
    goal: str,
    seq: int,
    at: str,
    actor: str,
    causes: Sequence[int],
    prev: str,
    salt: Callable[[], bytes],
) -> Entry:
    """The stored form of a fresh event; secrets are cut from every string of it here, and only here.

    `at` is `2026-11-22T10:15:00.123456Z`; `salt` gives fresh random bytes, once per free text. Raises TypeError if the
    event's values do not fit its own type, for it could not be read again.
    """
    from omk.log import sealing  # needed to write only

    content, opened = sealing.committed(event, salt)
    sealed: dict[str, Any] = {"actor": sealing.cleaned(actor), "at": at, "causes": tuple(causes), "event": content}
    sealed |= {"goal": goal, "prev": prev, "seq": seq}
    try:
        typed = readers().sealed(_encode(sealed))
    except msgspec.ValidationError as problem:
        text = f"{kind_of(event)} does not fit its own type: {problem}"
        raise TypeError(text) from problem
    body = b"".join((_OPEN, _encode(opened), _SEALED, sealed_bytes(typed), _END))
    return Entry(decode(body), body)


def renumbered(record: Recorded, *, goal: str, seq: int, causes: Sequence[int], prev: str) -> Entry:
    """The same event at another place of another history; its texts stay sealed as they are, with the same salts."""
    moved = structs.replace(record, goal=goal, seq=seq, causes=tuple(causes), prev=prev)
    body = b"".join((_OPEN, record.open, _SEALED, sealed_bytes(moved), _END))
    return Entry(decode(body), body)


def decode(body: bytes) -> Recorded:
    """Read one stored record, with its digest.

    Raises Damaged `body.canonical` or `body.unreadable`, with goal and seq as far as the bytes still tell them.
    """
    if not isinstance(body, bytes):
        raise Damaged("a record", None, "body.unreadable", "its stored body is not bytes.")
    return readers().decode(body)


def recode(record: Recorded) -> bytes:
    """The canonical bytes of *record*: equal to the stored ones exactly if those are canonical."""
    try:
        opened = _encode(msgspec.json.decode(record.open))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        opened = b"null"
    return b"".join((_OPEN, opened, _SEALED, sealed_bytes(record), _END))


def sealed_bytes(record: Recorded) -> bytes:
    """The canonical bytes of the sealed half, which the digest covers."""
    event: object = record.event
    if isinstance(event, Unknown):
        event = msgspec.json.decode(event.raw)
    sealed = {"actor": record.actor, "at": record.at, "causes": record.causes, "event": event}
    return _encode(sealed | {"goal": record.goal, "prev": record.prev, "seq": record.seq})


def event_bytes(body: bytes, *, after: int) -> bytes:
    """The event in a stored record that was read without complaint: canonical JSON with its kind and all its fields.

    *after* is a place up to which it does not begin, such as the length of the open half.
    """
    start = body.find(_EVENT, after)  # no string holds a bare quotation mark, so nothing else looks like this
    return body[start + 9 : body.rfind(_GOAL)]


def erased(body: bytes) -> bytes:
    """The same stored record without its free text: digest and chain stay as they are."""
    return b'{"open":{}' + body[body.index(_SEAM) :]


def damage(body: bytes, code: str, text: str) -> Damaged:
    """Damaged, with goal and seq as far as *body* still tells them."""
    goal, seq = (pattern.search(body) for pattern in _PLACE)
    name = goal[1].decode("utf-8", "replace") if goal else "a record"
    return Damaged(name, int(seq[1][:18]) if seq else None, code, text)


def _misshapen(body: bytes) -> Damaged:
    """Why *body* is not the one canonical frame."""
    try:
        _halves(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        return damage(body, "body.unreadable", f"its stored body cannot be read ({problem}).")
    return damage(body, "body.canonical", "its stored body is not canonical JSON.")


def _unknown(body: bytes, sealed: bytes, problem: Exception) -> Recorded:
    """A kind this omk does not know is kept as it is; a known kind with other fields is damage."""
    from omk.domain.catalogue import EVENTS

    try:
        read = _loose(sealed)
        kind = _kind(read.event).kind
    except (msgspec.DecodeError, UnicodeError, RecursionError) as other:
        raise damage(body, "body.unreadable", f"its stored body cannot be read ({other}).") from other
    if kind in EVENTS:
        raise damage(body, "body.unreadable", f"it is not a {kind} ({problem}).") from problem
    event = Unknown(kind, bytes(read.event))
    return Recorded(read.goal, read.seq, read.at, read.actor, read.causes, read.prev, event)
