"""A pull request's title and body: what is on record of a goal, and nothing else (behaviour 6.2, in its order)."""

from collections.abc import Callable, Sequence
from typing import Any

from omk.domain.proof.status import FINAL
from omk.domain.visible import visible
from omk.domain.words import counted
from omk.views.lines import Line, line, task_word, word, wrapped
from omk.views.markdown import code, escaped, gaps_markdown, longest_ticks, table
from omk.views.times import moment

Document = dict[str, Any]
Section = Callable[[Document, Document, int], list[str]]
MOST_TITLE, MOST_BODY = 256, 65_536
"""How many characters GitHub takes; counted in UTF-16, to be on the safe side."""
STEPS = (5_000, 500, 100, 20)
"""How many lines of a list are shown; the next number if the body would be too long."""
WORDS = 400
"""How many characters of the goal's words are sure to be shown, for each line of a list."""
LEFT_OUT = "\n\n… The rest does not fit here: `omk proof`\n"


def pull_request_title(proof: Document) -> str:
    """`Goal proof: ` and the goal's words on one line."""
    title = f"Goal proof: {' '.join(str(proof['summary'] or '').split())}"
    return _within(title, MOST_TITLE, "…")


def pull_request_body(state: Document, proof: Document) -> str:
    """The sections, of which long lists show less until all fits."""
    for most in STEPS:
        lines: list[str] = []
        for heading, section in SECTIONS:
            lines += [f"## {heading}", "", *(section(state, proof, most) or ["none"]), ""]
        body = "\n".join([*lines, *_origin(proof)]) + "\n"
        if _length(body) <= MOST_BODY:
            break
    return fitted(body)


def fitted(body: str) -> str:
    """A body that GitHub takes, whatever its length was."""
    return _within(body, MOST_BODY, LEFT_OUT)


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _within(text: str, most: int, mark: str) -> str:
    if _length(text) <= most:
        return text
    units = text.encode("utf-16-le", "surrogatepass")[: 2 * (most - _length(mark))]
    return units.decode("utf-16-le", "ignore").rstrip() + mark


def _listed(lines: Sequence[str], most: int) -> list[str]:
    more = [f"- … and {len(lines) - most} more"] if len(lines) > most else []
    return [*lines[:most], *more]


# --- The sections ---


def _goal(_: Document, proof: Document, most: int) -> list[str]:
    words = str(proof["summary"] or "").strip()
    if len(words) > WORDS * most:
        words = words[: WORDS * most].rstrip() + "…"
    fence = "`" * max(3, longest_ticks(words) + 1)
    return [f"{fence}text", words, fence]


def _tasks(state: Document, proof: Document, most: int) -> list[str]:
    count = proof["task_graph_summary"]
    told = f"{count['done_tasks']} of {count['total_tasks']} done, {count['blocked_tasks']} failed."
    rows = [
        f"- {code(one['id'])} {task_word(one['status'])}, attempts: {one['attempts']}: {escaped(one['title'] or '')}"
        for one in state["tasks"]
    ]
    return [told, "", *_listed(rows, most)]


def _delivery(state: Document, _: Document, __: int) -> list[str]:
    base = state["base"] or {}
    lines = [f"- for {code(base['branch'] or 'a detached HEAD')}, proven on {code(base['commit'])}"] if base else []
    settings = state["settings"] or {}
    named = [(name, settings.get(name)) for name in ("delivery", "merge", "accept")]
    return [*lines, *(f"- {name}: {value}" for name, value in named if value)]


def _proof(_: Document, proof: Document, __: int) -> list[str]:
    lines = [f"**{word(proof['status'])}** by rules {proof['rules']}, as of event {proof['seq']} of {code(proof['goal'])}"]
    return [*lines, "", f"- tree {code(proof['tree'] or '')}", f"- head {code(proof['head'] or '')}"]


def _gates(_: Document, proof: Document, most: int) -> list[str]:
    rows = [
        (escaped(one["name"]), word(one["outcome"]), _event(one["seq"]), _yes(one["fresh"]), code(" ".join(one["command"])))
        for one in proof["gates"]
    ]
    return table(("gate", "outcome", "event", "on this tree", "command"), rows[:most])[:-1]


