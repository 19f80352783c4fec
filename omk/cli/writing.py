"""What the commands share that write: the session on a goal, and how a verdict is printed at the end."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from omk.cli.options import Format, chosen
from omk.cli.output import say, show
from omk.cli.place import locate
from omk.cli.progress import Progress
from omk.cli.question import Questions, is_attended
from omk.domain.ending import ALL_DONE, ending, left_over
from omk.domain.event import Recorded
from omk.domain.halting import going_on
from omk.domain.proof.proof import GoalProof
from omk.domain.state import GoalState
from omk.domain.text import resolve
from omk.errors import Interrupted, NotFound
from omk.log.place import here
from omk.replay.address import LATEST, Known, find_goal
from omk.replay.documents import state_document
from omk.replay.proof_document import proof_document
from omk.runtime import edge
from omk.runtime.inside import refuse_inside
from omk.runtime.repository import UserRepository
from omk.runtime.session import Session
from omk.runtime.store import Store
from omk.views.markdown import head_markdown, proof_markdown
from omk.views.plan import plan_lines, plan_markdown
from omk.views.proof import ending_lines, head_lines, proof_lines

SHOWN_PATHS = 3


def repository() -> UserRepository:
    """The repository one stands in."""
    edge.require_known_platform()
    return UserRepository.find(here())


def open_store(store: str | None, user: UserRepository | None = None, *, identity: str | None = None) -> Store:
    """The store that `--store` or `OMK_STORE` names, else the repository's own; made if *identity* is given."""
    return Store(user or repository(), locate(store).url, identity=identity)


@contextlib.contextmanager
def on_goal(
    name: str | None,
    verb: str,
    store: str | None,
    *,
    unnamed: Callable[[Store], str] | None = None,
    heard: list[Recorded] | None = None,
) -> Iterator[Session]:
    """A session on an existing goal, for a person; progress goes to stderr.

    *unnamed* finds the goal where none is named. *heard* takes in what is recorded, first of it the end of what a dead
    controller had left.
    """
    if name is not None and "@" in name:
        raise NotFound(f"`omk {verb}` acts on a goal as it is now. Name it without @: {name.partition('@')[0]}")
    here()
    refuse_inside(verb)
    known = open_store(store)
    try:
        refuse_inside(verb, is_known=known.has, folder=known.folder)
        goals = [Known(goal, at) for goal, at in known.goals()]
        goal = unnamed(known) if name is None and unnamed is not None else find_goal(LATEST if name is None else name, goals)
        with Progress() as progress:

            def listen(record: Recorded) -> None:
                if heard is not None:
                    heard.append(record)
                progress.record(record)

            session = known.session(goal, listen, progress.begin)
            session.warn = say
            refuse_inside(verb, (owed.pid for owed in session.state.obligation.values() if owed.pid is not None))
            session.consult = Questions(progress).ask if is_attended() else None
            with interruptible(), saying_how_it_goes_on(session):
                yield session
    finally:
        known.log.close()


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a command as Ctrl-C does: what runs is stopped and recorded."""

    def interrupt(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def saying_how_it_goes_on(session: Session) -> Iterator[None]:
    """Let an interruption end the command not without a word."""
    try:
        yield
    except KeyboardInterrupt:
        more = f" What was done is on record. Go on with: omk resume {session.goal}" if left_over(session.state) else ""
        raise Interrupted(f"Interrupted.{more}") from None  # said once the terminal is free


def finish(session: Session, proof: GoalProof, *, form: Format | None, as_json: bool, is_driven: bool = False) -> None:
    """Print the verdict on the goal; after a controller's work (*is_driven*) also why that ended, for people."""
    ended = ending(session.state) if is_driven else ALL_DONE
    told = None if ended == ALL_DONE else ended
    document = resolve(proof_document(session.state, proof), session.handle.record_at)
    show(
        chosen(form, as_json),
        document,
        lambda width: [*proof_lines(document, width), *ending_lines(told, width)],
        lambda: proof_markdown(document),
    )


def finish_plan(session: Session, proof: GoalProof, *, form: Format | None, as_json: bool) -> None:
    """Print the plan of the goal: the verdict, with the tasks."""
    state = state_document(session.state, proof)
    settings = session.state.goal.settings
    document = {**proof_document(session.state, proof), **{name: state[name] for name in ("prompt", "tasks")}}
    document["agent"] = settings.agent if settings else None
    document = resolve(document, session.handle.record_at)
    show(
        chosen(form, as_json),
        document,
        lambda width: plan_lines(document, width),
        lambda: plan_markdown(document),
    )


def settle(session: Session, *, form: Format | None, as_json: bool) -> None:
    """Issue the proof after a person's word, and print it."""
    finish(session, session.handle.issue_proof(session.actor), form=form, as_json=as_json)


def next_command(state: GoalState, proof: GoalProof) -> str | None:
    """What to type next about a goal that nothing is at work on; none where nothing leads out."""
    if (first := going_on(state)) is not None:
        return first.format(goal=state.goal.id)
    return next((gap.command for gap in proof.gaps if not gap.follows_from), None) if proof.status == "not_ready" else None


def settle_in_short(session: Session, *, form: Format | None, as_json: bool) -> GoalProof:
    """Issue the proof after a person's word on how the goal goes on, and print its head alone, but as JSON all of it."""
    proof = session.handle.issue_proof(session.actor)
    document = resolve(proof_document(session.state, proof), session.handle.record_at)
    show(
        chosen(form, as_json),
        document,
        lambda width: head_lines(document, width),
        lambda: head_markdown(document),
    )
    return proof


def mention_dirt(user: UserRepository) -> None:
    """One line on stderr about what of the checkout is not part of a goal that starts from HEAD."""
    dirty = user.dirty()
    if dirty:
        more = f" and {len(dirty) - SHOWN_PATHS} more" if len(dirty) > SHOWN_PATHS else ""
        say(f"starting from HEAD; not part of it: {', '.join(dirty[:SHOWN_PATHS])}{more}")
