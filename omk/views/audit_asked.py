"""What an audit says first: where the goal stands, and what was asked of whom under which rules."""

from typing import Any

from omk.domain.amounts import dollars
from omk.domain.words import counted
from omk.views.audit_page import (
    NOTHING,
    Block,
    Cell,
    Document,
    Facts,
    Quote,
    Section,
    Words,
    code,
    commands,
    first,
    names,
    number,
    plain,
    rows_of,
    table,
    yes,
)
from omk.views.lines import style_of, word
from omk.views.times import moment, took


def verdict(document: Document) -> Section:
    """The verdict, as of which event, by which rules, from how many events."""
    summary = first(document, "summary") or {}
    ready = summary["first_ready_seq"]
    rows = [
        ("status", Cell(word(document["status"]), style_of(document["status"]))),
        ("as of", Cell(f"event {document['seq']}, {moment(document['at'])}")),
        ("open gaps", number(summary["gaps"])),
        ("first ready", plain(None) if ready is None else Cell(f"event {ready}")),
        ("judged by", Cell(f"rules {document['rules']}")),
        ("events", number(summary["events"])),
        ("head digest", code(document["head"])),
        ("tree", code(document["tree"])),
    ]
    blocks: list[Block] = [Facts("The verdict", rows, ("summary",)), *_inherited(document, summary)]
    return Section("verdict", "Verdict", blocks)


def _inherited(document: Document, summary: Document) -> list[Block]:
    if not summary["inherited_events"]:
        return []
    past = document["lineage"]
    whose = ", ".join(f"{one['first']} to {one['last']} of {one['goal']}" for one in past if one["goal"] != document["goal"])
    text = f"This goal is a fork: {counted(summary['inherited_events'], 'event')} of this history are inherited, events {whose}."
    return [Words(text, "warn")]


def asked(document: Document) -> Section:
    """The words, the repository, the settings, the gates and the limits."""
    blocks: list[Block] = []
    for row in rows_of(document, "asked"):
        blocks += _request(row)
    if not blocks:
        blocks.append(Words("Nothing had been asked yet."))
    blocks += [*_oracle(document), *_settings(document), _gates(document), _budget(document)]
    return Section("asked", "What was asked", blocks)


def _request(row: Document) -> list[Block]:
    whose = f", inherited from {row['goal']}" if row["inherited"] else ""
    rows = [
        ("asked by", Cell(row["actor"], "bold")),
        ("at", Cell(f"{moment(row['recorded_at'])}, event {row['seq']}{whose}")),
    ]
    if row["forked_from"]:
        rows.append(("forked from", code(f"{row['forked_from']}@{row['forked_seq']}")))
    else:
        place = {name: row[name] for name in ("repository", "origin", "subdirectory")}
        base = {f"base {name}": row[f"base_{name}"] for name in ("branch", "commit", "tree")}
        rows += [(name, code(value)) for name, value in {**place, **base}.items() if value]
    return [Quote(f"The request, verbatim{whose}", row["prompt"] or ""), Facts("By whom, when, on what", rows, ("asked",))]


def _oracle(document: Document) -> list[Block]:
    one = first(document, "oracle")
    if one is None:
        return []
    rows = [
        ("kind of goal", Cell(one["kind"])),
        ("can be tested", yes(one["testable"])),
        ("has to prove", names(one["checks"])),
        ("because", plain(one["reason"])),
        ("assessed by", Cell(f"{one['actor']}, event {one['seq']}")),
    ]
    return [Facts("What it has to prove", [row for row in rows if row[1] != NOTHING], ("oracle",))]


def _settings(document: Document) -> list[Block]:
    one = first(document, "settings")
    if one is None:
        return [Words("Nothing was configured.")]
    rows = [
        ("agent", code(one["agent"])),
        ("acceptance", Cell(one["accept"])),
        ("merge", Cell(one["merge"])),
        ("delivery", Cell(one["delivery"])),
        ("permissions", Cell(one["approve"])),
        ("until ready", yes(one["until_ready"])),
        ("attempts, at most", number(one["max_attempts"])),
        ("agents at once, at most", number(one["max_agents"])),
        ("time for an agent", Cell(took(one["agent_timeout_ms"]) or "any")),
        ("scope", names(one["scope"]) if one["scope"] else Cell("any path")),
        ("setup", commands(one["setup"])),
        ("shared paths", names(one["share"])),
        ("configured in", names(one["sources"])),
        ("configured by", Cell(f"{one['actor']}, event {one['seq']}")),
    ]
    return [Facts("Settings", rows, ("settings",))]


def _gates(document: Document) -> Block:
    columns: dict[str, Any] = {
        "gate": lambda one: Cell(one["gate"], "bold"),
        "required": lambda one: Cell("skipped" if one["skipped"] else "required" if one["required"] else "optional"),
        "configured in": lambda one: Cell(one["source"]),
        "time limit": lambda one: Cell(took(one["timeout_ms"])),
        "proves": lambda one: names(one["proves"]),
        "command": lambda one: commands(one["command"]),
    }
    return table(document, "gates", "Gates in force", columns, "No gate was configured.")


def _budget(document: Document) -> Block:
    limits = first(document, "budget") or {}
    money = limits["micro_usd"]
    rows = [
        ("time", Cell("any" if limits["active_ms"] is None else took(limits["active_ms"]))),
        ("tokens", Cell("any" if limits["tokens"] is None else f"{limits['tokens']:,}")),
        ("money, US dollars", Cell("any" if money is None else dollars(money))),
    ]
    return Facts("Limits", rows, ("budget",))


def opened(document: Document) -> Section:
    """The gaps as of then, from the proof itself."""
    blocks: list[Block] = [] if document["gaps"] else [Words("No gap is open: every rule holds.", "good")]
    for gap in document["gaps"]:
        since = "never held" if gap["since"] is None else f"open since event {gap['since']}"
        missing = gap["missing"]
        where = " ".join(f"{name}={value}" for name, value in missing["where"].items())
        rows = [
            ("what", Cell(" ".join(gap["text"].split()))),
            ("owed by", Cell(f"{gap['owner']}, {since}")),
            ("missing event", code(f"{missing['kind']} {where}".strip())),
            ("evidence", Cell(", ".join(f"event {seq}" for seq in gap["evidence"]) or "none")),
        ]
        follows = [("follows from", names(gap["follows_from"]))] if gap["follows_from"] else []
        blocks.append(Facts(gap["code"], [*rows, *follows, ("command", code(gap["command"]))]))
    where = f"{document['goal']}@{document['seq']}"
    blocks.append(Words(f"From the proof that the fold of the log gives, not from SQL: omk why {where}", "dim"))
    return Section("open", f"What is open ({len(document['gaps'])})", blocks)
