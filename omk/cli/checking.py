"""fsck: everything stored is read again, by what trusts nothing of it, and compared with what was written."""

from typing import Annotated

import typer

from omk.cli.app import DAMAGED
from omk.cli.audit import NOTES, Audit
from omk.cli.options import FormatOption, JsonOption, StoreOption, chosen
from omk.cli.output import show
from omk.cli.place import locate
from omk.cli.trailers import trailers_of
from omk.errors import Damaged
from omk.log.anchors import anchored_goals, strange_anchors
from omk.log.codec import decode
from omk.log.open import open_log, store_folder
from omk.log.protocol import Log, Problem
from omk.replay.address import Known, find_goal, parse_address
from omk.replay.documents import Document
from omk.views.fsck import fsck_lines
from omk.views.markdown import fsck_markdown


def fsck(
    goal: Annotated[str | None, typer.Argument(metavar="[GOAL]", help="Only this goal (default: all).")] = None,
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Check log, chain, texts, outputs, anchors and verdicts; exit with 5 on damage: omk fsck --json."""
    choice = chosen(form, as_json)
    report = _report(store, goal)
    show(choice, report, lambda width: fsck_lines(report, width), lambda: fsck_markdown(report))
    if not report["ok"]:
        raise typer.Exit(DAMAGED)


def _report(store: str | None, name: str | None) -> Document:
    """`{goals, events, ok, problems: [{goal, seq, code, text}]}`; a note (an unknown kind, a torn tail) is no damage."""
    place = locate(store)
    folder = store_folder(place.url, place.folder)
    trailers = trailers_of(place, folder)
    audit = Audit(folder, trailers)
    try:
        log = open_log(place.url, folder=place.folder, create=False)
    except Damaged as damage:
        return _document(audit, [audit.problem_of(damage)])
    if log is None:
        known = [Known(one, "") for one in sorted({*anchored_goals(folder), *trailers.goals})]
        if name is not None:
            find_goal(parse_address(name).goal, known)
        lost = [Problem(one.goal, None, "anchor.lost", "its log is gone.") for one in known]
        return _document(audit, [*lost, *strange_anchors(folder)])
    try:
        goals = {*(head.goal for head in log.heads()), *anchored_goals(folder), *trailers.goals}
        wanted = sorted(goals) if name is None else [_named(name, log, goals)]
        return _document(audit, [*audit.everything(log, wanted), *log.problems, *strange_anchors(folder)])
    except Damaged as damage:
        return _document(audit, [audit.problem_of(damage)])
    finally:
        log.close()


def _named(name: str, log: Log, goals: set[str]) -> str:
    """The id that *name* means among all goals of the store."""
    wanted = parse_address(name).goal
    if wanted in goals:
        return wanted
    return find_goal(wanted, [Known(goal, _created(log, goal)) for goal in sorted(goals)])


def _created(log: Log, goal: str) -> str:
    first = next(iter(log.bodies(goal)), None)
    try:
        return "" if first is None else decode(first.body).at
    except Damaged:
        return ""  # which is found out when it is its turn


def _document(audit: Audit, problems: list[Problem]) -> Document:
    return {
        "goals": audit.goals,
        "events": audit.events,
        "ok": all(one.code in NOTES for one in problems),
        "problems": [{"goal": one.goal, "seq": one.seq, "code": one.code, "text": one.text} for one in problems],
    }
