"""What an agent may do is asked here, whatever its driver: of the goal's policy, or of a person. Both sides are recorded."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count

from omk.domain.approval import Ruling, ruling
from omk.domain.subjects.agent import AnswerPermission, AskPermission, PermissionAnswered, PermissionAsked
from omk.errors import Unusable
from omk.log.redact import cut
from omk.runtime import edge
from omk.runtime.channel import VARIABLE, Channel, Reply, Request
from omk.runtime.session import Session

POLICY = "policy:approve"
LONGEST_TITLE = 2_000
CANNOT_BE_ASKED = "nobody can be asked"
DOES_NOT_WAIT = "the agent does not wait any more"
NO_ANSWER = "nobody answered"


def approve(
    session: Session, agent: str, request: Request, *, permission: str, tool: str | None, is_over: Callable[[], bool]
) -> Reply:
    """Have it decided what *agent* may do, until *is_over*. Raises `Refused` where the goal takes no work any more."""
    title = cut(request.title)
    if not 0 < len(title.strip()) <= LONGEST_TITLE:
        return Reply(answer="refused", rule=f"say what you want to do, in 1 to {LONGEST_TITLE:,} characters")
    asked = PermissionAsked(permission=permission, agent=agent, tool=tool, action=request.action, title=title)
    session.handle(AskPermission(actor=f"agent:{agent}", asked=asked))
    actor, reply = _answered(session, asked, is_over)
    answered = PermissionAnswered(permission=permission, agent=agent, answer=reply.answer, rule=reply.rule)
    session.handle(AnswerPermission(actor=actor, answered=answered))
    return reply


def _answered(session: Session, asked: PermissionAsked, is_over: Callable[[], bool]) -> tuple[str, Reply]:
    """Who answers, and what."""
    settings, patterns = session.state.goal.settings, session.state.policy.approve
    said = ruling(settings.approve if settings else "safe", patterns, action=asked.action, title=asked.title)
    if said.answer != "ask":
        return POLICY, Reply(answer=said.answer, rule=said.rule)
    return _said_by_person(session, asked, said, is_over)


def _said_by_person(session: Session, asked: PermissionAsked, said: Ruling, is_over: Callable[[], bool]) -> tuple[str, Reply]:
    """What a person says; without a word of theirs the answer is no, and the rule says why there is none."""
    if session.consult is None:
        return POLICY, Reply(answer="refused", rule=f"{said.rule}: {CANNOT_BE_ASKED}")
    word = session.consult(f"{asked.agent} asks for leave ({asked.action}): {asked.title}", is_over)
    if word is None:
        return POLICY, Reply(answer="refused", rule=f"{said.rule}: {DOES_NOT_WAIT if is_over() else NO_ANSWER}")
    return edge.person(), Reply(answer="allowed" if word else "refused", rule=f"{said.rule}: a person")


@contextmanager
def asking(session: Session, agent: str, name: str) -> Iterator[dict[str, str]]:
    """While the block runs, processes of *agent* may ask: what their environment needs for that. *name* is the channel's."""
    numbers = count(1)

    def answer(request: Request, is_over: Callable[[], bool]) -> Reply:
        permission = f"{agent}/{next(numbers)}"
        return approve(
            session, agent, request, permission=permission, tool=None, is_over=lambda: session.stop.is_set() or is_over()
        )

    path = session.private_folder() / name
    channel = None
    with suppress(Unusable):  # an agent need not ask; one that does is told that nobody answers there
        channel = Channel(path, answer)
    try:
        yield {VARIABLE: str(path)}
    finally:
        if channel is not None:
            channel.close()
