"""What came of asking a controller again: that all is alike, or each record at which it is not."""

from typing import Any

from omk.views.lines import BLANK, Line, Span, line, wrapped
from omk.views.markdown import code, escaped, table
from omk.views.why import kind_name, where_text

Document = dict[str, Any]
_LABELS = (("expected", "    recorded  "), ("actual", "    today     "))


def redecide_lines(found: Document, width: int) -> list[Line]:
    """`{goal, at, choices, decisions, verdicts, differences, notes}` as lines of at most *width* columns."""
    verdict = Span(" DIFFERENT ", "badge-bad") if found["differences"] else Span(" ALIKE ", "badge-good")
    place = Span(f"  at event {found['at']['seq']}", "dim")
    lines = [line(verdict, "  ", Span(found["goal"], "bold"), place), *wrapped(_sentence(found), width, indent="  ")]
    for one in found["differences"]:
        what = f"  {kind_name(one['kind'])}, a {one['question']}"
        lines += [BLANK, line("  ", Span(f"event {one['seq']}", "bold"), what)]
        for (side, label), told in zip(_LABELS, _sides(one), strict=True):
            style = "good" if side == "expected" else "bad"
            first, *rest = wrapped(told, width, indent=" " * len(label), style=style)
            lines += [line(Span(label, "dim"), *first[1:]), *rest]
    for note in found["notes"]:
        lines += [BLANK, *wrapped(f"Event {note['seq']}: {note['text']}", width, indent="  ", style="warn")]
    return lines


def redecide_markdown(found: Document) -> list[str]:
    """The same as Markdown."""
    rows = [
        (str(one["seq"]), escaped(kind_name(one["kind"])), one["question"], *(escaped(told) for told in _sides(one)))
        for one in found["differences"]
    ]
    notes = [f"- Event {note['seq']}: {escaped(note['text'])}" for note in found["notes"]]
    lines = ["# Asked again", "", f"{code(found['goal'])} at event {found['at']['seq']}", "", _sentence(found), ""]
    lines += table(("event", "kind", "question", "recorded", "today"), rows)
    return [*lines, *notes, ""] if notes else lines


def _sentence(found: Document) -> str:
    """How much was asked, and how much of it was answered otherwise."""
    asked = [_counted(found["choices"], "choice"), _counted(found["decisions"], "decision")]
    verdicts = f", {_counted(found['verdicts'], 'verdict')} judged again" if found["verdicts"] else ""
    count = len(found["differences"])
    ending = f"{_counted(count, 'answer')} not as recorded" if count else "all alike"
    return f"{' and '.join(asked)} asked again{verdicts}, {ending}."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _sides(one: Document) -> tuple[str, str]:
    """What was recorded and what would be done today; of two events of one kind only the fields that differ."""
    then, now = one["expected"], one["actual"]
    if then is not None and now is not None and "kind" in then and then["kind"] == now.get("kind"):
        names = [name for name in then if then[name] != now.get(name)]
        then, now = ({name: side.get(name) for name in ("kind", *names)} for side in (then, now))
    return _told(then), _told(now)


def _told(side: Document | None) -> str:
    if side is None:
        return "nothing"
    if "refused" in side:
        return f"refused: {side['refused']}"
    fields = {name: _value(value) for name, value in side.items() if name not in {"kind", "effect"}}
    name = kind_name(side["kind"]) if "kind" in side else side.get("effect", "")
    return f"{name} {where_text(fields)}".strip()


def _value(value: Any) -> Any:
    """A list as its words, or as how many there are."""
    if not isinstance(value, list | tuple):
        return value
    return ",".join(value) or "none" if all(isinstance(one, str) for one in value) else f"{len(value)} of them"
