"""The names an expression may use: each a function of a moment, with the fields of the state it reads.

A law proves `reads` complete, so that whoever follows a history asks again only when one of these is another object. Values
are plain and sealed: no words of a person, an agent or a tool. `seq`, `at`, `head`, `record` and `standing` are the moment's own.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import NamedTuple

from omk.domain.owed import OWED
from omk.domain.proof.rules import RULES, VERSION
from omk.domain.wanted import ASK, REQUEST_READS
from omk.replay.documents import phase_of
from omk.replay.moment import Moment
from omk.replay.proof_document import commits_of, git_of
from omk.replay.query import facts
from omk.replay.query.facts import built
from omk.replay.query.values import Keyed, Value

Read = Callable[[Moment], Value]


class Name(NamedTuple):
    """A name: what it stands for, the fields it reads, and its value; `parts` are the names within it, if they are fixed.

    `is_told` is false where another name tells the same, or where it changes with every event: a difference leaves it out.
    `is_field` tells that it is the one field it reads, as it is; an empty string is null.
    """

    sentence: str
    reads: tuple[str, ...]
    value: Read
    parts: Mapping[str, "Name"] = {}
    is_told: bool = True
    is_field: bool = False


OBLIGED = tuple(OWED)
"""What obligations are gathered from."""
RULED = tuple(sorted({field for rule in RULES for field in rule.reads}))
LACKING = ("goal.id", "worktree.seq", "worktree.base_seq", "worktree.paths", "budget.seq", "agent.last")
"""What is said of a gap, beyond what its rule reads."""
JUDGED = tuple(sorted({"standing", *RULED, *REQUEST_READS, *(field for row in ASK for field in row.reads)}))
"""What the status follows from: the rules, what controls the goal, and what the controller would do next."""
EXPLAINED = tuple(sorted({*JUDGED, *OBLIGED, *LACKING}))
"""What the whole proof is made of."""
REVIEWED, PROVEN = (next(rule.reads for rule in RULES if rule.code == code) for code in ("review.<pass>", "oracle.<check>"))


def _name(sentence: str, reads: tuple[str, ...], value: Read, *, is_told: bool = True) -> Name:
    return Name(sentence, reads, value, {}, is_told)


def _whole(sentence: str, **parts: Name) -> Name:
    reads = tuple(sorted({field for one in parts.values() for field in one.reads}))
    return Name(sentence, reads, lambda moment: Keyed(parts, lambda part: parts[part].value(moment)), parts)


def _field(sentence: str, path: str, *, is_told: bool = True, without: tuple[str, ...] = ()) -> Name:
    """A field of the state as it is; an empty string is null."""
    get = attrgetter(path)

    def value(moment: Moment) -> Value:
        found = built(get(moment.state), *without)
        return None if found == "" else found

    return _name(sentence, (path,), value, is_told=is_told)._replace(is_field=True)


def _halt(name: str, sentence: str) -> Name:
    return _name(f"{sentence}: `{{since, on, code}}`, or null.", (f"goal.{name}",), lambda moment: facts.halt(moment, name))


# --- The table ---

STATUS = _name("The verdict in a word.", JUDGED, lambda moment: moment.status)
TREE = _field("The tree that the content has become.", "worktree.tree")
GAPS = _name("The open gaps by rule code: `{owner, since, evidence, missing, follows_from, command}`.", EXPLAINED, facts.gaps)
GATES = _name(
    "The configured gates by name: `{required, outcome, tree, definition, exit_code, seq, fresh, command, duration_ms, runs, "
    "failures, is_running, proves, breaker, breaker_until}`.",
    ("gate.by_name", "gate.running", "worktree.tree"),
    facts.gates,
)
REVIEWS = _name("The six review passes: `{outcome, tree, seq, fresh}`.", REVIEWED, facts.reviews)
ACCEPTANCE = _field("The last word on the change: `{status, tree, actor, at, seq}`.", "delivery.acceptance", without=("summary",))

GOAL = _whole(
    "What was asked for.",
    id=_field("its id", "goal.id"),
    kind=_name("what kind of goal it is", ("goal.oracle",), lambda moment: facts.oracle_field(moment, "kind")),
    created_at=_field("when it was created", "goal.created_at"),
    planned=_name("the event that planned it", ("goal.planned_seq",), lambda moment: moment.state.goal.planned_seq or None),
    repository=_field("`{id, origin, subdirectory}`", "goal.repository"),
    forked_from=_field("`{goal, seq, head}`: what it begins with", "goal.forked_from"),
)
ORACLE = _whole(
    "What would prove the goal.",
    kind=_name("what kind of goal it is", ("goal.oracle",), lambda moment: facts.oracle_field(moment, "kind")),
    testable=_name("whether it can be tested", ("goal.oracle",), lambda moment: facts.oracle_field(moment, "testable")),
    seq=_name("the event that assessed it", ("goal.oracle",), lambda moment: facts.oracle_field(moment, "seq")),
    status=_name("`passed` or `blocked`", PROVEN, facts.oracle_status),
    checks=_name("by name: `{status, gate}`", PROVEN, facts.checks),
)
USAGE = _whole(
    "What was spent and what may be; milliseconds, tokens, micro-dollars.",
    active_ms=_field("how long agents worked", "budget.used_ms"),
    tokens=_field("tokens of all sorts", "budget.used_tokens"),
    tokens_in=_field("tokens read", "budget.used_tokens_in"),
    tokens_out=_field("tokens written", "budget.used_tokens_out"),
    tokens_cached=_field("tokens that were cached", "budget.used_tokens_cached"),
    micro_usd=_field("money", "budget.used_micro_usd"),
    limits=_name("`{active_ms, tokens, micro_usd}`", ("budget.time_ms", "budget.tokens", "budget.micro_usd"), facts.limits),
    inherited=_name(
        "`{active_ms, tokens, micro_usd}`: what was spent before it was forked",
        ("goal.forked_from", "budget.inherited_ms", "budget.inherited_tokens", "budget.inherited_micro_usd"),
        facts.inherited,
    ),
    agent_runs=_field("runs of agents", "agent.runs"),
    messages=_field("what agents said", "agent.messages"),
    tool_calls=_field("tool calls", "agent.tool_calls"),
    tool_failures=_field("tool calls that failed", "agent.tool_failures"),
    gate_runs=_name("runs of gates", ("gate.by_name",), facts.gate_runs),
)
PROOF = _whole(
    "The verdict with everything it rests on.",
    status=STATUS,
    goal=_field("its goal", "goal.id", is_told=False),
    seq=_name("the event it judges", ("seq",), lambda moment: moment.state.seq, is_told=False),
    head=_name("that event's digest", ("head",), lambda moment: moment.state.head or None, is_told=False),
    tree=TREE._replace(is_told=False),
    rules=_name("the version of the rules", (), lambda _: VERSION),
    gaps=GAPS._replace(is_told=False),
    held=_name("the rules that hold, by code: the seqs that show it", RULED, facts.held),
    gates=GATES._replace(is_told=False),
    reviews=REVIEWS._replace(is_told=False),
    oracle=ORACLE._replace(is_told=False),
    integration=_name("`{status, tree, actor, at, seq}`", ("delivery.acceptance",), facts.integration, is_told=False),
    changed_files=_name(
        "the paths that differ from the base commit", ("worktree.paths",), lambda m: sorted(m.state.worktree.paths), is_told=False
    ),
    commits=_name("the commits omk made", ("worktree.commits", "delivery.merge"), lambda moment: commits_of(moment.state)),
    git=_name("`{branch, head, dirty}`", ("worktree.base", "delivery.merge"), lambda moment: git_of(moment.state)),
    issued=_field("how many verdicts are on record", "verdict.issued"),
)

NAMES: dict[str, Name] = {
    "status": STATUS,
    "phase": _name(
        "Where the goal stands.",
        ("goal.oracle", "goal.planned_seq", "agent.running", "task", "gate.is_busy", "review.is_busy"),
        lambda moment: phase_of(moment.state),
    ),
    "tree": TREE,
    "base": _field("What it started from: `{branch, commit, tree}`.", "worktree.base"),
    "goal": GOAL,
    "tasks": _name(
        "The tasks by id: `{role, status, attempts, dependencies, read_set, write_set, priority, budget_seconds, source, "
        "excused, holder, fence, lease_ends, tree, seq}`.",
        ("task",),
        facts.tasks,
    ),
    "gates": GATES,
    "reviews": REVIEWS,
    "files": _name(
        "The paths that differ from the base: `{operation, old, new, old_mode, mode}`; blob ids and git file modes.",
        ("worktree.paths",),
        facts.files,
    ),
    "gaps": GAPS,
    "proof": PROOF,
    "usage": USAGE,
    "obligations": _name("What is announced and not answered, by id: `{owner, since, pid}`.", OBLIGED, facts.obligations),
    "settings": _name("How the goal was configured.", ("goal.settings",), facts.settings),
    "acceptance": ACCEPTANCE,
    "merge": _field("The last merge: `{branch, before, commit, tree, outcome, seq}`.", "delivery.merge", without=("reason",)),
    "paused": _halt("paused", "A pause"),
    "blocked": _halt("blocked", "What has to be answered first"),
    "cancelled": _halt("cancelled", "Its being given up"),
    "failed": _halt("failed", "omk itself could not go on"),
    "stagnation": _name(
        "Why the loop was stopped: `{since, on, code, confidence, attempts, metrics, strategy}`, or null.",
        ("progress.stagnation",),
        facts.stagnation,
    ),
    "decisions": _name("What people decided, by rule code: `{actor, seq}`.", ("goal.decisions",), facts.decisions),
    "waivers": _name(
        "What people took on themselves, by rule code: `{tree, actor, seq, fresh}`.",
        ("review.waivers", "worktree.tree"),
        facts.waivers,
    ),
    "oracle": ORACLE,
    "controller": _field("Who works on the goal: `{controller, pid, started, seq}`.", "controller.active"),
    "event": _name(
        "The last event: `{kind, name, actor, causes, fields}`; the name is the kind without its version, `fields` are its own.",
        ("record",),
        facts.event,
        is_told=False,
    ),
    "seq": _name("The number of the last event.", ("seq",), lambda moment: moment.state.seq, is_told=False),
    "at": _name("The time of the last event.", ("at",), lambda moment: moment.state.at or None, is_told=False),
}
"""Every name an expression may begin with."""
