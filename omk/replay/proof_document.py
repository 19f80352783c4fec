"""The proof as a document: what design 7 asks for, and every field of the 0.5.0 proof (behaviour 1.17) as a folded value."""

from typing import Any

from omk.domain.oracle import proves
from omk.domain.proof.holds import gate_passed
from omk.domain.proof.proof import GoalProof, ReviewLine
from omk.domain.state import GoalState
from omk.replay.documents import Document, plain

VERSION = 1
"""Of the document's form, as 0.5.0 counted it."""


def proof_document(state: GoalState, proof: GoalProof) -> Document:
    """`{goal, seq, head, tree, rules, status, readiness, gaps, gates, reviews, oracle, integration, changed_files, …}`.

    `head` and `tree` are null before the first event; `held` pairs each rule that holds with its evidence.
    """
    document: Document = {"version": VERSION, **plain(proof)}
    document["head"], document["tree"] = proof.head or None, proof.tree or None
    document["held"] = [{"code": code, "evidence": list(evidence)} for code, evidence in proof.held]
    oracle, integration = oracle_of(state, proof), integration_of(state, proof)
    return document | {
        "goal_id": proof.goal,
        "summary": state.goal.prompt,
        "generated_at": state.at or None,
        "oracle": oracle,
        "oracle_evidence": oracle,
        "integration": integration,
        "integration_evidence": integration if integration["status"] != "pending" else None,
        "task_graph_summary": task_summary(state),
        "artifacts": artifacts_of(state),
        "waivers": waivers_of(state),
        "delivery_metadata": delivery_of(state),
        "review_artifacts": [_review(line, proof) for line in proof.reviews if line.seq is not None],
        "commits": commits_of(state),
        "git": git_of(state),
        "post_mutation_gates_ran": gates_ran_since(proof),
        "known_gaps": [gap.text for gap in proof.gaps],
        "human_decisions_required": [gap.text for gap in proof.gaps if gap.owner == "operator"],
        "recovery_status": None,
    }


def task_summary(state: GoalState) -> Document:
    """How many tasks there are, and how many wait, are stuck, are done."""
    statuses = [task.status for task in state.task.values()]
    total, done = len(statuses), statuses.count("done")
    blocked = statuses.count("blocked") + statuses.count("rejected")
    return {
        "total_tasks": total,
        "pending_tasks": total - done - blocked,
        "blocked_tasks": blocked,
        "done_tasks": done,
    }


def oracle_of(state: GoalState, proof: GoalProof) -> Document | None:
    """`{kind, status, checks: [{name, status, gate}]}`; null before the goal was assessed."""
    oracle = state.goal.oracle
    if oracle is None:
        return None
    open_codes = {gap.code for gap in proof.gaps}
    checks = [check_of(state, name, is_open=f"oracle.{name}" in open_codes) for name in oracle.checks]
    is_passed = oracle.testable and all(check["status"] == "passed" for check in checks)
    return {
        "kind": oracle.kind,
        "status": "passed" if is_passed else "blocked",
        "testable": oracle.testable,
        "reason": oracle.reason,
        "checks": checks,
    }


def check_of(state: GoalState, name: str, *, is_open: bool) -> Document:
    """One check of the oracle: `{name, status, gate}`."""
    gates = [one for one in state.gate.order if proves(state.gate.by_name[one].definition, name)]
    passed = [one for one in gates if gate_passed(state, f"gate.{one}") is not None]
    gate = next(iter([*passed, *gates]), None)
    return {"name": name, "status": "blocked" if is_open else "passed", "gate": gate}


def integration_of(state: GoalState, proof: GoalProof) -> Document:
    """`{status, summary, decided_at, actor, seq, tree, missing_evidence, …}`; status `pending` before anybody decided."""
    word = state.delivery.acceptance
    return {
        "status": word.status if word else "pending",
        "summary": word.summary if word else None,
        "decided_at": word.at if word else None,
        "actor": word.actor if word else None,
        "seq": word.seq if word else None,
        "tree": word.tree if word else None,
        "artifact_path": None,
        "missing_evidence": [gap.code for gap in proof.gaps if gap.code != "integration.accepted"],
    }


def waivers_of(state: GoalState) -> list[Document]:
    """What persons took on themselves: `[{code, actor, reason, tree, seq, fresh}]`; fresh: for the tree as it is."""
    waivers = sorted(state.review.waivers.items(), key=lambda pair: pair[1].seq)
    return [
        {
            "code": code,
            "actor": one.actor,
            "reason": one.reason,
            "tree": one.tree,
            "seq": one.seq,
            "fresh": one.tree == state.worktree.tree,
        }
        for code, one in waivers
    ]


def artifacts_of(state: GoalState) -> list[Document]:
    """The kept outputs behind the evidence: `[{kind, name, digest, size, seq}]`."""
    outputs: list[tuple[str, str, Any]] = [
        ("agent_run", name, run) for name, run in sorted(state.agent.last.items()) if run.output
    ]
    for name in state.gate.order:
        run = state.gate.by_name[name].last
        outputs += [("gate", name, run)] if run and run.output else []
    return [
        {"kind": kind, "name": name, "digest": run.output.digest, "size": run.output.size, "seq": run.seq}
        for kind, name, run in outputs
    ]


def delivery_of(state: GoalState) -> list[Document]:
    """How the change reached a branch, a remote, a pull request: none or one entry."""
    merge, published, landing = state.delivery.merge, state.publication, state.landing
    if not (merge or published.push or published.pull_request):
        return []
    return [
        {
            "branch": published.push.branch if published.push else merge.branch if merge else None,
            "merge": plain(merge),
            "pushed": plain(published.pushed),
            "pull_request": plain(published.pull_request),
            "pr_url": published.url,
            "checks": plain(landing.checks),
            "remote_merge": plain(landing.merge),
        }
    ]


def commits_of(state: GoalState) -> list[str]:
    """The commits that were made for this goal, in their order; those that merged it last."""
    merges = (state.delivery.merge, state.landing.merge)
    merged = [merge.commit for merge in merges if merge and merge.outcome == "merged" and merge.commit]
    return list(dict.fromkeys([*state.worktree.commits, *merged]))


def git_of(state: GoalState) -> Document | None:
    """`{branch, head, dirty}`: where the change belongs. A tree is judged, never a checkout, so it is never dirty."""
    base, merge = state.worktree.base, state.delivery.merge
    if base is None:
        return None
    is_merged = merge is not None and merge.outcome == "merged" and merge.branch == base.branch
    head = merge.commit if is_merged and merge else base.commit
    return {"branch": base.branch, "head": head, "dirty": False}


def gates_ran_since(proof: GoalProof) -> bool:
    """Whether something changed, and every required gate has judged exactly that."""
    required = [line for line in proof.gates if line.required]
    return bool(proof.changed_files and required) and all(line.fresh for line in required)


def _review(line: ReviewLine, proof: GoalProof) -> Document:
    gap = next((one for one in proof.gaps if one.code == f"review.{line.review}"), None)
    return {
        "pass": line.review,
        "status": "blocked" if gap else "passed",
        "outcome": line.outcome,
        "path": None,
        "summary": line.summary,
        "evidence": [line.seq],
        "risks": [],
        "known_gaps": [gap.text] if gap else [],
        "recommended_next_step": gap.command if gap else None,
    }
