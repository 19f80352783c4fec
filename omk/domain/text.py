"""Free text and its commitment: where it is in an event, how it is checked, and how a document gets it back."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec

from omk.domain.digest import digest_of
from omk.domain.event import Recorded, Unknown
from omk.errors import Damaged

ERASED = "(erased)"
_QUOTED = re.compile(r"§(\d{1,18}):(b2:[0-9a-f]{64})")
_EACH = -1
_from_hex = bytes.fromhex
TEXT = "text"
_opened = msgspec.json.Decoder(dict[str, tuple[str, str]]).decode

Shape = Mapping[str | int, Any] | str | None
"""Where free text is in a type: `"text"`, or field name, index or each item to a shape; None: nowhere."""


def commitment(salt: bytes, text: str) -> str:
    """What a sealed record says of a free text: `b2:` + BLAKE2b-256 of salt and text."""
    return digest_of(salt + text.encode())


def texts(record: Recorded) -> dict[str, str]:
    """The free text of a record by path, checked against its commitments; what was erased is absent.

    Raises Damaged `text.commitment` where a text is not the one that was sealed.
    """
    if record.open == b"{}":
        return {}
    event, found = record.event, dict[str, str]()
    try:
        content = msgspec.json.decode(event.raw) if type(event) is Unknown else event
        for path, (grain, text) in _opened(record.open).items():
            sealed = _at(content, path) if content is not event or "." in path else getattr(event, path, None)
            if sealed != commitment(_from_hex(grain), text):
                raise _mismatch(record, f"the text of {path!r} is not the one that was sealed.")
            found[path] = text
    except (msgspec.DecodeError, ValueError, RecursionError) as problem:
        raise _mismatch(record, f"its open half cannot be read ({problem}).") from problem
    return found


def resolve(document: Any, find: Callable[[int], Recorded | None]) -> Any:
    """*document* (dict, list, str, …) with every `§<seq>:<commitment>` in it replaced by the text it stands for.

    *find* gives the record of a seq; a text that was erased, or cannot be found, reads `(erased)`.
    """
    known: dict[int, dict[str, str]] = {}

    def text(match: re.Match[str]) -> str:
        seq = int(match[1])
        if seq not in known:
            record = find(seq)
            known[seq] = {} if record is None else _by_commitment(record)
        return known[seq].get(match[2], ERASED)

    def walk(value: Any) -> Any:
        match value:
            case str():
                return _QUOTED.sub(text, value) if "§" in value else value
            case dict():
                return {key: walk(item) for key, item in value.items()}
            case list() | tuple():
                return [walk(item) for item in value]
            case _:
                return value

    return walk(document)


@cache
def text_shape(event: type) -> Shape:
    """Where the free text (`Text`) of a type is, also in nested values, unions and tuples."""
    from msgspec import inspect

    def shape(kind: inspect.Type) -> Shape:
        match kind:
            case inspect.Metadata(extra={"free_text": True}):
                return TEXT
            case inspect.Metadata(type=inner):
                return shape(inner)
            case inspect.UnionType(types=types):
                return _merged([shape(inner) for inner in types])
            case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
                return _found({_EACH: shape(item)})
            case inspect.TupleType(item_types=items):
                return _found({place: shape(item) for place, item in enumerate(items)})
            case inspect.DictType(value_type=item):
                return _found({_EACH: shape(item)})
            case inspect.StructType(fields=fields):
                return _found({field.encode_name: shape(field.type) for field in fields})
            case _:
                return None

    return shape(inspect.type_info(event))


def _found(shapes: dict[Any, Shape]) -> Shape:
    return {key: shape for key, shape in shapes.items() if shape} or None


def _merged(shapes: list[Shape]) -> Shape:
    """The shape of a union: text wins, mappings are laid over one another."""
    if TEXT in shapes:
        return TEXT
    merged: dict[Any, Any] = {}
    for shape in shapes:
        merged |= shape if isinstance(shape, dict) else {}
    return merged or None


def below(shape: Shape, key: str | int) -> Shape:
    """Where free text is in one part of a shape: a field, an index, or each item."""
    return shape.get(key, shape.get(_EACH)) if isinstance(shape, dict) else None


def _at(content: Any, path: str) -> Any:
    """The value under a path like `output.preview` or `acceptance.0`; None where there is none."""
    for part in path.split("."):
        if isinstance(content, msgspec.Struct):
            content = getattr(content, part, None)
        elif isinstance(content, dict):
            content = content.get(part)
        elif isinstance(content, (list, tuple)) and part.isdecimal() and int(part) < len(content):
            content = content[int(part)]
        else:
            return None
    return content


def _by_commitment(record: Recorded) -> dict[str, str]:
    found = texts(record)
    opened = _opened(record.open) if found else {}
    return {commitment(bytes.fromhex(grain), text): text for grain, text in opened.values()}


def _mismatch(record: Recorded, text: str) -> Damaged:
    return Damaged(record.goal, record.seq, "text.commitment", text)
