"""GoalProof: the judgement on a state, by the table of rules. Pure; status is derived, never assigned."""

from typing import Any

import msgspec

from omk.domain.digest import digest_of
from omk.domain.event import Digest, Value
from omk.domain.halting import going_on
from omk.domain.proof.gaps import Missing, Owner
from omk.domain.proof.holds import executors, is_fresh, waived
from omk.domain.proof.rules import RULES, VERSION, Rule
from omk.domain.proof.standing import Standing, rule_of
from omk.domain.proof.status import status_of
from omk.domain.state import GoalState
from omk.domain.values import PASSES
from omk.domain.whose import claims


class Gap(Value):
    """A rule without evidence. `since` is the seq that opened it last, null if the rule never held.

    `also` are further events that are missing beside `missing`.
    """

    code: str
    text: str
    owner: Owner
    since: int | None
    evidence: tuple[int, ...]
    missing: Missing
    also: tuple[Missing, ...]
    follows_from: tuple[str, ...]
    command: str


class GateLine(Value):
    """A gate as the proof sees it; `outcome` is `never` before its first run, `fresh` whether it judged this tree."""

    name: str
    required: bool
    outcome: str
    tree: str | None
    definition: Digest
    exit_code: int | None
    seq: int | None
    fresh: bool
    command: tuple[str, ...]
    duration_ms: int | None


class ReviewLine(Value):
    """A review pass as the proof sees it."""

    review: str = msgspec.field(name="pass")
    outcome: str = "never"
    tree: str | None = None
    seq: int | None = None
    fresh: bool = False
    summary: str | None = None


class GoalProof(Value):
    """The verdict on one goal at one seq, with everything it rests on."""

    goal: str
    seq: int
    head: Digest
    tree: str
    rules: int
    status: str
    readiness: str
    gaps: tuple[Gap, ...]
    held: tuple[tuple[str, tuple[int, ...]], ...]
    gates: tuple[GateLine, ...]
    reviews: tuple[ReviewLine, ...]
    changed_files: tuple[str, ...]


def prove(state: GoalState, standing: Standing) -> GoalProof:
    """Judge *state* by every rule; *standing* knows since when the gaps are open."""
    gaps: list[Gap] = []
    held: list[tuple[str, tuple[int, ...]]] = []
    for rule in RULES:
        for code in rule.codes(state):
            evidence = rule.holds(state, code)
            if evidence is None:
                gaps.append(_gap(rule, code, state, standing))
            else:
                held.append((code, tuple(sorted(set(evidence)))))
    status = status_of(state, is_ready=not gaps)
    return GoalProof(
        goal=state.goal.id,
        seq=state.seq,
        head=state.head,
        tree=state.worktree.tree,
        rules=VERSION,
        status=status,
        readiness=_readiness(state, status, gaps),
        gaps=_explained(gaps),
        held=tuple(held),
        gates=tuple(gate_line(state, name) for name in state.gate.order),
        reviews=tuple(review_line(state, name) for name in PASSES),
        changed_files=tuple(sorted(state.worktree.paths)),
    )


def _gap(rule: Rule, code: str, state: GoalState, standing: Standing) -> Gap:
    lack = rule.lack(state, code)
    return Gap(
        code=code,
        text=lack.text,
        owner=lack.owner or rule.owed_by,
        since=standing.open.get(code),
        evidence=lack.evidence,
        missing=lack.missing,
        also=lack.also,
        follows_from=lack.follows_from,
        command=_command(lack.command or rule.command, code, state).format(goal=state.goal.id),
    )


EXECUTE_AGAIN, MOST_NAMED = "omk execute {goal}", 3
WORK = ("omk execute", "omk verify", "omk review", "omk resume")
"""What a goal that is held up refuses."""


def _command(command: str, code: str, state: GoalState) -> str:
    """The command that closes a gap, or lets the goal go on first; an agent's work with its tasks and what is not known."""
    if command.startswith(WORK) and (first := going_on(state)) is not None:
        return first
    if command != EXECUTE_AGAIN:
        return command
    tasks, settings = executors(state), state.goal.settings
    whose = [name for name in claims(state, code) if len(tasks) > 1]
    named = "".join(f" --task {name}" for name in whose) if len(whose) <= MOST_NAMED else ""
    is_known = settings is None or settings.agent is not None or any(one.id in state.agent.last for one in tasks)
    return command + named + ("" if is_known else " --agent SPEC")


