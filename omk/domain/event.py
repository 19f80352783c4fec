"""What every event has in common: a stored name, sealed text, and one envelope.

An event is an immutable msgspec struct whose tag is its stored name (`gate_ran.v1`). Free text in it is typed `Text`: in
a command and in a fresh event it is the text itself; once recorded it is only the commitment `b2:<64 hex>`, and the text
lives in the *open* half of the stored record (design 2).
"""

from typing import Annotated, dataclass_transform

import msgspec
from msgspec import Meta, Struct

Text = Annotated[str, Meta(extra={"free_text": True}, description="free text; sealed: its commitment")]
"""Words of a person, an agent or a tool. Sealed records hold its commitment only."""

Digest = Annotated[str, Meta(description="`b2:` + BLAKE2b-256 in 64 hex digits")]
Tree = Annotated[str, Meta(description="git tree id, 40 or 64 hex digits")]
Time = Annotated[str, Meta(description="UTC, `2026-11-22T10:15:00.123456Z`, always six decimals")]


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Value(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A part of an event, a state or a proof: immutable and without identity."""


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Event(Struct, frozen=True, forbid_unknown_fields=True, gc=False, tag_field="kind"):
    """A fact: something that happened, in the past tense, under a stored name that never changes."""


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Command(Struct, frozen=True, forbid_unknown_fields=True):
    """An order to record something. Time, ids and dice arrive in it, so that deciding stays pure."""

    actor: str


class Unknown(Struct, frozen=True, gc=False):
    """An event of a kind or version this omk does not know: kept, shown and reported, never folded."""

    kind: str
    raw: bytes


class Output(Value):
    """What a process printed, kept out of line as a blob.

    `digest` is salted (`b2(salt ‖ bytes)`) and names the blob; `size` counts the bytes printed; `left_out` the bytes
    between head and tail that were not kept; `preview` has at most 240 characters.
    """

    digest: Digest
    size: int
    left_out: int
    preview: Text


class Recorded(Struct, frozen=True, gc=False):
    """The one envelope: an event, its place in the goal's history, and what it rests on.

    `seq` counts 1, 2, 3 … without a hole; `causes` are ascending seqs; `prev` is the digest of the goal's previous record
    ("" before the first). `digest` and `open` are not part of the sealed record: the codec adds them when it reads one.
    """

    goal: str
    seq: int
    at: Time
    actor: str
    causes: tuple[int, ...]
    prev: str
    event: object
    digest: str = ""
    open: bytes = b"{}"


def kind_tag(kind: type[Event]) -> str:
    """The stored name of a type of event, e.g. `gate_ran.v1`."""
    return str(kind.__struct_config__.tag)


def kind_of(event: object) -> str:
    """The stored name of an event, e.g. `gate_ran.v1`."""
    if isinstance(event, Unknown):
        return event.kind
    return str(event.__struct_config__.tag)  # type: ignore[attr-defined]


def quoted(record: Recorded, text: str | None) -> str | None:
    """A sealed text as the state remembers it: `§<seq>:<commitment>`, so that a view finds the record that holds it."""
    return None if text is None else f"§{record.seq}:{text}"
