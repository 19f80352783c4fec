"""Histories for Hypothesis: what a goal may live through, as far as the decider lets it."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from omk.domain.event import Command, Recorded
from omk.domain.state import GoalState
from omk.domain.subjects import agent, budget, controller, delivery, gate, goal, lease, policy, review, task, verdict, worktree
from omk.domain.values import PASSES
from tests.at_once import AT_ONCE
from tests.noise import CODES
from tests.scenario import (
    ANN,
    BASE,
    BOT,
    READY,
    WORKED,
    Story,
    change,
    create,
    gate_named,
    gates,
    order,
    plan,
    some,
    three_tasks,
    time,
    tree,
    two_tasks,
)

# --- What a goal may live through ---

Maker = Callable[[GoalState, st.DrawFn], Command]


def _task(state: GoalState, draw: st.DrawFn) -> str:
    return draw(st.sampled_from(sorted(state.task) or ["none"]))


def _attempt(state: GoalState, name: str) -> int:
    return state.task[name].attempts if name in state.task else 0


def _gate(state: GoalState, draw: st.DrawFn) -> str:
    return draw(st.sampled_from(state.gate.order or ("tests",)))


def _configure(_: GoalState, draw: st.DrawFn) -> Command:
    kept = draw(st.lists(st.sampled_from(("tests", "lint", "smoke")), max_size=3, unique=True))
    version = draw(st.sampled_from("12"))
    return gates(*(gate_named(name, version=version, required=draw(st.booleans()) or name == "tests") for name in kept))


def _start(_: GoalState, draw: st.DrawFn) -> Command:
    steps = draw(st.sampled_from([("execute", "verify", "review"), ("verify",), ("review",), ()]))
    return order(*steps, name=draw(st.sampled_from(("c-1", "c-2"))), max_attempts=draw(st.integers(1, 3)))


def _start_task(state: GoalState, draw: st.DrawFn) -> Command:
    return task.StartTask(actor=BOT, task=_task(state, draw), worker="w")


def _finish_task(state: GoalState, draw: st.DrawFn) -> Command:
    name = _task(state, draw)
    return task.FinishTask(actor=BOT, task=name, attempt=_attempt(state, name), tree=state.worktree.tree)


def _fail_task(state: GoalState, draw: st.DrawFn) -> Command:
    name = _task(state, draw)
    return task.FailTask(actor=BOT, task=name, attempt=_attempt(state, name), reason="It broke.")


def _retry(state: GoalState, draw: st.DrawFn) -> Command:
    return task.RetryTask(actor=BOT, task=_task(state, draw), reason="open: gate.tests")


def _claim(state: GoalState, draw: st.DrawFn) -> Command:
    worker = draw(st.sampled_from(("w-1", "w-2")))
    return lease.ClaimTask(actor=BOT, task=_task(state, draw), worker=worker, now=state.at, lease_ends=time(state.seq + 9))


def _expire(state: GoalState, draw: st.DrawFn) -> Command:
    return lease.ExpireLease(actor=BOT, task=_task(state, draw), now=state.at)


def _start_agent(state: GoalState, draw: st.DrawFn) -> Command:
    name = _task(state, draw)
    attempt = _attempt(state, name)
    started = some(agent.AgentStarted, agent=f"{name}:{attempt}", task=name, attempt=attempt)
    return agent.StartAgent(actor=BOT, started=started)


def _running(state: GoalState, draw: st.DrawFn) -> str:
    return draw(st.sampled_from(sorted(state.agent.running) or ["none"]))


def _end_agent(state: GoalState, draw: st.DrawFn) -> Command:
    name = _running(state, draw)
    of = name.partition(":")[0]
    outcome = draw(st.sampled_from(("succeeded", "succeeded", "failed", "timed_out")))
    ended = some(agent.AgentFinished, agent=name, task=of, outcome=outcome)
    return agent.FinishAgent(actor=f"agent:{name}", finished=ended)


def _say(state: GoalState, draw: st.DrawFn) -> Command:
    name = _running(state, draw)
    said = some(agent.AgentSaid, agent=name, number=state.agent.messages + 1)
    return agent.RecordMessage(actor=f"agent:{name}", said=said)


def _call(state: GoalState, draw: st.DrawFn) -> Command:
    name = _running(state, draw)
    called = some(agent.ToolCalled, tool=f"call-{draw(st.integers(1, 3))}", agent=name)
    return agent.CallTool(actor=f"agent:{name}", called=called)


def _called(state: GoalState, draw: st.DrawFn) -> Command:
    finished = some(agent.ToolFinished, tool=f"call-{draw(st.integers(1, 3))}")
    return agent.FinishTool(actor=BOT, finished=finished)


CONTENTS = ("base", "one", "two", None)


def _files(state: GoalState, draw: st.DrawFn) -> Command:
    path, new = draw(st.sampled_from(("hello.py", "setup.cfg"))), draw(st.sampled_from(CONTENTS))
    before = state.worktree.paths.get(path)
    old = before.new if before else tree("base")
    made = replace(change(path, new), old=old)
    changes = (made,) if made.new != old else ()
    workers: list[str | None] = [one for one in sorted(state.task) if state.task[one].role == "executor"]
    of = draw(st.sampled_from(workers or [None]))
    changed = some(
        worktree.FilesChanged,
        task=of,
        old=state.worktree.tree,
        tree=tree(f"{state.seq}") if changes else state.worktree.tree,
        changes=changes,
        guarded=draw(st.sampled_from(((), (), ("omk.toml",)))),
    )
    outside = ("setup.cfg",) if path == "setup.cfg" and changes else ()
    return worktree.RecordFiles(actor=BOT, changed=changed, outside=outside)


def _rebase(state: GoalState, _: st.DrawFn) -> Command:
    changes = tuple(
        replace(change(path), old=net.old, new=net.new, mode=net.mode) for path, net in sorted(state.worktree.paths.items())
    )
    after = tree(f"rebased {state.seq}")
    base = replace(BASE, commit=tree(f"commit {state.seq}"), tree=tree(f"base {state.seq}"))
    changed = some(worktree.FilesChanged, task=None, agent=None, old=state.worktree.tree, tree=after, changes=())
    rebased = worktree.WorktreeRebased(base=base, tree=after, changes=changes)
    return worktree.RebaseChange(actor=BOT, changed=changed, rebased=rebased)


def _start_gate(state: GoalState, draw: st.DrawFn) -> Command:
    name = _gate(state, draw)
    known = state.gate.by_name.get(name)
    started = some(
        gate.GateStarted,
        gate=name,
        attempt=known.attempts + 1 if known else 1,
        tree=state.worktree.tree,
        definition=known.definition.digest if known else "",
    )
    return gate.StartGate(actor=BOT, started=started)


OUTCOMES: tuple[Any, ...] = ("passed", "passed", "passed", "failed", "timed_out", "errored", "skipped", "inconclusive")


def _end_gate(state: GoalState, draw: st.DrawFn) -> Command:
    name = _gate(state, draw)
    known = state.gate.by_name.get(name)
    ran = some(
        gate.GateRan,
        gate=name,
        attempt=known.attempts if known else 0,
        outcome=draw(st.sampled_from(OUTCOMES)),
        tree=state.worktree.tree,
        definition=known.definition.digest if known else "",
    )
    return gate.RecordGate(actor=BOT, ran=ran, until=time(state.seq + 9))


def _break(state: GoalState, draw: st.DrawFn) -> Command:
    name = _gate(state, draw)
    opens = gate.OpenBreaker(actor=BOT, gate=name, until=time(state.seq + 2))
    half_opens = gate.HalfOpenBreaker(actor=BOT, gate=name, now=state.at, probes=draw(st.integers(1, 2)))
    return draw(st.sampled_from((opens, half_opens, half_opens, gate.CloseBreaker(actor=ANN, gate=name))))


def _policy(_: GoalState, draw: st.DrawFn) -> Command:
    configured = some(policy.PolicyConfigured, breaker_failures=draw(st.integers(0, 2)), rerun_failed=draw(st.integers(0, 2)))
    return policy.ConfigurePolicy(actor=ANN, configured=configured)


def _start_review(state: GoalState, draw: st.DrawFn) -> Command:
    name: Any = draw(st.sampled_from(PASSES))
    base = state.worktree.base.tree if state.worktree.base else ""
    attempt = state.review.attempts.get(name, 0) + 1
    started = review.ReviewStarted(review=name, attempt=attempt, tree=state.worktree.tree, base=base)
    return review.StartReview(actor=BOT, started=started)


def _end_review(state: GoalState, draw: st.DrawFn) -> Command:
    kinds = (review.ReviewPassed, review.ReviewPassed, review.ReviewBlocked, review.ReviewErrored)
    kind: Any = draw(st.sampled_from((*kinds, review.ReviewNotApplicable)))
    name, _, number = draw(st.sampled_from(sorted(state.review.running) or ["code:0"])).rpartition(":")
    attempt, files = int(number), state.worktree
    said = some(kind, review=name, attempt=attempt, tree=files.tree, base=files.base.tree if files.base else "")
    return review.RecordReview(actor=BOT, verdict=said)


def _waive(state: GoalState, draw: st.DrawFn) -> Command:
    code = draw(st.sampled_from(CODES))
    return review.GrantWaiver(actor=ANN, code=code, tree=state.worktree.tree, reason="I looked at it.")


def _accept(state: GoalState, draw: st.DrawFn) -> Command:
    actor = draw(st.sampled_from((ANN, "policy:auto")))
    return delivery.AcceptChange(actor=actor, tree=state.worktree.tree, summary="Good.")


def _abort(state: GoalState, draw: st.DrawFn) -> Command:
    name = draw(st.sampled_from(sorted(state.obligation) or ["none"]))
    return controller.AbortEffect(actor=BOT, obligation=name, reason="gone")


def _usage(state: GoalState, draw: st.DrawFn) -> Command:
    usage = some(budget.UsageReported, report=state.budget.reports + 1, active_ms=draw(st.sampled_from((1, 10_000_000))))
    return budget.ReportUsage(actor=BOT, usage=usage)


def _proof(state: GoalState, _: st.DrawFn) -> Command:
    return verdict.IssueProof(actor=BOT, issued=some(verdict.ProofIssued, seq=state.seq))


MAKERS: tuple[tuple[int, Maker], ...] = (
    (1, _configure),
    (2, _start),
    (1, lambda state, draw: controller.StopController(actor=BOT, controller="c-1", reason="done")),
    (2, lambda state, draw: draw(st.sampled_from((plan(("hello.py",)), two_tasks(), three_tasks())))),
    (3, _start_task),
    (3, _finish_task),
    (1, _fail_task),
    (1, _retry),
    (1, _claim),
    (1, _expire),
    *AT_ONCE,
    (3, _start_agent),
    (3, _end_agent),
    (1, _say),
    (1, _call),
    (1, _called),
    (4, _files),
    (1, _rebase),
    (4, _start_gate),
    (4, _end_gate),
    (1, _break),
    (1, _policy),
    (6, _start_review),
    (6, _end_review),
    (1, _waive),
    (2, _accept),
    (1, lambda state, draw: delivery.RejectChange(actor=ANN, tree=state.worktree.tree, reason="It greets twice.")),
    (1, _abort),
    (1, _usage),
    (1, lambda state, draw: budget.ExhaustBudget(actor=BOT, exhausted=some(budget.BudgetExhausted))),
    (1, lambda state, draw: budget.ExtendBudget(actor=ANN, extended=some(budget.BudgetExtended))),
    (1, lambda state, draw: goal.PauseGoal(actor=ANN)),
    (2, lambda state, draw: goal.ResumeGoal(actor=ANN)),
    (1, lambda state, draw: goal.RecordDecision(actor=ANN, answer="Greet by name.")),
    (1, lambda state, draw: goal.BlockGoal(actor=BOT, on="external", code="external.wait", reason="CI is down.")),
    (1, lambda state, draw: goal.UnblockGoal(actor=BOT)),
    (1, _proof),
)
WEIGHED = tuple(maker for weight, maker in MAKERS for _ in range(weight))


BEGINNINGS: tuple[tuple[Command, ...], ...] = (
    (),
    (gates(gate_named("tests"), gate_named("smoke", required=False)), two_tasks()),
    (gates(gate_named("tests")), three_tasks()),
    tuple(step for step in WORKED[1:] if isinstance(step, Command)),
    tuple(step for step in READY[1:] if isinstance(step, Command)),
)


@st.composite
def histories(draw: st.DrawFn, most: int = 40) -> list[Recorded]:
    """What a goal may live through: commands that fit its state, as far as the decider lets them."""
    checks = draw(st.sampled_from(((), ("smoke",), ("regression", "smoke"))))
    accepts = draw(st.sampled_from(("manual", "auto")))
    story = Story().given(create(testable=draw(st.booleans()) or draw(st.booleans()), checks=checks, accept=accepts))
    for step in draw(st.sampled_from(BEGINNINGS)):
        story = story.when(step)
    makers = st.sampled_from(WEIGHED)
    for maker in draw(st.lists(makers, max_size=4) | st.lists(makers, min_size=most // 4, max_size=most)):
        story = story.when(maker(story.state, draw))
    return list(story.records)
