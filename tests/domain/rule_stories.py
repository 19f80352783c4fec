"""Stories that close each rule, and stories that leave it open."""

from typing import Any

from msgspec.structs import replace

from omk.domain.event import Unknown
from omk.domain.plan import EXECUTE
from omk.domain.subjects.controller import AbortEffect
from omk.domain.subjects.delivery import RejectChange
from omk.domain.subjects.goal import RecordDecision
from omk.domain.subjects.proposal import TaskProposed
from omk.domain.subjects.review import GrantWaiver, ReviewBlocked, ReviewErrored, ReviewNotApplicable
from omk.domain.subjects.worktree import RebaseChange, WorktreeRebased
from omk.domain.values import PASSES, Unreadable
from tests.scenario import (
    ANN,
    BASE,
    BOT,
    CREATED,
    PROVEN,
    READY,
    WORKED,
    accept,
    change,
    create,
    done,
    files,
    gate_named,
    gate_run,
    gates,
    plan,
    review_run,
    some,
    tree,
    two_tasks,
    work,
)
from tools.examples import EXAMPLES

LOCKED = Unreadable(path="secret.key", reason="permission")
SMOKE = gate_named("smoke-tests")


def waive(code, at="done"):
    return GrantWaiver(actor=ANN, code=code, tree=tree(at), reason="I looked at it.")


def worked(**fields):
    """A story up to the agent's work, whose files have these fields."""
    return (*CREATED, *work(), files("base", "done", **fields), done())


def rebase(at="merged", *changes):
    base = replace(BASE, commit=tree("theirs"), tree=tree("their base"))
    moved = files("done", at, task=None).changed
    rebased = WorktreeRebased(base=base, tree=tree(at), changes=changes or (change("hello.py"),))
    return RebaseChange(actor=BOT, changed=moved, rebased=rebased)


def gate_story(*steps, name="tests", **fields):
    return (create(), gates(gate_named(name, **fields)), plan(), *work(), files("base", "done"), done(), *steps)


# Stories that close each rule, by its code.
HOLDS: list[tuple[str, tuple[Any, ...]]] = [
    ("log.understood", (create(),)),
    ("goal.testable", (create(),)),
    ("goal.testable", (create(testable=False), RecordDecision(actor=ANN, answer="It greets."))),
    ("plan.valid", (create(), plan())),
    ("agent.executed", (*CREATED, *work())),
    ("agent.executed", (create(), two_tasks(), *work("t1"), *work("t2"))),
    ("files.changed", WORKED),
    ("files.changed", (create(), two_tasks(), files("base", "one", task="t1"), files("one", "two", change("b"), task="t2"))),
    ("files.recorded", WORKED),
    ("files.recorded", (*worked(unreadable=(LOCKED,)), waive("files.recorded"))),
    ("scope.respected", (*CREATED, *work())),
    ("scope.respected", (*worked(outside=("hello.py",)), waive("scope.respected"))),
    ("scope.respected", (*worked(outside=("hello.py",)), files("done", "base", change("hello.py", "old", "new")))),
    ("gates.configured", (create(), gates(gate_named()))),
    ("gates.unchanged", WORKED),
    ("gates.unchanged", (*worked(guarded=("omk.toml",)), waive("gates.unchanged"))),
    ("gate.tests", (*WORKED, *gate_run())),
    ("gate.tests", (*WORKED, *gate_run(outcome="failed"), *gate_run(attempt=2))),
    *((f"review.{name}", (*WORKED, *review_run(name))) for name in PASSES),
    *((f"review.{name}", (*WORKED, *review_run(name, ReviewNotApplicable))) for name in PASSES),
    *((f"review.{name}", (*WORKED, *review_run(name, ReviewBlocked), waive(f"review.{name}"))) for name in PASSES),
    ("oracle.smoke", (create(checks=("smoke",)), *gate_story(*gate_run("smoke"), name="smoke")[1:])),
    ("oracle.smoke", (create(checks=("smoke",)), *gate_story(*gate_run("smoke-tests"), name="smoke-tests")[1:])),
    ("oracle.smoke", (create(checks=("smoke",)), *gate_story(*gate_run("all"), name="all", proves=("smoke",))[1:])),
    (
        "oracle.smoke",
        (create(checks=("smoke",)), *gate_story(*gate_run("all"), name="all", proves=("smoke",), required=False)[1:]),
    ),
    ("budget.within", (create(), EXAMPLES["budget_set.v1"])),
    ("obligations.closed", WORKED),
    ("obligations.closed", (*WORKED, gate_run()[0], AbortEffect(actor=BOT, obligation="gate:tests:1", reason="gone"))),
    ("obligations.closed", (*CREATED, EXAMPLES["worktree_opened.v1"])),
    ("integration.accepted", (*WORKED, accept())),
    ("integration.accepted", (*READY, files("done", "merged", task=None), rebase("landed"))),
    ("integration.accepted", (*READY, rebase())),
]

