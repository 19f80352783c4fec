"""What the commands share that write: the session on a goal, and how a verdict is printed at the end."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from omk.cli.options import Format, chosen
from omk.cli.output import say, show
from omk.cli.place import locate
from omk.cli.progress import Progress
from omk.domain.ending import ALL_DONE, ending
from omk.domain.proof.proof import GoalProof
from omk.domain.text import resolve
from omk.errors import NotFound
from omk.log.place import here
from omk.replay.address import Known, find_goal
from omk.replay.proof_document import proof_document
from omk.runtime import edge
from omk.runtime.inside import refuse_inside
from omk.runtime.repository import UserRepository
from omk.runtime.session import Session
from omk.runtime.store import Store
from omk.views.markdown import proof_markdown
from omk.views.proof import ending_lines, proof_lines

SHOWN_PATHS = 3


def repository() -> UserRepository:
    """The repository one stands in."""
    edge.require_known_platform()
    return UserRepository.find(here())


def open_store(store: str | None, user: UserRepository | None = None, *, identity: str | None = None) -> Store:
    """The store that `--store` or `OMK_STORE` names, else the repository's own; made if *identity* is given."""
    return Store(user or repository(), locate(store).url, identity=identity)


@contextlib.contextmanager
def on_goal(name: str, verb: str, store: str | None) -> Iterator[Session]:
    """A session on an existing goal, for a person; progress goes to stderr."""
    if "@" in name:
        raise NotFound(f"`omk {verb}` acts on a goal as it is now. Name it without @: {name.partition('@')[0]}")
    here()
    refuse_inside(verb)
    known = open_store(store)
    try:
        refuse_inside(verb, is_known=known.has, folder=known.folder)
        goal = find_goal(name, [Known(goal, at) for goal, at in known.goals()])
        with Progress() as progress:
            session = known.session(goal, progress.record, progress.begin)
            refuse_inside(verb, (owed.pid for owed in session.state.obligation.values() if owed.pid is not None))
            with interruptible():
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


def settle(session: Session, *, form: Format | None, as_json: bool) -> None:
    """Issue the proof after a person's word, and print it."""
    finish(session, session.handle.issue_proof(session.actor), form=form, as_json=as_json)


def mention_dirt(user: UserRepository) -> None:
    """One line on stderr about what of the checkout is not part of a goal that starts from HEAD."""
    dirty = user.dirty()
    if dirty:
        more = f" and {len(dirty) - SHOWN_PATHS} more" if len(dirty) > SHOWN_PATHS else ""
        say(f"starting from HEAD; not part of it: {', '.join(dirty[:SHOWN_PATHS])}{more}")
