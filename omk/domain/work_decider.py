"""Work on a task becomes part of the goal: at once, or as a slice that is merged when the goal's tree has moved on.

Fencing is here: an attempt whose lease is over lands nothing.
"""

from msgspec.structs import replace

from omk.domain.catalogue import SUBJECTS
from omk.domain.event import Command, Event
from omk.domain.proof.holds import executors
from omk.domain.state import GoalState
from omk.domain.subjects.slice import RecordSlice, SliceRecorded
from omk.domain.subjects.worktree import FilesChanged, RecordFiles, ScopeViolated
from omk.errors import Refused


class RecordWork(Command, frozen=True):
    """What the *fence*-th holder of a task left, as a change of the goal's tree or, where that has moved on, as a slice."""

    changed: FilesChanged
    attempt: int
    fence: int
    outside: tuple[str, ...] = ()


class LandSlice(Command, frozen=True):
    """A slice as a change of the goal's tree: what merging it came to."""

    changed: FilesChanged


def is_news(event: FilesChanged, state: GoalState) -> bool:
    """Whether what an attempt left tells more than the goal's tree does, or something else could not be recorded."""
    name = event.task or ""
    unread = state.worktree.unreadable if len(executors(state)) == 1 else state.slice.unreadable.get(name, ())
    return event.tree not in {event.old, state.worktree.tree} or event.unreadable != unread


def is_slice(event: FilesChanged, state: GoalState) -> bool:
    """Whether what an attempt left has to be merged: it is news, and the goal's tree is another than it began from."""
    return event.old != state.worktree.tree and is_news(event, state)


def recorded(command: RecordWork, state: GoalState) -> list[Event]:
    """What an attempt left; of one whose lease is over nothing is taken."""
    event, name = command.changed, command.changed.task or ""
    task = state.task.get(name)
    if task is None or task.holder is None or task.fence != command.fence:
        raise Refused(f"The lease {command.fence} of {name} is over: what it left is not taken.")
    made = SliceRecorded(
        task=name,
        attempt=command.attempt,
        fence=command.fence,
        base=event.old,
        tree=event.tree,
        changes=event.changes,
        unreadable=event.unreadable,
        outside=command.outside,
    )
    is_alone = len(executors(state)) == 1
    if not is_news(event, state):
        return []
    if event.old != state.worktree.tree:
        return SUBJECTS["slice"].decide(RecordSlice(actor=command.actor, made=made), state.slice)
    if is_alone or not (event.unreadable or name in state.slice.unreadable):
        left = event if is_alone else replace(event, unreadable=state.slice.unread(name, event.unreadable))
        record = RecordFiles(actor=command.actor, changed=left, outside=command.outside)
        return SUBJECTS["worktree"].decide(record, state.worktree)
    return [made, replace(event, unreadable=state.slice.unread(name, event.unreadable))]


def landed(command: LandSlice, state: GoalState) -> list[Event]:
    """The slice's changes on the goal's tree, with what of them lies outside the task's write set."""
    event, name = command.changed, command.changed.task or ""
    made = state.slice.waiting.get(name)
    if made is None:
        return []
    if event.old != state.worktree.tree:
        raise Refused(f"The tree moved from {event.old[:12]} to {state.worktree.tree[:12]} meanwhile. Merge again.")
    event = replace(event, unreadable=state.slice.unread(name, made.unreadable))
    violated = [ScopeViolated(task=name, tree=event.tree, paths=made.outside)] if made.outside else []
    return [event, *violated]
