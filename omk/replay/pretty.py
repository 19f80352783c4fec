"""Documents as files that people read and compare."""

import json
from typing import Any


def pretty(document: Any) -> str:
    """A document as the folders of `replays/` keep it: in its own order, one value a line."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def lines(entries: list[Any]) -> str:
    """A list as the folders of `replays/` keep it, one entry a line, so that a difference shows whole entries."""
    told = ",\n".join(json.dumps(one, ensure_ascii=False) for one in entries)
    return f"[\n{told}\n]\n"
