"""What the rows of the state are called in an expression, so that one can break at what one sees."""

from collections.abc import Sequence

from omk.replay.moment import Moment
from omk.replay.query.names import NAMES
from omk.replay.query.values import Value, at, is_list, is_mapping, path_text

ROOTS = {
    "goal": ("goal", "id"),
    "kind": ("goal", "kind"),
    "created_at": ("goal", "created_at"),
    "updated_at": ("at",),
    "repository": ("goal", "repository"),
    "changes": ("files",),
    "forked_from": ("goal", "forked_from"),
    "proofs_issued": ("proof", "issued"),
}
"""Where the state as it is shown and the names of expressions differ."""


def expression_of(keys: Sequence[str], moment: Moment) -> str | None:
    """The path that reads what the row at *keys* holds; None where no expression does, as with the words of people."""
    root, *rest = (*ROOTS.get(keys[0], keys[:1]), *keys[1:])
    if root not in NAMES:
        return None
    value, path, places = NAMES[root].value(moment), [root], ""
    for key in rest:
        if is_list(value):
            if not key.isdecimal():
                return None
            places += f"[{key}]"
            value = at(value, int(key))
        elif places or not _has(value, key):
            return None
        else:
            path.append(key)
            value = at(value, key)
    return path_text(path) + places


def _has(value: Value, key: str) -> bool:
    return is_mapping(value) and key in value
