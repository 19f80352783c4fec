"""Which goal is shown: an address that is typed may name it, but none other."""

from omk.errors import Refused
from omk.replay.address import LATEST


def position_of(address: str, goal: str) -> str:
    """The position in `[GOAL@]POS`, empty if none is given. Raises Refused where GOAL does not mean the one shown."""
    name, at, position = address.strip().partition("@")
    if not at or ":" in name:  # no goal has a colon; what is called after the name of a gate or a tool has
        return address.strip()
    if goal.startswith(name):
        return position
    shown = f"This shows {goal}"
    if name == LATEST:
        raise Refused(f"{shown}, which need not be the latest. Give the position alone: {position or 'head'}")
    raise Refused(f"{shown}, not {name}. To open that one, leave and type: omk debug {name}@{position or 'head'}")
