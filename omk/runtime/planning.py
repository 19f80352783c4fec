"""The plan that a person gives a new goal along: tasks of a file, or the goal split into its features."""

from omk.domain.event import Command
from omk.domain.features import split_features
from omk.domain.goal_decider import PlanGoal
from omk.domain.oracle import Assessment
from omk.domain.plan import split_plan, whole_plan
from omk.domain.subjects.proposal import ExcuseTask
from omk.errors import Refused
from omk.runtime.tasks_file import read_tasks


def given_plan(
    prompt: str, *, file: str | None, split: bool, scope: tuple[str, ...], max_agents: int, assessed: Assessment, actor: str
) -> list[Command]:
    """The commands that make the plan part of the goal's beginning; none where the controller is to plan."""
    if file is None and not split:
        return []
    if file is not None and split:
        raise Refused("--tasks and --split are two plans. Give one of them.")
    if file is None:
        features = split_features(prompt, max_agents)
        return [PlanGoal(actor=actor, tasks=split_plan(prompt, features, scope))] if assessed.testable else []
    listed = read_tasks(file, scope)
    if not assessed.testable:
        raise Refused(f"{assessed.reason} Such a goal waits for a decision and takes no plan. Say more in its words.")
    excuses = [ExcuseTask(actor=actor, task=name, reason=reason) for name, reason in listed.excused.items()]
    return [PlanGoal(actor=actor, tasks=whole_plan(listed.tasks)), *excuses]
