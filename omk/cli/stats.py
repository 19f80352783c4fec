"""stats: named questions about all past runs, answered by the lake."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from omk.cli.files import replacing, require_outside
from omk.cli.options import AllOption, Format, FormatOption, JsonOption, StoreOption, chosen
from omk.cli.output import say, show, write_text
from omk.cli.place import locate, owner
from omk.cli.syncing import hearing
from omk.domain.duration import parse_duration
from omk.domain.words import counted
from omk.errors import NotFound, Refused, Unusable
from omk.lake.plain import plain_times
from omk.lake.question import Question, Row, Value, ask, newest, question, questions, require, written_out
from omk.replay.address import Known, find_goal
from omk.replay.documents import Document
from omk.views import stats as views

if TYPE_CHECKING:
    from omk.lake.session import Lake

FORMS = "a date, a UTC time, or a span before the newest event like 7d or 12h"
_SPAN = re.compile(r"[0-9]+[smhdSMHD]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].+)?")

NameArgument = Annotated[str | None, typer.Argument(metavar="[NAME]", help="A question; without one, all are listed.")]
SinceOption = Annotated[str | None, typer.Option("--since", metavar="TIME", help=f"Only since then: {FORMS}.")]
GoalOption = Annotated[
    str | None, typer.Option("--goal", metavar="GOAL", help="Only this goal: id, beginning of one, or latest.")
]
AgentOption = Annotated[
    str | None, typer.Option("--agent", metavar="TEXT", help="Only agents whose driver has this text, like command:claude.")
]
SvgOption = Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Also write the picture as an SVG chart.")]
SqlOption = Annotated[bool, typer.Option("--show-sql", help="Print the question's SQL, which omk sql takes, not the answer.")]


def stats(
    name: NameArgument = None,
    since: SinceOption = None,
    goal: GoalOption = None,
    agent: AgentOption = None,
    svg: SvgOption = None,
    show_sql: SqlOption = False,
    form: FormatOption = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    everywhere: AllOption = False,
) -> None:
    """Answer a named question about all past runs, or list the questions: omk stats gate-failures --since 7d."""
    choice = chosen(form, as_json)
    if name is None:
        _list(choice, {"--since": since, "--goal": goal, "--agent": agent, "--svg": svg, "--show-sql": show_sql or None})
        return
    asked, given = question(name), {"since": since, "goal": goal, "agent": agent}
    require(asked, given)
    if svg is not None and asked.picture is None:
        raise Refused(f"{name} has no chart. Ask for the answer alone, without --svg.")
    with _lake(store, svg) as lake:
        told = _told(lake, given, owner(locate(store), everywhere=everywhere))
        if show_sql:
            write_text(written_out(asked, told))
            return
        rows = [] if lake is None else ask(lake, asked, told)
        if lake is not None and not rows:
            _mention_others(lake, told["repository"])
    answer = _answer(asked, told, rows)
    if svg is not None:
        _write_svg(svg, answer)
    show(choice, answer, lambda width: views.answer_lines(answer, width), lambda: views.answer_markdown(answer))


def _list(choice: Format, given: Mapping[str, object]) -> None:
    for flag, value in given.items():
        if value is not None:
            raise Refused(f"{flag} needs a question: omk stats NAME {flag}. `omk stats` lists them.")
    listed: list[Document] = [
        {"question": one.name, "sentence": one.sentence, "parameters": one.parameters} for one in questions().values()
    ]
    show(choice, listed, lambda width: views.question_lines(listed, width), lambda: views.questions_markdown(listed))


def _answer(asked: Question, told: Mapping[str, Value], rows: list[Row]) -> Document:
    parameters = {name: plain_times(told.get(name)) for name in (*asked.parameters, "repository")}
    columns = [{"name": name, "sentence": sentence} for name, sentence in asked.columns.items()]
    named: Document = {"question": asked.name, "sentence": asked.sentence, "parameters": parameters, "columns": columns}
    return named | {"rows": rows, "about": asked.about, "empty": asked.empty, "picture": asked.picture}


# --- The lake, and what a question is told ---


@contextmanager
def _lake(store: str | None, svg: Path | None) -> "Iterator[Lake | None]":
    """The lake of the store that is meant; null where there is no store yet. Raises Refused where *svg* belongs to it."""
    from omk.lake.session import Lake
    from omk.lake.store import store_at

    try:
        found = store_at(store)
    except NotFound:
        yield None
        return
    if svg is not None:
        require_outside(svg, found)
    with hearing() as hears:
        lake = Lake(found, hears)
    with lake:
        yield lake


def _told(lake: "Lake | None", given: Mapping[str, str | None], repository: str | None) -> dict[str, Value]:
    since, goal = given["since"], given["goal"]
    if since is not None and not since.strip():
        raise Refused(f"invalid --since: it is empty. Give {FORMS}.")
    return {
        "since": None if since is None else _since(lake, since.strip()),
        "goal": None if goal is None else find_goal(goal, _known(lake, goal, repository)),
        "agent": given["agent"],
        "repository": repository,
    }


def _since(lake: "Lake | None", text: str) -> datetime:
    """The moment that --since means; a span is one before the newest event, so that the same store answers alike."""
    if _SPAN.fullmatch(text):
        last = None if lake is None else newest(lake)
        try:
            return (last or datetime(1970, 1, 1, tzinfo=UTC)) - timedelta(milliseconds=parse_duration(text))
        except (OverflowError, Refused) as problem:
            raise Refused(f"invalid --since: {text} is longer ago than there are dates.") from problem
    try:
        moment = datetime.fromisoformat(text) if _DATE.fullmatch(text) else None
        if moment is not None:
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # below
    raise Refused(f"invalid --since: {text!r} is no time. Give {FORMS}.")


_KNOWN = """
SELECT goal, strftime(created_at, '%Y-%m-%dT%H:%M:%S.%fZ') FROM goals
WHERE goal = $goal OR $repository IS NULL OR repository IS NULL OR repository = $repository
"""


def _known(lake: "Lake | None", goal: str, repository: str | None) -> list[Known]:
    if lake is None:
        return []
    found = lake.sql(_KNOWN, {"goal": goal, "repository": repository}).fetchall()
    return [Known(*row) for row in found]


_OTHERS = "SELECT count(*) FROM goals WHERE repository <> $repository"


def _mention_others(lake: "Lake", repository: Value) -> None:
    """Say that an answer without rows may be one because other repositories' goals are not meant."""
    others = 0 if repository is None else lake.sql(_OTHERS, {"repository": repository}).fetchall()[0][0]
    if others:
        say(f"Also in this store, of other repositories: {counted(others, 'goal')} (--all).")


def _write_svg(path: Path, answer: Document) -> None:
    from omk.views.svg import chart

    drawn = chart(answer)
    if drawn is None:
        said = answer["empty"] if not answer["rows"] else "All values are zero, or there is only one of them."
        raise Unusable(f"There is nothing to draw: {said}")
    with replacing(path) as file:
        file.write(drawn.encode("utf-8", "replace"))
    say(f"the chart is in {path}")
