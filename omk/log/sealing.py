"""Sealing free text: what of an event goes into the sealed half, and what into the open one."""

from collections.abc import Callable
from typing import Any

import msgspec

from omk.domain.event import Event
from omk.domain.text import TEXT, Shape, below, commitment, text_shape


def cleaned(text: str) -> str:
    """*text* without secrets, and as UTF-8 can write it."""
    from omk.log.redact import cut  # its patterns are needed to write only

    return cut(text.encode("utf-8", "replace").decode())


def committed(event: Event, salt: Callable[[], bytes]) -> tuple[dict[str, Any], dict[str, tuple[str, str]]]:
    """The event as plain values with commitments for its free text, and that text as `{path: (salt in hex, text)}`."""
    opened: dict[str, tuple[str, str]] = {}

    def walk(value: Any, shape: Shape, path: str) -> Any:
        match value:
            case str() if shape == TEXT:
                grain, text = salt(), cleaned(value)
                opened[path] = (grain.hex(), text)
                return commitment(grain, text)
            case str():
                return cleaned(value)
            case dict():
                return {key: walk(item, below(shape, key), f"{path}.{key}" if path else key) for key, item in value.items()}
            case list() | tuple():
                return [walk(item, below(shape, place), f"{path}.{place}") for place, item in enumerate(value)]
            case _:
                return value

    return walk(msgspec.to_builtins(event), text_shape(type(event)), ""), opened
