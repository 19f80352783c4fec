"""Shares: the goals of a log divided among several readers, by the last character of their ids."""


def share_of(goal: str, count: int) -> int:
    """The share, 0 … *count* - 1, that a goal belongs to, whatever log it is in."""
    return ord(goal[-1]) % count if goal else 0
