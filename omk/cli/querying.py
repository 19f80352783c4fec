"""Asking a history: when something came true or changed, and what differs between two moments."""

from typing import TYPE_CHECKING, Annotated

import typer

from omk.cli.archive import Found, find, found
from omk.cli.options import AllOption, FormatOption, JsonOption, StoreOption, chosen
from omk.cli.output import say, show
from omk.domain.event import kind_of
from omk.domain.state import GoalState
from omk.errors import OmkError, Unusable
from omk.replay.address import LATEST, parse_address
from omk.replay.documents import Document, plain
from omk.replay.moment import Moment
from omk.replay.query.difference import Change, compared, explained, shares
from omk.replay.query.expression import compile_expression
from omk.replay.query.files import changed_files, is_comparable
from omk.replay.query.scan import first, hint
from omk.replay.query.scan import last as last_time
from omk.views.difference import difference_lines, difference_markdown
from omk.views.when import when_lines, when_markdown

if TYPE_CHECKING:
    from omk.runtime.trees import Trees

FORMS = "at 12, -1, head, ready, a UTC time, gate_ran#2, gate:NAME#2, tool:ID."


def when(
    address: Annotated[
        str,
        typer.Argument(
            metavar="[GOAL[@POS]] EXPR", help=f"Goal (default latest), {FORMS} Then an expression, like 'len(files) > 3'."
        ),
    ],
    words: Annotated[str | None, typer.Argument(hidden=True)] = None,
    last: Annotated[bool, typer.Option("--last", help="The last time instead of the first.")] = False,
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    everywhere: AllOption = False,
) -> None:
    """Find the event at which something came true or changed: omk when latest gates.tests.outcome --last."""
    address, expression = (LATEST, address) if words is None else (address, words)
    choice, asked = chosen(form, as_json), compile_expression(expression)
    with found(address, store, everywhere=everywhere) as one:
        occurrence = (last_time if last else first)(one.history, asked, one.seq)
        stand = one.history.moment(one.seq) if occurrence is None else None
        after = one.history.record(occurrence.seq + 1) if occurrence and occurrence.seq < one.seq else None
    document: Document = {
        "goal": one.goal,
        "expression": asked.text,
        "seq": occurrence and occurrence.seq,
        "at": occurrence and occurrence.at,
        "kind": occurrence and occurrence.kind,
        "which": "last" if last else "first",
        "condition": asked.is_condition,
        "value": occurrence.new if occurrence else stand and asked.value(stand),
        "old": occurrence.old if occurrence else None,
        "since": occurrence and occurrence.since,
        "ended_by": {"seq": after.seq, "kind": kind_of(after.event)} if after and last and asked.is_condition else None,
        "upto": one.seq,
        "hint": stand and hint(asked, stand),
    }
    show(choice, document, lambda width: when_lines(document, width), lambda: when_markdown(document))


def diff(
    a: Annotated[str, typer.Argument(metavar="A", help=f"GOAL[@POS]; {FORMS}")],
    b: Annotated[str, typer.Argument(metavar="B", help="GOAL[@POS], or @POS of the same goal.")],
    files: Annotated[bool, typer.Option("--files", help="Also show the code that differs.")] = False,
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    everywhere: AllOption = False,
) -> None:
    """Compare two moments: state, proof, and with --files the code: omk diff latest@-5 latest@head --files."""
    choice = chosen(form, as_json)
    with found(a, store, everywhere=everywhere) as one:
        other = find(one.archive, parse_address(f"{one.goal}{b}" if b.startswith("@") else b))
        old, new = one.history.moment(one.seq), other.history.moment(other.seq)
        changes = _changes(one, other, old, new)
    document: Document = {
        "a": {"goal": one.goal, "seq": one.seq, "at": old.state.at or None},
        "b": {"goal": other.goal, "seq": other.seq, "at": new.state.at or None},
        "changes": [plain(change) for change in changes],
        "files": _files(old.state, new.state),
    }
    if files:
        document["patch"] = _patch(old.state, new.state)
    show(choice, document, lambda width: difference_lines(document, width), lambda: difference_markdown(document))


def _changes(one: Found, other: Found, old: Moment, new: Moment) -> list[Change]:
    """With causes where both are moments of one history."""
    if shares(other.history, old) or one.goal == other.goal:
        return explained(other.history, old, new)
    return explained(one.history, old, new) if shares(one.history, new) else compared(old, new)


# --- The code between two moments ---


def _files(old: GoalState, new: GoalState) -> list[Document]:
    if is_comparable(old.worktree, new.worktree):
        return changed_files(old.worktree, new.worktree)
    try:
        changes = _trees(old, new).changes(old.worktree.tree, new.worktree.tree)
    except OmkError as problem:
        say(f"The bases differ, so files that only a base changed are left out. {problem}")
        return changed_files(old.worktree, new.worktree)
    return [{"path": one.path, "operation": one.operation} for one in changes]


def _patch(old: GoalState, new: GoalState) -> str:
    before, after = _tree(old, new), _tree(new, old)
    return "" if before == after else _trees(old, new).diff(before, after).decode("utf-8", "replace")


def _tree(state: GoalState, other: GoalState) -> str:
    """The tree of a moment; before everything it is what the other one began with."""
    base = other.worktree.base
    return state.worktree.tree or (base.tree if base else "")


def _trees(*states: GoalState) -> "Trees":
    """The trees of these moments in omk's repository, which stays as it is. Raises Unusable where one of them is not there."""
    from omk.cli.writing import repository
    from omk.runtime.bare import BareRepository
    from omk.runtime.trees import Trees

    user = repository()
    trees = Trees(BareRepository(user))
    for state in states:
        owner = state.goal.repository
        if owner is not None and owner.id != user.identity():
            raise Unusable(f"{state.goal.id} belongs to another repository ({owner.origin or owner.id}). Go there for its code.")
    if not (trees.bare.path / "HEAD").is_file():
        raise Unusable(f"{trees.bare.path}, where omk keeps the code, is not there. Restore it, or ask without --files.")
    for state in states:
        tree = state.worktree.tree
        if tree and not trees.has_tree(tree):
            raise Unusable(f"Tree {tree[:12]} of event {state.seq} is not in {trees.bare.path}. Ask without --files.")
    return trees
