"""The proof at a glance: the verdict first, then what is missing, then what it rests on."""

from typing import Any

from omk.domain.proof.status import FINAL
from omk.domain.visible import visible
from omk.views.lines import Line, Span, badge, cells, heading, line, style_of, table, word, wrapped
from omk.views.times import moment, took

Document = dict[str, Any]
_HEX = 12
_PATHS = 20


def proof_lines(proof: Document, width: int) -> list[Line]:
    """A proof document as lines of at most *width* columns."""
    return [
        *head_lines(proof, width),
        *gap_lines(proof["gaps"], width, is_final=proof["status"] in FINAL),
        *_gates(proof["gates"], width),
        *_reviews(proof["reviews"], width),
        *_oracle(proof["oracle"]),
        *_changed(proof["changed_files"], width),
        *_waivers(proof["waivers"], width),
        *_integration(proof["integration"], width),
        *_delivery(proof["delivery_metadata"], width),
    ]


def head_lines(proof: Document, width: int) -> list[Line]:
    """The badge, the goal's words, and the verdict in one sentence."""
    tree = f", tree {proof['tree'][:_HEX]}" if proof["tree"] else ""
    where = f"at event {proof['seq']}{tree}, rules {proof['rules']}"
    lines = [line(badge(proof["status"]), "  ", Span(proof["goal"], "bold"), "  ", Span(where, "dim"))]
    if sum(cells(span.text) for span in lines[0]) > width:
        lines = [line(badge(proof["status"]), "  ", Span(proof["goal"], "bold")), line("  ", Span(where, "dim"))]
    lines += wrapped(proof["summary"] or "", width, indent="  ", style="name") if proof["summary"] else []
    return lines + wrapped(" ".join(proof["readiness"].split()), width, indent="  ")


def gap_lines(gaps: list[Document], width: int, *, is_final: bool = False) -> list[Line]:
    """Each gap: code, who owes it and since when; the sentence; the command that would close it."""
    if not gaps:
        return []
    lines = heading(f"Gaps ({len(gaps)})")
    for gap in gaps:
        lines += one_gap(gap, width, is_final=is_final)
    return lines


def one_gap(gap: Document, width: int, *, is_final: bool = False) -> list[Line]:
    """One gap in a few lines, with the command that would close it, unless another gap's does so or nothing can."""
    since = f"since event {gap['since']}" if gap["since"] is not None else "never held"
    follows = f", follows from {', '.join(gap['follows_from'])}" if gap["follows_from"] else ""
    owed = f"owed by the {gap['owner']}, {since}{follows}"
    name = Span(gap["code"], "bad" if not gap["follows_from"] else "warn")
    lines = [line("  ", name, "  ", Span(owed, "dim"))]
    if 4 + cells(gap["code"]) + cells(owed) > width:
        lines = [line("  ", name), *wrapped(owed, width, indent="    ", style="dim")]
    lines += wrapped(gap["text"], width, indent="    ")
    return lines if gap["follows_from"] or is_final else [*lines, line("    → ", Span(gap["command"], "name"))]


def stagnation_lines(found: Document | None, width: int) -> list[Line]:
    """Why a loop was stopped, in few lines; none where it was not."""
    if found is None:
        return []
    text = f"{word(found['code'])}, {found['confidence']} % sure (event {found['since']}). {found['reason']}"
    lines = wrapped(text, width, indent="  ", style="warn")
    return [*heading("The loop was stopped"), *lines, line("    → ", Span("omk diagnose", "name"))]


def ending_lines(ended: str | None, width: int) -> list[Line]:
    """Why the controller has nothing more to do; nothing where all is done that was asked for."""
    return [line(), *wrapped(f"Why it ended: {ended}.", width)] if ended else []


def _mark(outcome: str) -> Span:
    style = style_of(outcome)
    return Span({"good": "✓", "bad": "✗", "dim": "·"}.get(style, "!"), style)


def _where(one: Document) -> str:
    if one["seq"] is None:
        return ""
    return f"event {one['seq']}" + ("" if one["fresh"] else ", stale")


def _gates(gates: list[Document], width: int) -> list[Line]:
    rows = []
    for gate in gates:
        code = "" if gate["exit_code"] is None else f"exit {gate['exit_code']}"
        rows.append(
            (
                _mark(gate["outcome"] if gate["fresh"] or gate["seq"] is None else "stale"),
                Span(gate["name"], "bold"),
                Span(word(gate["outcome"]), style_of(gate["outcome"])),
                Span(code, "dim"),
                Span(took(gate["duration_ms"]), "dim"),
                Span(_where(gate) + ("" if gate["required"] else ", optional"), "dim" if gate["fresh"] else "warn"),
                Span(" ".join(gate["command"]), "name"),
            )
        )
    return [*heading("Gates"), *(table(rows, width) or [line("  none")])]


def _reviews(reviews: list[Document], width: int) -> list[Line]:
    rows = [
        (
            _mark(one["outcome"] if one["fresh"] or one["seq"] is None else "stale"),
            Span(one["pass"], "bold"),
            Span(word(one["outcome"]), style_of(one["outcome"])),
            Span(_where(one), "dim" if one["fresh"] else "warn"),
            Span(" ".join((one["summary"] or "").split()), "dim"),
        )
        for one in reviews
    ]
    return [*heading("Reviews"), *table(rows, width)]


def _oracle(oracle: Document | None) -> list[Line]:
    if oracle is None or not oracle["checks"]:
        return []
    lines = [
        line("  ", _mark(check["status"]), f"  {check['name']} by {'gate ' + check['gate'] if check['gate'] else 'no gate'}")
        for check in oracle["checks"]
    ]
    return [*heading(f"Oracle: {oracle['kind']}"), *lines]


def _changed(paths: list[str], width: int) -> list[Line]:
    lines = heading(f"Changed files ({len(paths)})")
    for path in paths[:_PATHS]:
        lines += wrapped(visible(path), width, indent="  ")
    more = [line(Span(f"  and {len(paths) - _PATHS} more", "dim"))] if len(paths) > _PATHS else []
    return [*lines, *more] if paths else [*lines, line(Span("  none", "dim"))]


def _waivers(waivers: list[Document], width: int) -> list[Line]:
    """The rules that hold only because a person says so."""
    lines: list[Line] = []
    for one in waivers:
        old = "" if one["fresh"] else ", for an earlier tree"
        text = f"{one['code']} waived by {one['actor']} (event {one['seq']}{old}): {one['reason']}"
        lines += wrapped(text, width, indent="  ", style="warn" if one["fresh"] else "dim")
    return [*heading("Waivers"), *lines] if lines else []


def _delivery(delivered: list[Document], width: int) -> list[Line]:
    """What became of the change, once somebody tried to merge it."""
    merges = [one["merge"] for one in delivered if one["merge"]]
    lines: list[Line] = []
    for merge in merges:
        commit, reason = (merge["commit"] or "")[:12], merge["reason"]
        text = f"{word(merge['outcome'])} into {merge['branch']} as {commit} (event {merge['seq']})"
        lines += wrapped(text + (f": {reason}" if reason else ""), width, indent="  ", style=style_of(merge["outcome"]))
    return [*heading("Merge"), *lines] if lines else []


def _integration(word_given: Document, width: int) -> list[Line]:
    lines = heading("Acceptance")
    status = word_given["status"]
    if status == "pending":
        return [*lines, line(Span("  nobody has decided yet", "dim"))]
    text = f"{status} by {word_given['actor']} on {moment(word_given['decided_at'])}: {word_given['summary']}"
    return [*lines, *wrapped(text, width, indent="  ", style=style_of(status))]
