"""Why what gates and reviews said proves nothing, or not of this tree; told as in `gaps`."""

from msgspec.structs import replace

from omk.domain.instant import moment
from omk.domain.proof import holds
from omk.domain.proof.gaps import Lack, Missing, tree_known
from omk.domain.proof.pending import is_being_made, is_gap, prover, provers, verdict_kind
from omk.domain.state import GoalState
from omk.domain.subjects.gate import Gate, GateRun
from omk.domain.visible import visible
from omk.domain.words import counted


def gates_configured(state: GoalState, _: str) -> Lack:
    text = "No required gate is configured, and none was detected: nothing could prove this goal."
    evidence = (state.gate.seq,) if state.gate.seq else ()
    passed = Missing(kind="gate_ran.v1", where={"outcome": "passed"})
    return Lack(text=text, missing=Missing(kind="gates_configured.v1"), also=(passed,), evidence=evidence)


def gates_unchanged(state: GoalState, code: str) -> Lack:
    files = state.worktree
    paths = "; ".join(_guarded(state, path) for path in files.guarded[:5])
    missing = Missing(kind="waiver_granted.v1", where={"code": code, "tree": files.tree})
    return Lack(
        text=f"The change touches what decides verification: {paths}. A person has to look at it.",
        missing=missing,
        evidence=(files.seq,),
    )


def _guarded(state: GoalState, path: str) -> str:
    """The path, and the gates whose commands name it."""
    gates = state.gate
    name = path.rpartition("/")[2]
    users = [gate for gate in gates.order if any(name in word for word in gates.by_name[gate].definition.command)]
    return f"{visible(path)} (gate {', '.join(users)} runs it)" if users else visible(path)


def gate_passed(state: GoalState, code: str) -> Lack:
    """Why the gate has not passed; that its breaker keeps it from being run comes first."""
    name = code.removeprefix("gate.")
    gate, lack = state.gate.by_name[name], _unpassed(state, name)
    if gate.breaker == "closed":
        return lack
    evidence = tuple(sorted({*lack.evidence, gate.breaker_seq}))
    return replace(lack, text=f"{_breaker(gate)} {lack.text}", evidence=evidence)


def _breaker(gate: Gate) -> str:
    breaker = f"The breaker of gate {gate.definition.name} is"
    if gate.breaker_until is not None:
        return f"{breaker} open until {moment(gate.breaker_until)}, after {counted(gate.failures, 'failure')} in a row."
    return f"{breaker} half-open: " + ("the next run decides." if gate.probes else "no further run may begin.")


def _unpassed(state: GoalState, name: str) -> Lack:
    gate, missing = state.gate.by_name[name], _pass(state, name)
    last = gate.last
    if last is None:
        at_work = state.gate.at_work(name)
        text = f"Gate {name} is at work." if at_work else f"Gate {name} has never run."
        return Lack(text=text, missing=missing, evidence=(at_work.seq,) if at_work else ())
    if last.definition != gate.definition.digest:
        text = f"Gate {name} is stale: its definition changed since event {last.seq}."
        return Lack(text=text, missing=missing, evidence=tuple(sorted({last.seq, state.gate.seq})))
    if last.tree != state.worktree.tree:
        tree, now = last.tree[:12], state.worktree.tree[:12]
        word = last.outcome.replace("_", " ")
        text = f"Gate {name} is stale: it {word} on tree {tree} at event {last.seq}, the tree is {now} now."
        seqs = {last.seq, state.worktree.seq, state.worktree.base_seq} - {0}
        return Lack(text=text, missing=missing, evidence=tuple(sorted(seqs)))
    if last.outcome == "skipped" and not gate.definition.skipped and state.policy.needs_of(name):
        text = f"Gate {name} was not run (event {last.seq}): {last.reason or 'what it needs did not pass.'}"
        return Lack(text=text, missing=missing, evidence=(last.seq,), owner="agent", command="omk execute {goal}")
    return _red(gate, last, missing)


def _pass(state: GoalState, name: str) -> Missing:
    """A pass of the gate on the current tree, by its current definition."""
    definition = state.gate.by_name[name].definition.digest
    where: dict[str, object] = {"gate": name, "outcome": "passed", **tree_known(state), "definition": definition}
    return Missing(kind="gate_ran.v1", where=where)


