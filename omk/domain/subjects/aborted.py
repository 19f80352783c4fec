"""What a crash or an interruption left undone, and how every subject learns of it."""

from omk.domain.event import Event, Text


class EffectAborted(Event, tag="effect_aborted.v1"):
    """What *obligation* (`<subject>:<name>:<attempt>`) announced was not carried out to its end, and is closed."""

    obligation: str
    reason: Text


def aborted_key(event: EffectAborted, subject: str) -> str:
    """The key of the attempt that was aborted; empty if it is another subject's."""
    kind, _, key = event.obligation.partition(":")
    return key if kind == subject else ""
