"""What an audit says of judgement: who decided what, why each verdict changed, and the digests that all of it hangs on."""

from collections.abc import Callable

from omk.domain.amounts import dollars
from omk.views.audit_page import (
    Block,
    Cell,
    Document,
    Facts,
    Section,
    Words,
    code,
    event,
    names,
    number,
    plain,
    rows_of,
    table,
)
from omk.views.lines import style_of, word
from omk.views.times import moment, took

Columns = dict[str, Callable[[Document], Cell]]
_AGAIN = {
    "same": ("the same", "good"),
    "other_rules": ("another: the rules have changed since", "warn"),
    "differs": ("ANOTHER BY THE SAME RULES: damage", "bad"),
}


def decided(document: Document) -> Section:
    """Every word of a person or a policy, and what everybody did in numbers."""
    columns: Columns = {
        "event": lambda one: event(one["seq"], inherited=one["inherited"]),
        "time": lambda one: Cell(moment(one["recorded_at"])),
        "who": lambda one: Cell(one["actor"], "bold"),
        "decided": lambda one: Cell(word(one["name"]) + (f": {one['answer']}" if one["answer"] else "")),
        "about": lambda one: code(one["about"] or one["tree"]),
        "words": lambda one: plain(_amounts(one) + (one["said"] or "")),
    }
    permissions: Columns = {
        "who": lambda one: Cell(one["actor"], "bold"),
        "answer": lambda one: Cell(one["answer"], style_of(one["answer"])),
        "by rule": lambda one: Cell(one["rule"]),
        "times": lambda one: number(one["answers"]),
    }
    actors: Columns = {
        "who": lambda one: Cell(one["who"], "bold"),
        "events": lambda one: number(one["events"]),
        "first": lambda one: event(one["first_seq"]),
        "last": lambda one: event(one["last_seq"]),
        "kinds": lambda one: Cell(", ".join(f"{kind['name']} {kind['events']:,}" for kind in one["kinds"])),
    }
    blocks: list[Block] = [
        table(document, "decisions", "Decisions of persons and policies", columns, "No person and no policy decided anything."),
        table(document, "permissions", "Answers to what agents asked leave for", permissions, "No agent asked for leave."),
        table(document, "actors", "Who recorded how much", actors, "Nothing was recorded."),
    ]
    return Section("decided", "Who decided what", blocks)


def _amounts(one: Document) -> str:
    """The amounts of a budget, before its words."""
    told = [
        took(one["time_ms"]) if one["time_ms"] else "",
        f"{one['tokens']:,} tokens" if one["tokens"] else "",
        dollars(one["micro_usd"]) if one["micro_usd"] else "",
    ]
    kept = ", ".join(one for one in told if one)
    return f"{kept} " if kept else ""


def changed(document: Document) -> Section:
    """Why each verdict changed: the event, and what it opened and closed."""
    columns: Columns = {
        "event": lambda one: event(one["seq"], inherited=one["inherited"]),
        "time": lambda one: Cell(moment(one["recorded_at"])),
        "why": lambda one: Cell(why_changed(one)),
    }
    rows = rows_of(document, "verdicts")
    kept = document["parts"]["verdicts"]
    blocks: list[Block] = [table(document, "verdicts", "Changes of the verdict", columns, "The verdict has not changed yet.")]
    beside = rows[0]["of"] - kept["total"] if rows else 0
    if beside:
        text = f"{beside:,} more only opened or closed obligations.closed, when some work was begun or ended"
        blocks.append(Words(f"{text}: omk verdicts {document['goal']}@{document['seq']}", "dim"))
    return Section("changed", "Why each verdict changed", blocks)


def why_changed(one: Document) -> str:
    """`gate_ran of tests (failed) opened gate.tests; not ready became running`."""
    of = f" of {one['about']}" if one["about"] else ""
    how = f" ({word(one['outcome'])})" if one["outcome"] else ""
    by = f" by {one['actor']}" if one["actor"].startswith(("person:", "policy:")) else ""
    did = [f"{verb} {', '.join(one[verb])}" for verb in ("closed", "opened") if one[verb]]
    before, now = one["status_before"], one["status"]
    turn = [f"made it {word(now)}" if before is None else f"turned {word(before)} into {word(now)}"] if before != now else []
    return f"{one['name']}{of}{how}{by} {', '.join([*did, *turn])}"


def digests(document: Document) -> Section:
    """What the page hangs on: the chain, the definitions, the verdicts on record, and what was erased."""
    facts = [
        ("head digest", code(document["head"])),
        ("events", number(document["events"])),
        ("chain", Cell("verified: every event was read, and each names the digest of the one before", "good")),
        ("anchor", Cell("checked: a log that ends before its anchor gives no page", "good")),
        ("told by", Cell("the lake, which agrees with the log on events, head, status and gaps", "good")),
    ]
    gates: Columns = {
        "gate": lambda one: Cell(one["gate"], "bold"),
        "event": lambda one: event(one["seq"], inherited=one["inherited"]),
        "digest": lambda one: code(one["definition"]),
    }
    erased: Columns = {
        "event": lambda one: event(one["seq"], inherited=one["inherited"]),
        "time": lambda one: Cell(moment(one["recorded_at"])),
        "who": lambda one: Cell(one["actor"], "bold"),
        "text of event": lambda one: event(one["erased_seq"]),
        "which": lambda one: names(one["paths"]),
        "because": lambda one: plain(one["reason"]),
    }
    blocks: list[Block] = [
        Facts("What this page rests on", facts, ("summary",)),
        table(document, "gates", "Definitions of the gates in force", gates),
        *_proofs(document),
        table(document, "erased", "Texts that were erased", erased, "No text was erased."),
    ]
    return Section("digests", "Digests", blocks)


def _proofs(document: Document) -> list[Block]:
    again = {one["seq"]: one for one in document["judged_again"]}
    proofs: Columns = {
        "event": lambda one: event(one["seq"], inherited=one["inherited"]),
        "judged": lambda one: event(one["judged_seq"]),
        "status": lambda one: Cell(word(one["status"]), style_of(one["status"])),
        "rules": lambda one: number(one["rules"]),
        "judged again": lambda one: Cell(*_AGAIN[again[one["seq"]]["outcome"]]),
        "digest": lambda one: code(one["verdict"]),
    }
    found = table(document, "proofs", "Verdicts on record", proofs, "No verdict was put on record.")
    text = f"Judged again: the fold of the log, by rules {document['rules']}; not from SQL."
    return [found, Words(text, "dim")] if found.rows else [found]
