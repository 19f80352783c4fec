"""What holds a goal up, and what it has announced: ended, answered, or given up."""

from omk.domain.attempts import attempt_parts
from omk.domain.event import Command
from omk.domain.goal_decider import decide
from omk.domain.proof import holds
from omk.domain.state import INITIAL
from omk.domain.subjects import agent, budget, controller, delivery, gate, goal, landing, publication, review, task
from omk.domain.subjects.obligation import BOOKKEEPING
from omk.replay.future.course import CONTROLLER, PERSON, Course, Way
from omk.replay.suppose.fill import WORDS
from omk.replay.suppose.meant import exceeded

TESTABLE = "goal.testable"


def lift(course: Course, _: Way) -> None:
    """End a pause, assess what was not assessed, answer what blocks, add to what is spent."""
    course.ask(goal.ResumeGoal(actor=PERSON))
    if course.state.goal.oracle is None:
        _assess(course)
    while course.state.goal.blocked and _unblocks(course):
        pass
    if holds.goal_testable(course.state, TESTABLE) is None:
        course.ask(goal.BlockGoal(actor=CONTROLLER, on="human", code=TESTABLE, reason=WORDS))
        course.ask(goal.RecordDecision(actor=PERSON, answer=WORDS))
    more = exceeded(course.state)
    if more:
        course.ask(budget.ExtendBudget(actor=PERSON, extended=course.event("budget_extended", **more)))


def _unblocks(course: Course) -> bool:
    human = goal.RecordDecision(actor=PERSON, answer=WORDS)
    return course.ask(human) or course.ask(goal.UnblockGoal(actor=CONTROLLER))


def _assess(course: Course) -> None:
    """The last event of a goal's creation, whose first ones stand there already."""
    command = goal.CreateGoal(
        actor=PERSON,
        created=course.event("goal_created"),
        configured=course.event("goal_configured"),
        assessed=course.event("oracle_assessed"),
    )
    for event in decide(command, INITIAL):
        if isinstance(event, goal.OracleAssessed):
            course.take(event, PERSON)


# --- What is announced ---

RANK = ("tool", "permission", "agent", "gate", "review", "push", "pull_request", "pull_request_merge", "merge", "task")
"""What ends before what."""


def answer(course: Course, way: Way) -> None:
    """Answer everything announced, or give it up."""
    owed = [name for name in course.state.obligation if not name.startswith(f"{BOOKKEEPING}:")]
    for name in sorted(owed, key=lambda one: RANK.index(one.partition(":")[0])):
        command = None if way.abort else _answer(course, name)
        if command is not None:
            course.ask(command)
        if course.has(name):
            course.ask(controller.AbortEffect(actor=CONTROLLER, obligation=name, reason=WORDS))


def _answer(course: Course, obligation: str) -> Command | None:
    """The best answer to what was announced, if there is one."""
    state, event = course.state, course.event
    subject, _, rest = obligation.partition(":")
    name, number = attempt_parts(rest)
    match subject:
        case "tool":
            return agent.FinishTool(
                actor=CONTROLLER, finished=event("tool_finished", tool=rest, agent=state.agent.tools[rest].of)
            )
        case "permission":
            return agent.AnswerPermission(actor=PERSON, answered=event("permission_answered", permission=rest))
        case "agent":
            of = state.agent.running[rest].of
            return agent.FinishAgent(actor=f"agent:{rest}", finished=event("agent_finished", agent=rest, task=of))
        case "task":
            return task.FinishTask(actor=CONTROLLER, task=name, attempt=int(number), tree=state.worktree.tree or None)
        case "push" | "pull_request" | "pull_request_merge":
            return _published(course, subject, int(rest))
        case "merge":
            return delivery.FinishMerge(actor=CONTROLLER, answer=event("change_merged", branch=name, attempt=int(number)))
        case _:
            return _judgement(course, obligation)


def _published(course: Course, subject: str, attempt: int) -> Command:
    match subject:
        case "push":
            return publication.FinishPush(actor=CONTROLLER, answer=course.event("branch_pushed", attempt=attempt))
        case "pull_request":
            return publication.RecordPullRequest(actor=CONTROLLER, answer=course.event("pull_request_opened", attempt=attempt))
        case _:
            return landing.FinishLanding(actor=CONTROLLER, answer=course.event("pull_request_merged", attempt=attempt))


def _judgement(course: Course, obligation: str) -> Command | None:
    """What a gate or a review that was begun on this tree may say; one begun on another has nothing to say of it."""
    state = course.state
    subject, _, rest = obligation.partition(":")
    name, attempt = attempt_parts(rest)
    since, files = state.obligation[obligation].seq, state.worktree
    is_current = since > max(files.seq, files.base_seq)
    if subject == "review" and is_current:
        said = course.event("review_passed", review=name, attempt=int(attempt))
        return review.RecordReview(actor=CONTROLLER, verdict=said)
    if subject == "gate" and is_current and since > state.gate.seq and name in state.gate.by_name:
        return gate.RecordGate(actor=CONTROLLER, ran=course.event("gate_ran", gate=name, attempt=int(attempt)))
    return None