def gap_of(state: GoalState, standing: Standing, code: str) -> Gap:
    """One of the open gaps, as the whole proof tells it."""
    gap = _gap(rule_of(code), code, state, standing)
    return msgspec.structs.replace(gap, follows_from=tuple(one for one in gap.follows_from if one in standing.open))


def _explained(gaps: list[Gap]) -> tuple[Gap, ...]:
    """The gaps, each following only from gaps that are there."""
    codes = {gap.code for gap in gaps}
    return tuple(
        msgspec.structs.replace(gap, follows_from=tuple(code for code in gap.follows_from if code in codes)) for gap in gaps
    )


def _readiness(state: GoalState, status: str, gaps: list[Gap]) -> str:
    """One line for people; the words of 0.5.0 where they fit."""
    goal = state.goal
    reasons = {
        "paused": goal.paused and goal.paused.reason,
        "cancelled": (goal.cancelled and goal.cancelled.reason) or "cancelled by user",
        "failed_infra": goal.failed and goal.failed.reason,
        "blocked_on_human": goal.blocked and goal.blocked.reason,
        "blocked_on_external": goal.blocked and goal.blocked.reason,
        "needs_more_budget": "a budget limit is reached",
    }
    if status in reasons:
        return f"{status.replace('_', ' ')}: {reasons[status] or 'by an operator'}"
    merge = state.delivery.merge
    if status == "ready" and merge is not None and merge.outcome == "merged":
        return f"ready: merged into {merge.branch} as {(merge.commit or '')[:12]}"
    remote = state.landing.merge
    if status == "ready" and remote is not None and remote.outcome == "merged":
        return f"ready: merged into {remote.into} as {remote.commit[:12]}, by {remote.url}"
    if status == "ready":
        return "ready: integration and oracle evidence passed"
    first = [gap for gap in gaps if not gap.follows_from] or gaps
    more = f" (and {len(gaps) - 1} more)" if len(gaps) > 1 else ""
    return f"{status.replace('_', ' ')}: {first[0].text}{more}"


def gate_line(state: GoalState, name: str) -> GateLine:
    """How one configured gate stands."""
    gate = state.gate.by_name[name]
    last = gate.last
    return GateLine(
        name=name,
        required=gate.definition.required,
        outcome=last.outcome if last else "never",
        tree=last.tree if last else None,
        definition=gate.definition.digest,
        exit_code=last.exit_code if last else None,
        seq=last.seq if last else None,
        fresh=is_fresh(state, gate),
        command=gate.definition.command,
        duration_ms=last.duration_ms if last else None,
    )


def review_line(state: GoalState, name: str) -> ReviewLine:
    """How one review pass stands."""
    code, review, files = f"review.{name}", state.review.by_pass.get(name), state.worktree
    base = files.base.tree if files.base else ""
    is_current = review is not None and (review.tree, review.base) == (files.tree, base)
    is_good = is_current and review is not None and review.outcome in {"passed", "not_applicable"}
    waiver = state.review.waivers.get(code)
    if waiver is not None and waived(state, code) is not None and not is_good:
        return ReviewLine(review=name, outcome="waived", tree=waiver.tree, seq=waiver.seq, fresh=True, summary=waiver.reason)
    if review is None:
        return ReviewLine(review=name)
    return ReviewLine(
        review=name,
        outcome=review.outcome,
        tree=review.tree,
        seq=review.seq,
        fresh=is_current,
        summary=review.summary,
    )


def verdict_core(proof: GoalProof) -> dict[str, Any]:
    """What a verdict is, without prose: the part that `proof_issued` digests."""
    return {
        "gaps": sorted([gap.code, list(gap.evidence)] for gap in proof.gaps),
        "goal": proof.goal,
        "head": proof.head,
        "held": sorted([code, list(evidence)] for code, evidence in proof.held),
        "seq": proof.seq,
        "status": proof.status,
        "tree": proof.tree,
    }


def verdict_digest(proof: GoalProof) -> Digest:
    """`b2:` + BLAKE2b-256 of the canonical JSON of the verdict core."""
    body = msgspec.json.encode(verdict_core(proof), order="sorted")
    return digest_of(body)
