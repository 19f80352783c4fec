"""What can go wrong, one class per thing the caller can do about it.

Every message says what happened, with values, and then what to do. The facts stay attributes; exit codes belong to the CLI.
"""


class OmkError(Exception):
    """The base of everything omk raises on purpose."""


class Refused(OmkError):
    """The command may not be carried out now. Change the command, or the goal's state, first."""


class Interrupted(OmkError):
    """A person ended the command, by Ctrl-C or a signal. What was done is on record."""


class NotFound(OmkError):
    """What was named does not exist, or the name fits several. Name it better."""


class Conflict(OmkError):
    """Somebody else appended first. Reload, decide again."""

    def __init__(self, goal: str, expected: int) -> None:
        self.goal, self.expected = goal, expected
        super().__init__(f"{goal} moved past event {expected}. Reload it, decide again.")


class Damaged(OmkError):
    """What is stored is not what was written. Run `omk fsck`; restore the store from a copy."""

    def __init__(self, goal: str, seq: int | None, code: str, text: str) -> None:
        self.goal, self.seq, self.code, self.text = goal, seq, code, text
        place = goal if seq is None else f"{goal} event {seq}"
        super().__init__(f"{place} is damaged: {text} Run `omk fsck` for the whole list.")


class Unusable(OmkError):
    """Something around omk (store, repository, configuration, disk, tool) cannot be used as it is. Mend it, try again."""