# Stories that leave each rule open: its code, words of its text, who owes what is missing, and that event's kind.
LACKS: list[tuple[str, tuple[Any, ...], str, str, str]] = [
    ("log.understood", (create(), Unknown(kind="tea_made.v7", raw=b"{}")), "tea_made.v7", "operator", "tea_made.v7"),
    ("goal.testable", (create(testable=False),), "'better' cannot be tested", "operator", "decision_recorded.v1"),
    ("goal.testable", (EXAMPLES["goal_created.v1"],), "not assessed", "controller", "oracle_assessed.v1"),
    ("plan.valid", (create(),), "no plan yet", "controller", "goal_planned.v1"),
    (
        "plan.valid",
        (*CREATED, some(TaskProposed, task="later", dependencies=("nowhere",))),
        "later depends on nowhere",
        "controller",
        "goal_planned.v1",
    ),
    ("agent.executed", (create(),), "no task for an agent", "agent", "agent_finished.v1"),
    ("agent.executed", CREATED, f"No agent has worked on {EXECUTE}", "agent", "agent_finished.v1"),
    ("agent.executed", (*CREATED, *work()[:2]), "still at work", "agent", "agent_finished.v1"),
    ("agent.executed", (*CREATED, *work(outcome="failed")), "failed (exit code 1", "agent", "agent_finished.v1"),
    ("agent.executed", (*CREATED, *work(outcome="timed_out")), "ran out of time", "agent", "agent_finished.v1"),
    ("files.changed", (*CREATED, *work()), f"No file was changed by {EXECUTE}", "agent", "files_changed.v1"),
    (
        "files.changed",
        (*CREATED, files("base", "one"), files("one", "base", change("hello.py", "old", "new"))),
        "cancel out",
        "agent",
        "files_changed.v1",
    ),
    ("files.recorded", worked(unreadable=(LOCKED,)), "secret.key (permission)", "operator", "waiver_granted.v1"),
    (
        "files.recorded",
        (*worked(unreadable=(LOCKED,)), waive("files.recorded"), files("done", "later", unreadable=(LOCKED,))),
        "secret.key",
        "operator",
        "waiver_granted.v1",
    ),
    ("scope.respected", worked(outside=("hello.py",)), f"{EXECUTE} changed files outside", "agent", "files_changed.v1"),
    (
        "scope.respected",
        (*worked(outside=("hello.py",)), files("done", "later", change("tests/b.py"))),
        "outside its declared scope: hello.py",
        "agent",
        "files_changed.v1",
    ),
    (
        "scope.respected",
        (*worked(outside=("hello.py",)), rebase()),
        "outside its declared scope: hello.py",
        "agent",
        "files_changed.v1",
    ),
    ("gates.configured", (create(),), "No required gate is configured", "operator", "gates_configured.v1"),
    ("gates.configured", (create(), gates()), "No required gate is configured", "operator", "gates_configured.v1"),
    (
        "gates.configured",
        (create(), gates(gate_named(required=False))),
        "No required gate",
        "operator",
        "gates_configured.v1",
    ),
    ("gates.unchanged", worked(guarded=("omk.toml",)), "omk.toml", "operator", "waiver_granted.v1"),
    (
        "gates.unchanged",
        (*worked(guarded=("omk.toml",)), waive("gates.unchanged"), files("done", "later", guarded=("omk.toml",))),
        "omk.toml",
        "operator",
        "waiver_granted.v1",
    ),
    ("gate.tests", WORKED, "has never run", "controller", "gate_ran.v1"),
    ("gate.tests", (*WORKED, gate_run()[0]), "is at work", "controller", "gate_ran.v1"),
    ("gate.tests", (*WORKED, *gate_run(outcome="failed")), "failed, exit code 1", "agent", "gate_ran.v1"),
    ("gate.tests", (*WORKED, *gate_run(outcome="timed_out")), "timed out", "agent", "gate_ran.v1"),
    ("gate.tests", (*WORKED, *gate_run(outcome="errored")), "errored", "agent", "gate_ran.v1"),
    ("gate.tests", (*WORKED, *gate_run(outcome="inconclusive")), "inconclusive", "agent", "gate_ran.v1"),
    ("gate.tests", (*WORKED, *gate_run(outcome="skipped")), "a skipped gate proves nothing", "operator", "gate_ran.v1"),
    ("gate.tests", (*PROVEN, files("done", "later")), "is stale: it passed on tree", "controller", "gate_ran.v1"),
    (
        "gate.tests",
        (*PROVEN, gates(gate_named(version="2"))),
        "is stale: its definition changed",
        "controller",
        "gate_ran.v1",
    ),
    ("review.code", WORKED, "has not been made", "controller", "review_passed.v1"),
    ("review.code", (*WORKED, *review_run("code", ReviewBlocked)), "A secret is in the change.", "agent", "review_passed.v1"),
    ("review.code", (*WORKED, *review_run("code", ReviewErrored)), "errored", "controller", "review_passed.v1"),
    ("review.code", (*PROVEN, files("done", "later")), "is stale", "controller", "review_passed.v1"),
    ("review.code", (*WORKED, *review_run("code", base="other")), "is stale", "controller", "review_passed.v1"),
    (
        "review.code",
        (*WORKED, waive("review.code"), files("done", "later")),
        "has not been made",
        "controller",
        "review_passed.v1",
    ),
    (
        "oracle.smoke",
        (create(checks=("smoke",)), *PROVEN[1:]),
        "No gate proves 'smoke'",
        "operator",
        "gates_configured.v1",
    ),
    (
        "oracle.smoke",
        (create(checks=("smoke",)), *gate_story(*gate_run("smokeless"), name="smokeless")[1:]),
        "No gate proves 'smoke'",
        "operator",
        "gates_configured.v1",
    ),
    (
        "oracle.smoke",
        (create(checks=("smoke",)), *gate_story(*gate_run("smoke", "skipped"), name="smoke", skipped=True)[1:]),
        "smoke has not passed on this tree",
        "controller",
        "gate_ran.v1",
    ),
    ("budget.within", (create(), EXAMPLES["budget_exhausted.v1"]), "3604000 of 3600000", "operator", "budget_extended.v1"),
    ("obligations.closed", (*WORKED, gate_run()[0]), "gate:tests:1", "controller", "gate_ran.v1"),
    ("obligations.closed", (*CREATED, *work()[:2]), f"task:{EXECUTE}:1", "controller", "task_finished.v1"),
    ("integration.accepted", PROVEN, "not accepted yet", "operator", "change_accepted.v1"),
    (
        "integration.accepted",
        (*READY, RejectChange(actor=ANN, tree=tree("done"), reason="It greets twice.")),
        "It greets twice.",
        "operator",
        "change_accepted.v1",
    ),
    (
        "integration.accepted",
        (*READY, files("done", "later", change("b"))),
        "has changed since",
        "operator",
        "change_accepted.v1",
    ),
    (
        "integration.accepted",
        (*READY, rebase("merged", change("hello.py", old="theirs"))),
        "has changed since",
        "operator",
        "change_accepted.v1",
    ),
]
