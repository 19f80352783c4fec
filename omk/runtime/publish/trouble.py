"""What keeps a change from being published: not omk's to mend, so the goal waits for it."""

from omk.errors import OmkError


class Trouble(OmkError):
    """Something outside of omk is in the way: *code* says where, the words say what and what to do."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        super().__init__(text)


class Stopped(OmkError):
    """What was waited for is not wanted any more."""


BASE, BRANCH, CHECKS, HUB, LANDING, REMOTE = (
    f"delivery.{name}" for name in ("base", "branch", "checks", "gh", "merge", "remote")
)
"""The codes of all troubles: the base branch, the pushed branch, the checks, gh itself, the merge, the remote."""
PREFIX = "delivery."
