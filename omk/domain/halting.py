"""What holds a goal up whatever its gaps are, and the one command that lets it go on; nothing else is worth typing before."""

from omk.domain.spending import noted
from omk.domain.state import GoalState
from omk.domain.wanted import controlling

GOING_ON = {
    "paused": "omk resume {goal}",
    "blocked_on_human": "omk decide {goal} --answer TEXT",
    "blocked_on_external": "omk pr {goal}",
}
"""By status; what needs more budget depends on what is used up."""


def going_on(state: GoalState) -> str | None:
    """The command, with `{goal}` in it; none where nothing holds the goal up, or nothing leads out."""
    out = noted(state)
    status = controlling(state)
    if status == "needs_more_budget" and out is not None:
        return f"omk budget {{goal}} {out.flag}"
    return GOING_ON.get(status or "")
