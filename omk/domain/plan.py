"""The built-in plan: the well-known tasks of a goal with one implementing task."""

from omk.domain.subjects.task import CONTROLLER, EXECUTOR, TaskProposed

INTAKE = "goal-intake"
PLAN = "goal-plan"
VERIFY = "goal-local-verify"
EXECUTE = "goal-agent-execute"
REVIEW = "goal-review"
SECURITY_REVIEW = "goal-security-review"
BEGUN = (INTAKE, PLAN)
"""The tasks that are done once the plan stands."""


def _task(
    task: str, title: str, description: str, acceptance: str, *, after: tuple[str, ...] = (), role: str = CONTROLLER
) -> TaskProposed:
    return TaskProposed(
        task=task,
        title=title,
        description=description,
        role=role,
        dependencies=after,
        read_set=(),
        write_set=(),
        risk="high" if role == EXECUTOR else "low",
        acceptance=(acceptance,),
        priority=0,
        budget_seconds=None,
        source="planner",
    )


def built_in_plan(prompt: str, scope: tuple[str, ...]) -> tuple[TaskProposed, ...]:
    """The six well-known tasks, in their order, for the goal *prompt*; *scope* is the write set (empty: anywhere).

    Verification follows the agent's work here, and not the other way round as in 0.5.0: evidence is bound to the tree it
    judges, so gates on the base commit would prove nothing of the change.
    """
    intake = _task(INTAKE, "Take the goal in", "Record what was asked, and in which repository.", "The goal is recorded.")
    plan = _task(PLAN, "Plan the work", "Split the goal into tasks.", "The tasks are recorded.", after=(INTAKE,))
    verify = _task(VERIFY, "Run the gates", "Run every gate on the tree.", "Every required gate passed.", after=(EXECUTE,))
    work = _task(EXECUTE, "Do the work", prompt, "The goal is reached.", after=(PLAN,), role=EXECUTOR)
    review = _task(REVIEW, "Review the change", "Make the review passes.", "No pass objects.", after=(EXECUTE,))
    security = _task(SECURITY_REVIEW, "Review for secrets", "Search the change for secrets.", "None is found.", after=(EXECUTE,))
    work = TaskProposed(**{name: getattr(work, name) for name in work.__struct_fields__} | {"write_set": scope})
    return (intake, plan, verify, work, review, security)
