"""Which recorded step broke a gate: the gate is run again on recorded trees, and nothing is recorded of it."""

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from omk.agents.child import Child
from omk.agents.process import started_at
from omk.domain.event import Recorded, Value
from omk.domain.state import GoalState
from omk.domain.subjects.gate import GateRan
from omk.domain.subjects.goal import GoalCreated
from omk.domain.subjects.worktree import FilesChanged, WorktreeRebased
from omk.domain.values import GateDefinition, GateOutcome
from omk.errors import Refused, Unusable
from omk.runtime.gates.running import furnish, outcome_of, run_command, run_setup
from omk.runtime.inside import marked_as_controller
from omk.runtime.repository import UserRepository
from omk.runtime.site import Site
from omk.runtime.undisturbed import undisturbed

SCRATCH = re.compile(r".+-bisect-(\d+)")
"""The folders of a bisection; the number is its process's."""


class Candidate(Value):
    """A recorded tree, the event that recorded it (null: the base), the base commit it stands on, whose step it was."""

    seq: int | None
    tree: str
    commit: str
    agent: str | None = None


class Bisection(Value):
    """Two neighbours, the last good and the first bad one, null where there is none; trees tried, and trees there are."""

    last_good: Candidate | None
    first_bad: Candidate | None
    tried: int
    trees: int


def apart(user: UserRepository, goal: str, state: GoalState) -> Site:
    """A goal as of a moment, with folders of its own: what runs there is in nobody's way and nobody's record."""
    return Site(user, goal, lambda: state, name=f"{goal}-bisect-{os.getpid()}")


Tell = Callable[[Candidate, GateOutcome], None]
"""Hears what the gate said of a tree."""


def bisect(site: Site, gate: GateDefinition, records: Sequence[Recorded], tell: Tell, *, marks: Path) -> Bisection:
    """Find a recorded tree that fails *gate* right after one that passes it, both by running it now.

    *marks* is the store's folder, where this process is known as one whose children are no persons. Raises `Unusable` when
    the gate cannot be run on a tree, which is neither.
    """
    trees = candidates(records)
    outcomes: dict[str, bool] = {}

    def is_good(place: int) -> bool:
        one = trees[place]
        if one.tree not in outcomes:
            outcome = try_gate(site, gate, one)
            tell(one, outcome)
            outcomes[one.tree] = outcome == "passed"
        return outcomes[one.tree]

    with scratch(site, marks):
        good, bad = search(len(trees), is_good, hint(records, trees, gate))
    return Bisection(
        last_good=None if good is None else trees[good],
        first_bad=None if bad is None else trees[bad],
        tried=len(outcomes),
        trees=len({one.tree for one in trees}),
    )


# --- What is tried, and in which order ---


def telling(records: Iterable[Recorded]) -> list[Recorded]:
    """The few of a goal's records that tell of trees and of what gates said of them."""
    kinds = (GoalCreated, FilesChanged, WorktreeRebased, GateRan)
    return [one for one in records if isinstance(one.event, kinds)]


def candidates(records: Iterable[Recorded]) -> list[Candidate]:
    """The base, and the tree of each `files_changed`, in their order."""
    found: list[Candidate] = []
    commit = ""
    for record in records:
        match record.event:
            case GoalCreated(base=base):
                commit = base.commit
                found.append(Candidate(seq=None, tree=base.tree, commit=commit))
            case FilesChanged(tree=tree, agent=agent):
                found.append(Candidate(seq=record.seq, tree=tree, commit=commit, agent=agent))
            case WorktreeRebased(base=base):
                commit = base.commit
                found[-1] = replace(found[-1], commit=commit)
            case _:
                pass
    return found


def hint(records: Iterable[Recorded], trees: Sequence[Candidate], gate: GateDefinition) -> int | None:
    """The last tree but one or earlier that this gate is on record to have passed: where to look, and no answer."""
    passed = {
        one.event.tree
        for one in records
        if isinstance(one.event, GateRan) and one.event.outcome == "passed" and one.event.definition == gate.digest
    }
    return next((place for place in reversed(range(len(trees) - 1)) if trees[place].tree in passed), None)