def _candidate(_: Document, proof: Document, __: int) -> list[str]:
    waivers = [
        f"- {code(one['code'])} waived by {escaped(one['actor'])}: {escaped(one['reason'])}"
        for one in proof["waivers"]
        if one["fresh"]
    ]
    count = len(proof["changed_files"])
    return [
        f"- {counted(count, 'file')} {'differs' if count == 1 else 'differ'} from the base",
        *waivers,
        f"- seen again by {code('omk proof ' + proof['goal'])}",
    ]


def _reviews(_: Document, proof: Document, __: int) -> list[str]:
    rows = [
        (one["pass"], word(one["outcome"]), _event(one["seq"]), _yes(one["fresh"]), escaped(one["summary"] or ""))
        for one in proof["reviews"]
    ]
    return table(("pass", "outcome", "event", "on this tree", "summary"), rows)[:-1]


def _integration(_: Document, proof: Document, __: int) -> list[str]:
    given = proof["integration"]
    if given["status"] == "pending":
        return ["Nobody has decided yet."]
    who = f"{given['status']} by {escaped(given['actor'])} on {moment(given['decided_at'])}"
    return [f"{who}: {escaped(given['summary'] or '')}"]


def _oracle(_: Document, proof: Document, __: int) -> list[str]:
    oracle = proof["oracle"]
    if oracle is None:
        return []
    rows = [(escaped(one["name"]), word(one["status"]), escaped(one["gate"] or "")) for one in oracle["checks"]]
    return [f"A {escaped(oracle['kind'])} goal: {oracle['status']}.", "", *table(("check", "status", "gate"), rows)[:-1]]


def _gaps(_: Document, proof: Document, most: int) -> list[str]:
    return gaps_markdown(proof["gaps"][:most])[2:-1]


def _files(_: Document, proof: Document, most: int) -> list[str]:
    return _listed([f"- {code(visible(path))}" for path in proof["changed_files"]], most)


def _artifacts(_: Document, proof: Document, most: int) -> list[str]:
    rows = [
        f"- {word(one['kind'])} {code(one['name'])}, event {one['seq']}: {one['size']} bytes, {code(one['digest'])}"
        for one in proof["artifacts"]
    ]
    return _listed(rows, most)


def _origin(proof: Document) -> list[str]:
    """Where all this is from, as a machine finds it again."""
    return [f"<!-- omk goal={proof['goal']} seq={proof['seq']} head={proof['head']} tree={proof['tree']} -->"]


def _event(seq: int | None) -> str:
    return "" if seq is None else str(seq)


def _yes(value: object) -> str:
    return "yes" if value else "no"


SECTIONS: tuple[tuple[str, Section], ...] = (
    ("Goal", _goal),
    ("Task Summary", _tasks),
    ("Delivery Metadata", _delivery),
    ("Proof Summary", _proof),
    ("Verification Wall", _gates),
    ("Release Candidate Notes", _candidate),
    ("Review Evidence", _reviews),
    ("Integration Evidence", _integration),
    ("Oracle Evidence", _oracle),
    ("Known Gaps", _gaps),
    ("Changed Files", _files),
    ("Artifacts", _artifacts),
)


# --- What `omk pr` answers ---


def draft_lines(draft: Document, width: int) -> list[Line]:
    """The pull request that was or would be asked for; what became of it if it was."""
    told = [f"{draft['operation']}d: {draft['pr_url']}" if draft["operation"] else draft["reason"]]
    if draft["mutated"]:
        return wrapped(told[0], width)
    told = [_standing(draft["status"]), *told]
    facts = [f"title: {draft['title']}", f"branch: {draft['head_branch']}", f"dry run: {_yes(draft['dry_run'])}"]
    lines = [one for text in (*facts, f"draft: {_yes(draft['draft'])}", *told) if text for one in wrapped(text, width)]
    return [*lines, line(), *(line(text) for text in draft["body"].splitlines())]


def _standing(status: str) -> str:
    """What is to be known of a goal that is not delivered; nothing where it may be."""
    if status == "ready":
        return ""
    never = "it is not delivered" if status in FINAL else "it is not delivered before it is ready"
    return f"The goal is {word(status)}: {never}. This is only what would be said of it."


def draft_markdown(draft: Document) -> list[str]:
    """The title as a heading, and the body."""
    return [f"# {escaped(draft['title'])}", "", *draft["body"].splitlines()]