def _red(gate: Gate, last: GateRun, missing: Missing) -> Lack:
    name, word = gate.definition.name, last.outcome.replace("_", " ")
    how = f", signal {last.signal}" if last.signal is not None else ""
    how = f", exit code {last.exit_code}" if last.exit_code is not None else how
    said = last.reason or (last.output.preview if last.output and last.output.size else None)
    text = f"Gate {name} {word}{how} (event {last.seq})" + (f": {said}" if said else ".")
    if last.outcome == "skipped":
        return Lack(
            text=f"Gate {name} was skipped (event {last.seq}); a skipped gate proves nothing.",
            missing=missing,
            evidence=(last.seq,),
            owner="operator",
        )
    return Lack(text=text, missing=missing, evidence=(last.seq,), owner="agent", command="omk execute {goal}")


def review_passed(state: GoalState, code: str) -> Lack:
    name = code.removeprefix("review.")
    files, review = state.worktree, state.review.by_pass.get(name)
    base = files.base.tree if files.base else ""
    missing = Missing(kind=verdict_kind(state, name), where={"review": name, **tree_known(state), "base": base})
    if review is None:
        return Lack(text=f"The {name} review has not been made.", missing=missing)
    if (review.tree, review.base) != (files.tree, base):
        text = f"The {name} review is stale: what it said at event {review.seq} is about another tree or base."
        seqs = {review.seq, files.seq, files.base_seq} - {0}
        return Lack(text=text, missing=missing, evidence=tuple(sorted(seqs)))
    text = f"The {name} review {review.outcome} (event {review.seq}): {review.summary}"
    had_to = not is_being_made(state, name) and _had_to_object(state, name)
    runs = (state.gate.by_name[gate].last for gate in state.gate.order) if name == "test" else ()
    later = max((run.seq for run in runs if run is not None), default=0)
    if later > review.seq and not had_to:
        text = f"The test review is out of date: it blocked at event {review.seq}, and a gate ran again at event {later}."
        return Lack(text=text, missing=missing, evidence=(review.seq, later))
    is_ours = review.outcome == "errored" or had_to
    return Lack(
        text=text,
        missing=missing,
        evidence=(review.seq,),
        owner="controller" if is_ours else "agent",
        command=_before_again(state, name) if is_ours else "omk execute {goal}",
    )


def _before_again(state: GoalState, review: str) -> str | None:
    """What closes the gap that made a review object: made again before that, it would only say the same."""
    if review == "code" and _had_to_object(state, review):
        return "omk execute {goal}"
    red = [gate for gate in state.gate.order if is_gap(state, gate)] if review == "test" else []
    return (gate_passed(state, f"gate.{red[0]}").command or "omk verify {goal}") if red else None


def _had_to_object(state: GoalState, review: str) -> bool:
    """Whether another gap is why a review objected: once that is closed the review has to be made again, and no more."""
    if review == "code":
        return not state.worktree.is_changed
    has_gates = holds.gates_configured(state, "") is not None
    return review == "test" and (not has_gates or any(is_gap(state, gate) for gate in state.gate.order))


def oracle_proven(state: GoalState, code: str) -> Lack:
    check = code.removeprefix("oracle.")
    named = provers(state, check)
    if not named:
        text = f"No gate proves {check!r}: name one so, or let one declare it."
        command = f"omk verify {{goal}} --prove GATE={check}" if state.gate.order else None
        evidence = (state.gate.seq,) if state.gate.seq else ()
        return Lack(text=text, missing=Missing(kind="gates_configured.v1"), evidence=evidence, command=command)
    required = tuple(f"gate.{name}" for name in named if state.gate.by_name[name].definition.required)
    seqs = (run.seq for name in named if (run := state.gate.by_name[name].last) is not None)
    return Lack(
        text=f"{check!r} is not proven: {', '.join(named)} has not passed on this tree.",
        missing=_pass(state, prover(state, named)),
        evidence=tuple(sorted(seqs)),
        follows_from=required,
        owner="controller",
        command="omk verify {goal}",
    )
