"""The same documents as Markdown, for pull requests and notes."""

import re
from collections.abc import Sequence
from typing import Any

from omk.domain.visible import visible
from omk.domain.words import counted
from omk.views.fsck import checked
from omk.views.lines import task_word, word
from omk.views.times import moment, took
from omk.views.why import causes_text, kind_name, left_out_text, told_by, where_text

Document = dict[str, Any]
_MARKS = str.maketrans({one: f"\\{one}" for one in "\\`*_[]<>|#"})


def escaped(text: object) -> str:
    """Text on one line that Markdown shows as it is."""
    return " ".join(str(text).split()).translate(_MARKS)


def code(text: str) -> str:
    """Text in backticks: one more of them than it has in a row itself."""
    line = " ".join(text.split()).replace("|", "\\|")
    ticks = "`" * (longest_ticks(line) + 1)
    return f"{ticks} {line} {ticks}" if "`" in line else f"`{line}`"


def longest_ticks(text: str) -> int:
    """How many backticks there are in a row at most."""
    return max(map(len, re.findall("`+", text)), default=0)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """A Markdown table; nothing at all without rows."""
    if not rows:
        return []
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join(' --- ' for _ in head)}|"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def head_markdown(proof: Document) -> list[str]:
    """The verdict of a proof document in one sentence."""
    lines = ["# Goal Proof", "", f"**{word(proof['status'])}** – {code(proof['goal'])} at event {proof['seq']}", ""]
    lines += [f"> {escaped(proof['summary'])}", ""] if proof["summary"] else []
    return [*lines, escaped(proof["readiness"]), ""]


def proof_markdown(proof: Document) -> list[str]:
    """A proof document."""
    lines = [*head_markdown(proof), *gaps_markdown(proof["gaps"])]
    gates = [
        (escaped(one["name"]), word(one["outcome"]), _seq(one), "yes" if one["fresh"] else "no", code(" ".join(one["command"])))
        for one in proof["gates"]
    ]
    lines += ["## Verification Wall", "", *table(("gate", "outcome", "event", "fresh", "command"), gates)]
    reviews = [(one["pass"], word(one["outcome"]), _seq(one), escaped(one["summary"] or "")) for one in proof["reviews"]]
    lines += ["## Reviews", "", *table(("pass", "outcome", "event", "summary"), reviews)]
    lines += [f"## Changed Files ({len(proof['changed_files'])})", ""]
    lines += [*(f"- {code(visible(path))}" for path in proof["changed_files"]), ""]
    given = proof["integration"]
    words = f": {escaped(given['summary'])}" if given["summary"] else ""
    waivers = [f"- {code(one['code'])} by {escaped(one['actor'])}: {escaped(one['reason'])}" for one in proof["waivers"]]
    lines += ["## Waivers", "", *waivers, ""] if waivers else []
    lines += ["## Integration Evidence", "", f"{given['status']}{words}", ""]
    merges = [one["merge"] for one in proof["delivery_metadata"] if one["merge"]]
    told = [f"{word(one['outcome'])} into {code(one['branch'])} as {code(one['commit'] or '')}" for one in merges]
    return [*lines, "## Delivery", "", *told, ""] if told else lines


def gaps_markdown(gaps: list[Document]) -> list[str]:
    """The known gaps, each with what it lacks and how to close it."""
    if not gaps:
        return []
    lines = ["## Known Gaps", ""]
    for gap in gaps:
        since = f"since event {gap['since']}" if gap["since"] is not None else "never held"
        lines += [f"- **{escaped(gap['code'])}** ({gap['owner']}, {since}): {escaped(gap['text'])}"]
        lines += [f"  - {code(gap['command'])}"]
        lines += ["", "    ```text", *(f"    {one}" for one in gap["output_tail"]), "    ```"] if gap.get("output_tail") else []
        lines += _chain(gap) if gap.get("chain") else []
    return [*lines, ""]


