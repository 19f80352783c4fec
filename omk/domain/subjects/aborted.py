"""What a crash or an interruption left undone, and how every subject learns of it."""

from omk.domain.event import Event, Text


class EffectAborted(Event, tag="effect_aborted.v1"):
    """What *obligation* (`<subject>:<name>:<attempt>`) announced was not carried out to its end, and is closed."""

    obligation: str
    reason: Text


def aborted_name(event: EffectAborted, subject: str) -> str | None:
    """The name in an obligation of *subject*, without subject and attempt; null if it is another subject's."""
    kind, _, rest = event.obligation.partition(":")
    return rest.rpartition(":")[0] if kind == subject else None
