"""The plan: the well-known tasks of a goal around those that change the project, one unless more were asked for."""

from collections.abc import Sequence

from omk.domain.subjects.proposal import TaskProposed
from omk.domain.subjects.task import CONTROLLER, EXECUTOR

INTAKE = "goal-intake"
PLAN = "goal-plan"
VERIFY = "goal-local-verify"
EXECUTE = "goal-agent-execute"
REVIEW = "goal-review"
SECURITY_REVIEW = "goal-security-review"
IMPLEMENT = "goal-agent-implement-{number}"
BEGUN = (INTAKE, PLAN)
"""The tasks that are done once the plan stands."""
WELL_KNOWN = frozenset({INTAKE, PLAN, VERIFY, EXECUTE, REVIEW, SECURITY_REVIEW})
"""The names that a task from elsewhere may not have."""


def _task(
    task: str,
    title: str,
    description: str,
    acceptance: str,
    *,
    after: tuple[str, ...] = (),
    write_set: tuple[str, ...] = (),
    role: str = CONTROLLER,
    risk: str = "low",
) -> TaskProposed:
    return TaskProposed(
        task=task,
        title=title,
        description=description,
        role=role,
        dependencies=after,
        read_set=(),
        write_set=write_set,
        risk=risk,
        acceptance=(acceptance,),
        priority=0,
        budget_seconds=None,
        source="planner",
    )


def built_in_plan(prompt: str, scope: tuple[str, ...]) -> tuple[TaskProposed, ...]:
    """The six well-known tasks, in their order, for the goal *prompt*; *scope* is the write set (empty: anywhere)."""
    goal = ("Do the work", prompt, "The goal is reached.")
    return whole_plan([_task(EXECUTE, *goal, after=(PLAN,), write_set=scope, role=EXECUTOR, risk="high")])


def split_plan(prompt: str, features: Sequence[str], scope: tuple[str, ...]) -> tuple[TaskProposed, ...]:
    """A task for each of the *features*, or the built-in plan for one.

    Which paths a feature needs nobody has said, so each may write all of *scope*, and they are worked on one after another.
    """
    if len(features) < 2:  # noqa: PLR2004 - one is no split
        return built_in_plan(prompt, scope)
    work = []
    for number, feature in enumerate(features, start=1):
        words = (
            f"Implement: {feature}",
            f"Of the goal, only this part: {feature}",
            f"This part is reached: {feature}",
        )
        name = IMPLEMENT.format(number=number)
        work.append(_task(name, *words, after=(PLAN,), write_set=scope, role=EXECUTOR, risk="moderate"))
    return whole_plan(work)


def whole_plan(work: Sequence[TaskProposed]) -> tuple[TaskProposed, ...]:
    """The tasks that change the project, with what comes before and after them.

    Verification follows the agents' work here, and not the other way round as in 0.5.0: evidence is bound to the tree it
    judges, so gates on the base commit would prove nothing of the change.
    """
    names = tuple(one.task for one in work)
    intake = _task(INTAKE, "Take the goal in", "Record what was asked, and in which repository.", "The goal is recorded.")
    plan = _task(PLAN, "Plan the work", "Split the goal into tasks.", "The tasks are recorded.", after=(INTAKE,))
    verify = _task(VERIFY, "Run the gates", "Run every gate on the tree.", "Every required gate passed.", after=names)
    review = _task(REVIEW, "Review the change", "Make the review passes.", "No pass objects.", after=names)
    security = _task(SECURITY_REVIEW, "Review for secrets", "Search the change for secrets.", "None is found.", after=names)
    return (intake, plan, verify, *work, review, security)
