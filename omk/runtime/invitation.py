"""What agents are told about proposing tasks: a planner has to, an agent at work may."""

from omk.domain.state import GoalState
from omk.runtime.fitting import Part
from omk.runtime.proposals import FORMAT, NAME


def channel(state: GoalState) -> Part:
    """How an agent proposes tasks of its own."""
    how = "one JSON object a line, paths from the top of the repository"
    return Part(f"Other work that you find to be needed can be proposed in {_file(state)}, {how}:\n{FORMAT}")


def planning(state: GoalState) -> Part:
    """What a planner is asked for."""
    scope = state.goal.settings.scope if state.goal.settings else ()
    within = f", within {', '.join(scope)}" if scope else ""
    lines = (
        f"Split the goal into tasks for coding agents. Write them to {_file(state)}, one JSON object a line, in an order",
        "in which each depends only on earlier ones:",
        FORMAT,
        "Tasks that write the same paths, or name no path to write, have to depend on one another.",
        f"Paths are files or folders from the top of the repository, no patterns{within}. Change no other file: it is not kept.",
    )
    return Part("# Plan the goal\n\n" + "\n".join(lines))


def _file(state: GoalState) -> str:
    """The proposals' file, from where the agent works."""
    below = state.goal.repository.subdirectory if state.goal.repository else ""
    return "../" * len([part for part in below.split("/") if part]) + NAME
