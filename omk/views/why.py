"""Why a goal is not ready: each gap with what it rests on, the end of the output, and what would close it."""

from typing import Any

from omk.domain.proof.status import FINAL
from omk.domain.words import counted
from omk.views.lines import Line, Span, badge, cells, cut, heading, line, padded, word, wrapped
from omk.views.proof import one_gap, stagnation_lines

Document = dict[str, Any]
_KIND = 22
_CAUSES = 3


def why_lines(why: Document, width: int) -> list[Line]:
    """A why document (its gaps may have `output_tail`) as lines of at most *width* columns."""
    lines = [line(badge(why["status"]), "  ", Span(why["goal"], "bold"), Span(f"  at event {why['seq']}", "dim"))]
    if halt := why.get("halt"):
        words = " ".join((halt["reason"] or "A person paused it.").split())
        lines += [*wrapped(f"{halt['code'] or halt['status']}: {words}", width, indent="  "), line(f"  → {halt['command']}")]
    if not why["blocking"]:
        return [*lines, *([] if halt else [line("  Nothing is missing.")])]
    is_final = why["status"] in FINAL
    for gap in why["blocking"]:
        told = gap | {"text": gap["text"].partition("\n")[0]} if gap.get("output_tail") else gap
        lines += [line(), *one_gap(told, width, is_final=is_final), *_evidence(gap), *_tail(gap, width), *_chain(gap, width)]
    if is_final:
        return [*lines, line(), line(Span("This is final: nothing closes these gaps any more.", "bold"))]
    lines += stagnation_lines(why.get("stagnation"), width)
    lines += heading(f"The fewest events that would close {'them all' if len(why['blocking']) > 1 else 'it'}")
    for missing in why["fewest"]:
        lines += wrapped(f"{kind_name(missing['kind'])} {where_text(missing['where'])}", width, indent="  ")
    return lines


def kind_name(kind: str) -> str:
    """A stored name without its version."""
    return kind.rpartition(".v")[0] or kind


def where_text(where: Document) -> str:
    """`gate=tests outcome=passed tree=0123456789ab`; long ids are cut, for they are only recognised."""
    return " ".join(f"{name}={_short(value)}" for name, value in where.items())


def _short(value: object) -> str:
    text = word(value) if isinstance(value, str) and not _is_id(value) else str(value)
    return text[:15] if text.startswith("b2:") else text[:12] if _is_id(text) else text


def _is_id(text: str) -> bool:
    return text.startswith("b2:") or (len(text) in {40, 64} and all(one in "0123456789abcdef" for one in text))


def _evidence(gap: Document) -> list[Line]:
    if not gap["evidence"]:
        return []
    return [line(Span(f"    evidence: event {', '.join(str(seq) for seq in gap['evidence'])}", "dim"))]


def _tail(gap: Document, width: int) -> list[Line]:
    tail = gap.get("output_tail")
    if not tail:
        return []
    lines = [line(Span("    the end of its output:", "dim"))]
    return [*lines, *(line("      │ ", Span(piece, "warn")) for text in tail for piece in _verbatim(text, width - 8))]


def _verbatim(text: str, room: int) -> list[str]:
    """A line of an output as it is, in pieces where it does not fit: blanks count in a traceback."""
    if not text.isascii():
        return [cut(text, room)]
    return [text[start : start + room] for start in range(0, len(text), room)]


def _chain(gap: Document, width: int) -> list[Line]:
    """What led to the gap, the latest last; behind each event those it rests on."""
    if not gap.get("chain"):
        return []
    lines = [line(Span("    what led to it:", "dim"))]
    if gap["chain_left_out"]:
        lines.append(line(Span(f"      … {left_out_text(gap['chain_left_out'])}", "dim")))
    return [*lines, *(_cause(entry, width) for entry in gap["chain"])]


def left_out_text(count: int) -> str:
    """How it is said that a chain goes on."""
    return f"it goes on to {counted(count, 'earlier event')}, and from there"


def _cause(entry: Document, width: int) -> Line:
    lead = f"    {entry['seq']:7d}  "
    kind = padded(kind_name(entry["kind"]), _KIND) + " "
    after = f"  ← {causes_text(entry)}" if entry["causes"] else ""
    room = max(8, width - cells(lead + kind + after))
    return line(Span(lead, "dim"), Span(kind, "name"), cut(told_by(entry), room), Span(after, "dim"))


def told_by(entry: Document) -> str:
    """The summary of an event, and before it the person whose word it is."""
    is_word = entry["actor"].startswith(("person:", "policy:"))
    return f"{entry['actor']}: {entry['summary']}" if is_word else str(entry["summary"])


def causes_text(entry: Document) -> str:
    """The events that one rests on: the last few of them."""
    causes = [str(seq) for seq in entry["causes"]]
    return ", ".join(["…", *causes[-_CAUSES:]] if len(causes) > _CAUSES else causes)
