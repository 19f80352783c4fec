"""The rules of readiness, as data: one table, which everything that judges reads.

A family (`gate.<name>`) is one row with a function that lists its codes. `reads` are the fields of the state that `holds`
looks at, which a law proves complete; a fold asks a rule again only
when one of them changed. Change a rule, and a test
makes you raise `VERSION`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from omk.domain.proof import gaps, holds, unanswered, unverified
from omk.domain.proof.gaps import Lack, Owner
from omk.domain.proof.holds import Evidence
from omk.domain.state import GoalState
from omk.domain.values import PASSES

VERSION = 3
"""3: of several tasks, work that is not merged is owed, and one may be excused from changing files.

2: an attempt that was never answered is owed, whatever came after it. 1: a later attempt made it forgotten.
"""


class Rule(NamedTuple):
    """One demand on the state.

    `codes(state)` lists the codes it stands for; `holds(state, code)` gives the seqs of the evidence, or None for a gap,
    which `lack(state, code)` then explains. `owed_by` owes the missing event and `command` brings it about, unless the
    lack names others.
    """

    code: str
    sentence: str
    reads: tuple[str, ...]
    codes: Callable[[GoalState], Iterable[str]]
    holds: Callable[[GoalState, str], Evidence]
    lack: Callable[[GoalState, str], Lack]
    owed_by: Owner
    command: str


def _gates(state: GoalState) -> list[str]:
    return [f"gate.{name}" for name in state.gate.order if state.gate.by_name[name].definition.required]


def _reviews(_: GoalState) -> list[str]:
    return [f"review.{name}" for name in PASSES]


def _checks(state: GoalState) -> list[str]:
    return [f"oracle.{check}" for check in state.goal.oracle.checks] if state.goal.oracle else []


def _itself(code: str) -> Callable[[GoalState], Iterable[str]]:
    return lambda _: (code,)


def _rule(
    code: str,
    sentence: str,
    *,
    reads: tuple[str, ...],
    owed_by: Owner,
    command: str,
    codes: Callable[[GoalState], Iterable[str]] | None = None,
    name: str | None = None,
    lack: Callable[[GoalState, str], Lack] | None = None,
) -> Rule:
    name = name or code.replace(".", "_")
    return Rule(
        code=code,
        sentence=sentence,
        reads=reads,
        codes=codes or _itself(code),
        holds=getattr(holds, name),
        lack=lack or getattr(gaps, name),
        owed_by=owed_by,
        command=command,
    )


RULES: tuple[Rule, ...] = (
    _rule(
        "log.understood",
        "Every event of the goal is of a kind this omk knows.",
        reads=("strange",),
        owed_by="operator",
        command="omk fsck {goal}",
    ),
    _rule(
        "goal.testable",
        "The goal is worded so that it can be tested, or a person decided what it means.",
        reads=("goal.oracle", "goal.decisions"),
        owed_by="operator",
        command="omk decide {goal} --answer TEXT",
    ),
    _rule(
        "plan.valid",
        "There is a plan, and its tasks can be carried out.",
        reads=("goal.planned_seq", "task"),
        owed_by="controller",
        command="omk plan {goal}",
    ),
    _rule(
        "agent.executed",
        "The agent's last run on every task ended with success.",
        reads=("task", "agent.last"),
        owed_by="agent",
        command="omk execute {goal}",
    ),
    _rule(
        "files.changed",
        "Every task changed files of its own, all of it is merged, and the whole differs from the base commit.",
        reads=("task", "worktree.is_changed", "worktree.owners", "slice.waiting", "slice.conflicts"),
        owed_by="agent",
        command="omk execute {goal}",
    ),
    _rule(
        "files.recorded",
        "Everything in the worktree could be recorded.",
        reads=("worktree.unreadable", "worktree.tree", "review.waivers"),
        owed_by="operator",
        command="omk waive {goal} files.recorded --reason TEXT",
    ),
    _rule(
        "scope.respected",
        "No task changed files outside its declared scope.",
        reads=("worktree.outside", "worktree.tree", "review.waivers"),
        owed_by="agent",
        command="omk execute {goal}",
    ),
    _rule(
        "gates.configured",
        "At least one required gate is configured.",
        reads=("gate.order", "gate.by_name", "gate.seq"),
        owed_by="operator",
        command="omk verify {goal} --gate NAME=COMMAND",
        lack=unverified.gates_configured,
    ),
    _rule(
        "gates.unchanged",
        "The change leaves alone what decides verification, or a person looked at it.",
        reads=("worktree.guarded", "worktree.tree", "review.waivers"),
        owed_by="operator",
        command="omk waive {goal} gates.unchanged --reason TEXT",
        lack=unverified.gates_unchanged,
    ),
    _rule(
        "gate.<name>",
        "The gate passed, on the current tree and by its current definition.",
        reads=("gate.order", "gate.by_name", "worktree.tree"),
        owed_by="controller",
        command="omk verify {goal}",
        codes=_gates,
        name="gate_passed",
        lack=unverified.gate_passed,
    ),
    _rule(
        "review.<pass>",
        "The review passed, does not apply for a reason, or was waived by a person, on the current tree.",
        reads=("review.by_pass", "review.waivers", "worktree.tree", "worktree.base"),
        owed_by="controller",
        command="omk review {goal}",
        codes=_reviews,
        name="review_passed",
        lack=unverified.review_passed,
    ),
    _rule(
        "oracle.<check>",
        "A gate that declares the check, or bears its name, passed on the current tree.",
        reads=("goal.oracle", "gate.order", "gate.by_name", "worktree.tree"),
        owed_by="operator",
        command="omk verify {goal} --gate NAME=COMMAND",
        codes=_checks,
        name="oracle_proven",
        lack=unverified.oracle_proven,
    ),
    _rule(
        "budget.within",
        "No budget limit is reached.",
        reads=("budget.is_within",),
        owed_by="operator",
        command="omk budget {goal} --add-time 10m",
    ),
    _rule(
        "obligations.closed",
        "Everything announced was answered.",
        reads=(
            *("agent.is_busy", "gate.is_busy", "review.is_busy", "delivery.is_busy"),
            *("publication.is_busy", "landing.is_busy", "task"),
        ),
        owed_by="controller",
        command="omk resume {goal}",
        lack=unanswered.obligations_closed,
    ),
    _rule(
        "integration.accepted",
        "This change was accepted.",
        reads=("delivery.acceptance", "worktree.is_accepted"),
        owed_by="operator",
        command="omk accept {goal} --summary TEXT",
    ),
)


def judged(state: GoalState) -> Iterator[tuple[Rule, str, Evidence]]:
    """Every code that stands for something in *state*, with its rule and its evidence (None: a gap), in the table's order."""
    for rule in RULES:
        for code in rule.codes(state):
            yield rule, code, rule.holds(state, code)


def open_codes(state: GoalState) -> tuple[str, ...]:
    """The codes of the gaps, in the table's order."""
    return tuple(code for _, code, evidence in judged(state) if evidence is None)