def _chain(gap: Document) -> list[str]:
    """What led to a gap, as items below it."""
    lines = ["  - What led to it:"]
    lines += [f"    - {escaped(left_out_text(gap['chain_left_out']))}"] if gap["chain_left_out"] else []
    for one in gap["chain"]:
        after = f" (from {causes_text(one)})" if one["causes"] else ""
        lines.append(f"    - event {one['seq']} {escaped(kind_name(one['kind']))}: {escaped(told_by(one))}{after}")
    return lines


def why_markdown(why: Document) -> list[str]:
    """A why document."""
    lines = ["# Why", "", f"**{word(why['status'])}** – {code(why['goal'])} at event {why['seq']}", ""]
    lines += gaps_markdown(why["blocking"]) or ["Nothing is missing.", ""]
    fewest = [f"- {kind_name(one['kind'])} {escaped(where_text(one['where']))}".rstrip() for one in why["fewest"]]
    return [*lines, "## Fewest missing events", "", *fewest, ""] if fewest else lines


def verdicts_markdown(goal: str, verdicts: list[Document]) -> list[str]:
    """The changes of the verdict, in their order."""
    rows = [
        (
            str(one["seq"]),
            one["at"],
            escaped(kind_name(one["kind"])),
            word(one["status"]),
            ", ".join(escaped(code) for code in one["opened"]),
            ", ".join(escaped(code) for code in one["closed"]),
        )
        for one in verdicts
    ]
    head = ("event", "time", "kind", "status", "opened", "closed")
    return [f"# Verdicts of {code(goal)} ({len(verdicts)})", "", *table(head, rows)]


def list_markdown(goals: list[Document]) -> list[str]:
    """The goals, newest first."""
    rows = [
        (word(one["status"]), code(one["goal"]), str(one["events"]), moment(one["updated_at"]), escaped(one["prompt"] or ""))
        for one in goals
    ]
    return [f"# Goals ({len(goals)})", "", *table(("status", "goal", "events", "updated", "words"), rows)]


def state_markdown(state: Document) -> list[str]:
    """A state document."""
    lines = ["# Goal", "", f"**{word(state['status'])}** – {code(state['goal'])}, phase {word(state['phase'])}", ""]
    lines += [f"> {escaped(state['prompt'] or '')}", "", f"Updated {moment(state['updated_at'])}", ""]
    rows = [
        (code(one["id"]), task_word(one["status"]), str(one["attempts"]), escaped(one["title"] or "")) for one in state["tasks"]
    ]
    lines += ["## Tasks", "", *table(("task", "status", "attempts", "title"), rows)]
    from_there = [state["forked_from"]] if state["forked_from"] else []
    kin = [("forked from", one) for one in from_there] + [("fork", one) for one in state.get("forks", ())]
    places = [(which, code(one["goal"]), str(one["seq"])) for which, one in kin]
    lines += ["## Forks", "", *table(("which", "goal", "event"), places)] if places else []
    usage = state["usage"]
    return [
        *lines,
        "## Usage",
        "",
        f"{took(usage['active_ms'])}, {usage['tokens']:,} tokens, {counted(usage['gate_runs'], 'gate run')}",
        "",
    ]


def entry_markdown(entry: Any) -> str:
    """One entry of the timeline."""
    return f"| {entry.seq} | {entry.at} | {escaped(kind_name(entry.kind))} | {escaped(entry.actor)} | {escaped(entry.summary)} |"


TIMELINE = ["## Timeline", "", "| event | time | kind | actor | what |", "| --- | --- | --- | --- | --- |"]


def fsck_markdown(report: Document) -> list[str]:
    """What a check of the store found."""
    rows = [
        (escaped(one["goal"]), "" if one["seq"] is None else str(one["seq"]), code(one["code"]), escaped(one["text"]))
        for one in report["problems"]
    ]
    verdict = "sound" if report["ok"] else "damaged"
    lines = [f"# Store: {verdict}", "", checked(report), ""]
    return [*lines, *table(("goal", "event", "code", "what"), rows)]


def _seq(one: Document) -> str:
    return "" if one["seq"] is None else str(one["seq"])
