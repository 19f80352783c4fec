"""What an agent may do: a policy and a request give allowed, refused, or a question for a person. Pure."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Literal

from omk.domain.event import Value
from omk.domain.subjects.agent import Action

Approve = Literal["ask", "safe", "yolo", "never", "pattern"]
READS_ONLY: tuple[Action, ...] = ("read",)


class Ruling(Value):
    """What a policy says, and by which rule; `ask`: a person has to say it, and where nobody can, the answer is no."""

    answer: Literal["allowed", "refused", "ask"]
    rule: str


def ruling(policy: str, patterns: Sequence[str], *, action: Action, title: str) -> Ruling:
    """What *policy* says of an *action* that the agent describes as *title*; *patterns* are those of the policy `pattern`.

    A name that is no policy of ours, as a newer log may have one, refuses.
    """
    match policy:
        case "yolo":
            return Ruling(answer="allowed", rule="yolo")
        case "safe" if action in READS_ONLY:
            return Ruling(answer="allowed", rule="safe: it only reads")
        case "pattern" if (pattern := _matching(patterns, title)) is not None:
            return Ruling(answer="allowed", rule=f"pattern: {pattern}")
        case "ask" | "safe" | "pattern":
            return Ruling(answer="ask", rule=policy)
        case _:
            return Ruling(answer="refused", rule=policy)


def _matching(patterns: Sequence[str], title: str) -> str | None:
    """The first pattern that the whole title matches, in its own case (`*` and `?` stand for anything, also for `;`)."""
    return next((one for one in patterns if fnmatchcase(title, one)), None)
