"""Travelling in time: the code as it was, a goal that begins in another's past, the step that broke a gate."""

import contextlib
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from omk.cli.archive import Found, found
from omk.cli.arguments import KindOption
from omk.cli.options import AllOption, FormatOption, JsonOption, StoreOption, chosen
from omk.cli.output import say, show
from omk.cli.place import locate
from omk.cli.progress import Progress
from omk.cli.writing import interruptible, open_store, repository
from omk.errors import NotFound
from omk.log.open import store_folder
from omk.log.place import here
from omk.replay.documents import Document
from omk.runtime.bisect import Bisection, Candidate, apart, gate_named, telling
from omk.runtime.bisect import bisect as run_bisect
from omk.runtime.checkout import checkout as make_checkout
from omk.runtime.fork import fork_goal
from omk.runtime.git import encode_path
from omk.runtime.inside import refuse_inside
from omk.runtime.store import require_ours
from omk.views import travelling

PastAddress = Annotated[
    str,
    typer.Argument(
        metavar="GOAL[@POS]",
        help="Id, beginning of one, or latest; at 12, -1, head, ready, a UTC time, gate_ran#2, gate:NAME#2, tool:ID.",
    ),
]


def checkout(
    address: PastAddress,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="An empty folder, or one that is not there yet.")],
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    everywhere: AllOption = False,
) -> None:
    """Write the code as it was at a moment into an empty folder: omk checkout latest@gate:tests ./then."""
    choice = chosen(form, as_json)
    with found(address, store, everywhere=everywhere) as one, interruptible():
        tree = _tree_at(one)
        files = make_checkout(_folders(store), tree, directory)
    place = encode_path(os.fsencode(directory.absolute()))
    done = {"goal": one.goal, "seq": one.seq, "tree": tree, "directory": place, "files": files}
    show(choice, done, lambda _: travelling.checkout_lines(done), lambda: travelling.checkout_markdown(done))


def fork(
    address: PastAddress,
    prompt: Annotated[str, typer.Argument(metavar="GOAL", help="What should be true when the fork is done, in words.")],
    kind: KindOption = None,
    store: StoreOption = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
) -> None:
    """Begin a new goal in another's past, with its files: omk fork latest@gate:tests "Add a --json flag, without argparse"."""
    choice = chosen(form, as_json)
    here()
    refuse_inside("fork")
    with found(address, store, everywhere=False) as one:
        place = (one.goal, one.seq)
    known = open_store(store)
    try:
        refuse_inside("fork", is_known=known.has, folder=known.folder)
        with Progress() as progress, interruptible():
            session = fork_goal(known, place, prompt, kind, listen=progress.record, tell=progress.begin)
            proof = session.handle.issue_proof(session.actor)
    finally:
        known.log.close()
    origin = {"goal": place[0], "seq": place[1]}
    begun = {"goal": session.goal, "from": origin, "tree": proof.tree, "status": proof.status, "seq": proof.seq}
    show(choice, begun, lambda _: travelling.fork_lines(begun), lambda: travelling.fork_markdown(begun))
    if proof.status == "blocked_on_human":
        say(f"Decision needed. Answer it: omk decide {session.goal} --answer TEXT, or fork with words that say more.")
    else:
        say(f"Let an agent work on it: omk resume {session.goal}")


def bisect(
    address: PastAddress,
    gate: Annotated[str, typer.Option("--gate", metavar="NAME", help="The gate to run again, as it was defined then.")],
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Find the step that broke a gate, by running it again: omk bisect latest --gate tests."""
    choice = chosen(form, as_json)
    refuse_inside("bisect")
    user = repository()
    with found(address, store, everywhere=False) as one:
        state, records = one.history.moment(one.seq).state, telling(one.history.read(0, one.seq))
    definition = gate_named(state, gate)
    require_ours(state, user.identity())
    with interruptible():
        done = run_bisect(apart(user, one.goal, state), definition, records, _tell, marks=one.archive.folder)
    document = _bisection(one, gate, done)
    show(
        choice,
        document,
        lambda width: travelling.bisect_lines(document, width),
        lambda: travelling.bisect_markdown(document),
    )


def _tell(tree: Candidate, outcome: str) -> None:
    """One line about what a gate said of a tree."""
    of = "base" if tree.seq is None else f"event {tree.seq}"
    with contextlib.suppress(OSError):  # whoever watched has left; the work goes on
        print(f"tree {tree.tree[:12]} {of}: {outcome}", file=sys.stderr, flush=True)


def _bisection(one: Found, gate: str, done: Bisection) -> Document:
    bad, good = done.first_bad, done.last_good
    return {
        "goal": one.goal,
        "gate": gate,
        "seq": one.seq,
        "first_bad": bad and bad.seq,
        "last_good": good and good.seq,
        "tried": done.tried,
        "trees": done.trees,
        "outcome": "broken" if bad else "passes" if good else "never_passed",
        "first_bad_tree": bad and bad.tree,
        "last_good_tree": good and good.tree,
        "agent": bad and bad.agent,
    }


def _tree_at(one: Found) -> str:
    """The tree as of the moment. Raises NotFound before there is one."""
    tree = one.history.moment(one.seq).state.worktree.tree
    if not tree:
        raise NotFound(f"{one.goal} has no tree at position {one.seq}; its first is at event 1. Use {one.goal}@1.")
    return tree


def _folders(store: str | None) -> tuple[Path, ...]:
    """The store folders beside which the goal's repository may be."""
    place = locate(store)
    return (place.folder, store_folder(place.url, place.folder))