def search(count: int, is_good: Callable[[int], bool], first: int | None = None) -> tuple[int | None, int | None]:
    """The places of two neighbours among *count*, good and then bad; (last, None) if the last is good, else Nones.

    From the bad end it looks for a good one: at *first*, then back in growing steps, then everywhere; then it halves
    what lies between. With several such neighbours it finds one of them.
    """
    last = count - 1
    if is_good(last):
        return last, None
    bad = {last}
    for place in backwards(last, first):
        if place in bad:
            continue
        if is_good(place):
            return halve(place, min(one for one in bad if one > place), is_good)
        bad.add(place)
    return None, None


def backwards(last: int, first: int | None) -> Iterator[int]:
    """Where to look for a good one: where one is said to be, then 1, 2, 4 … further back, the base, all the rest."""
    if first is not None:
        yield first
    place, step = last - 1, 2
    while place > 0:
        yield place
        place, step = place - step, step * 2
    yield from range(min(last, 1))  # the base
    yield from reversed(range(last))


def halve(good: int, bad: int, is_good: Callable[[int], bool]) -> tuple[int, int]:
    """Two neighbours between a good place and a bad one after it."""
    while bad - good > 1:
        middle = (good + bad) // 2
        if is_good(middle):
            good = middle
        else:
            bad = middle
    return good, bad


# --- Trying one ---


def gate_named(state: GoalState, name: str) -> GateDefinition:
    """The definition of a gate as of a moment. Raises `Refused` when there is none to run."""
    gate = state.gate.by_name.get(name)
    if gate is None:
        raise Refused(f"There is no gate {name} in {state.goal.id}. Gates: {', '.join(state.gate.order) or 'none'}.")
    if gate.definition.skipped:
        raise Refused(f"The configuration skips gate {name}: it says nothing of any tree. Name another gate.")
    return gate.definition


def try_gate(site: Site, gate: GateDefinition, one: Candidate) -> GateOutcome:
    """What the gate says of a tree now. Raises `Unusable` when it cannot be run there."""
    if not site.workshop.has_tree(one.tree):
        raise Unusable(f"Tree {one.tree[:12]}{_of(one)} is not in this repository any more. Restore it from a copy.")
    worktree = site.workshop.open_worktree(site.name, "verify", one.tree, one.commit)
    try:
        furnish(site, worktree, lambda _, line: run_setup(site, worktree, line, _unrecorded))
        ended = run_command(site, worktree, gate, _unrecorded)
    except Unusable as error:
        raise _neither(gate, one, str(error)) from error
    if (outcome := outcome_of(ended)) == "errored":
        raise _neither(gate, one, ended.spawn_error or "")
    return outcome


def _unrecorded(_: Child) -> None:
    """Nobody is told of a child here; it ends with this process."""


def _neither(gate: GateDefinition, one: Candidate, reason: str) -> Unusable:
    return Unusable(f"Gate {gate.name} cannot be run on tree {one.tree[:12]}{_of(one)}, so it is neither good nor bad: {reason}")


def _of(one: Candidate) -> str:
    return " (the base)" if one.seq is None else f" (event {one.seq})"


@contextmanager
def scratch(site: Site, marks: Path) -> Iterator[None]:
    """While the block runs, worktrees may be opened; whatever ends it, none is left."""
    for folder in site.workshop.folder.iterdir() if site.workshop.folder.is_dir() else ():
        left = SCRATCH.fullmatch(folder.name)
        if left is not None and started_at(int(left[1])) is None:
            site.workshop.close_all(folder.name)  # of one that was killed
            shutil.rmtree(site.prompts.with_name(folder.name), ignore_errors=True)
    identity = site.workshop.identity
    try:
        with marked_as_controller(marks, ""):
            yield
    finally:
        with undisturbed():
            site.workshop.close_all(site.name)
            shutil.rmtree(site.prompts, ignore_errors=True)
            if identity is not None:
                site.user.ensure_identity(identity)  # what ran may have removed it
