"""Events that might come: from a kind and some of its fields, the others as the state has them, or neutral."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect
from msgspec.inspect import (
    BoolType,
    IntType,
    LiteralType,
    Metadata,
    NoneType,
    StructType,
    UnionType,
    VarTupleType,
)

from omk.domain.catalogue import EVENTS
from omk.domain.event import Event
from omk.domain.state import GoalState
from omk.domain.values import GateDefinition
from omk.errors import Refused
from omk.replay.suppose.known import field
from omk.replay.suppose.meant import NOTHING, SOME

WORDS = "As supposed."
GATE_DEFAULTS: Mapping[str, Any] = {
    "command": ["true"],
    "shell": True,
    "required": True,
    "timeout_ms": 600_000,
    "source": "flag",
    "digest": NOTHING,
}
_SHOWN = 5


def fill(kind: str, where: Mapping[str, object], state: GoalState) -> Event:
    """The event of that kind (`gate_ran`, or `gate_ran.v1`) with the fields of *where*, as it might follow *state*.

    Raises Refused, in one line, for a kind or field that does not exist and for a value that does not fit.
    """
    tag = tag_of(kind)
    event = EVENTS[tag]
    shape = _fields(event)
    strange = sorted(where.keys() - shape.keys())
    if strange:
        raise Refused(f"{tag} has no field {strange[0]!r}. Its fields: {', '.join(shape) or 'none'}.")
    values: dict[str, Any] = {"kind": tag}
    try:
        for name, one in shape.items():
            values[name] = _completed(where[name] if name in where else _meant(event, name, where, state), one, name, state)
        made: Event = msgspec.convert(values, event)
        msgspec.json.encode(made)  # half a character cannot be written
    except (TypeError, ValueError) as problem:
        raise Refused(f"This is no {tag}: {problem}. `events/{tag}.json` says what it holds.") from problem
    return made


def tag_of(kind: str) -> str:
    """The stored name that *kind* means; without a version, the newest. Raises Refused if there is none."""
    known = [tag for tag in EVENTS if kind in {tag, tag.rpartition(".v")[0]}]
    if not known:
        close = sorted(tag for tag in EVENTS if tag.partition("_")[0] == kind.partition("_")[0])[:_SHOWN]
        raise Refused(f"There is no event of kind {kind!r}. `events/` has them all{_like(close)}.")
    return max(known, key=lambda tag: int(tag.rpartition(".v")[2]))


def _like(kinds: list[str]) -> str:
    return f", such as {', '.join(kinds)}" if kinds else ""


@cache
def _fields(event: type[Event]) -> dict[str, inspect.Type]:
    shape = inspect.type_info(event)
    return {one.encode_name: one.type for one in shape.fields} if isinstance(shape, StructType) else {}


def _meant(event: type[Event], name: str, where: Mapping[str, object], state: GoalState) -> Any:
    """What a field that was not given holds."""
    shape = _fields(event)[name]
    if _takes_none(shape) and name not in {"task", "agent", "tree", "base", "branch"}:
        return None
    try:
        return field(event, name, where, state)
    except LookupError:
        return _neutral(shape)


def _takes_none(shape: inspect.Type) -> bool:
    return isinstance(shape, UnionType) and any(isinstance(one, NoneType) for one in shape.types)


def _neutral(shape: inspect.Type) -> Any:
    """A value of that type that says nothing."""
    match shape:
        case Metadata(extra={"free_text": True}):
            return WORDS
        case Metadata(type=inner):
            return _neutral(inner)
        case BoolType() | IntType():
            return 0 if isinstance(shape, IntType) else False
        case LiteralType(values=allowed):
            return allowed[0]
        case VarTupleType():
            return []
        case StructType():
            return {}  # to be completed
        case UnionType():
            return None
        case _:
            return SOME


def _completed(value: Any, shape: inspect.Type, name: str, state: GoalState) -> Any:
    """A value with what is left out in the structures inside it."""
    match shape, value:
        case Metadata(type=inner), _:
            return _completed(value, inner, name, state)
        case UnionType(types=types), Mapping():
            structs = [one for one in types if isinstance(one, StructType)]
            return _completed(value, structs[0], name, state) if structs else value
        case VarTupleType(item_type=item), list() | tuple():
            return [_completed(one, item, name, state) for one in value]
        case StructType(cls=cls, fields=fields), Mapping():
            usual = _usual(cls, value, state)
            strange = {key: one for key, one in value.items() if key not in {one.encode_name for one in fields}}
            return strange | {one.encode_name: _inner(one, {**usual, **value}, state) for one in fields}
        case _:
            return value


def _inner(one: inspect.Field, value: Mapping[str, Any], state: GoalState) -> Any:
    given = value[one.encode_name] if one.encode_name in value else _neutral(one.type)
    return _completed(given, one.type, one.encode_name, state)


def _usual(cls: type, value: Mapping[str, Any], state: GoalState) -> Mapping[str, Any]:
    """What a gate's definition holds that is not given: what it holds now, or what one would have."""
    if cls is not GateDefinition:
        return {}
    known = state.gate.by_name.get(str(value.get("name")))
    made: dict[str, Any] = msgspec.to_builtins(known.definition) if known else {**GATE_DEFAULTS}
    return made
