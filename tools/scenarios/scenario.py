"""What a scenario is made of: a repository, what is done in it, how it must end, and what there is to see."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Omk:
    """One command, carried out to its end; *refused* tells that it has to fail."""

    arguments: tuple[str, ...]
    refused: bool = False


@dataclass(frozen=True)
class Commit:
    """A commit that somebody else makes on the base branch, in the checkout."""

    message: str
    files: dict[str, str]


@dataclass(frozen=True)
class Killed:
    """One command, ended by SIGKILL as soon as the log holds an event of kind *at*."""

    arguments: tuple[str, ...]
    at: str


@dataclass(frozen=True)
class Meanwhile:
    """One command, and another one that is given as soon as the log holds an event of kind *at*."""

    arguments: tuple[str, ...]
    at: str
    other: tuple[str, ...]


Act = Omk | Commit | Killed | Meanwhile


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One run to record.

    `name` is the claim in short and the folder's name, `claim` the same as a sentence. `files` are committed before
    the run, `left` lie in the checkout without being committed. `look` pairs an address of the recorded goal with what
    is to be seen there. The run has to end with `status` and with exactly these `gaps`.
    """

    name: str
    claim: str
    story: str
    acts: tuple[Act, ...]
    look: tuple[tuple[str, str], ...]
    status: str
    gaps: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)


def omk(*arguments: str) -> Omk:
    """A command that succeeds."""
    return Omk(arguments)


def refused(*arguments: str) -> Omk:
    """A command that fails with one line and records nothing."""
    return Omk(arguments, refused=True)


def gates(**lines: str) -> tuple[str, ...]:
    """The flags of these gates."""
    return tuple(word for name, line in lines.items() for word in ("--gate", f"{name}={line}"))
