"""Whose a gap is, among several tasks: what the state shows, and else everybody's."""

from msgspec.structs import replace

from omk.domain.effects import TryAgain
from omk.domain.goal_decider import PlanGoal
from omk.domain.plan import EXECUTE, INTAKE, PLAN, built_in_plan
from omk.domain.subjects.review import ReviewBlocked
from omk.domain.subjects.slice import SliceConflicted
from omk.domain.subjects.task import RetryTask
from omk.domain.values import PASSES, Finding
from omk.domain.wanted import wanted
from omk.domain.whose import NOBODY, because, claims, concerning
from tests.scenario import (
    BOT,
    CREATED,
    change,
    create,
    done,
    files,
    gate_named,
    gate_run,
    gates,
    goal,
    order,
    review_run,
    some,
    work,
)

ALL = ("execute", "verify", "review", "accept", "merge")


def planned(*definitions, attempts=3, **write_sets):
    usual = built_in_plan("Do it.", ())
    one = next(task for task in usual if task.task == EXECUTE)
    rest = [task for task in usual if task.task in {INTAKE, PLAN}]
    own = [replace(one, task=name, write_set=paths) for name, paths in write_sets.items()]
    plan = PlanGoal(actor=BOT, tasks=(*rest, *own))
    configured = gates(*(definitions or (gate_named(),)))
    return goal.given(create(), configured, plan, order(*ALL, max_attempts=attempts))


def worked(story, a="a.py", b="b.py"):
    """Both tasks changed a file of their own."""
    return story.given(
        *work("t1"), files("base", "one", change(a), task="t1"), done("t1", at="one"),
        *work("t2"), files("one", "done", change(b), task="t2"), done("t2"),
    )  # fmt: skip


def verified(story, outcome="passed", **blocked):
    """The gate has run and the passes are made; those *blocked* object to a path."""
    story = story.given(*gate_run(outcome=outcome))
    for name in PASSES:
        finding = (Finding(path=blocked[name], line=1, code="todo"),) if name in blocked else ()
        made = review_run(name, ReviewBlocked, findings=finding, total=1) if finding else review_run(name)
        story = story.given(*made)
    return story


def tried(story):
    return next(one for one in wanted(story.state) if isinstance(one, TryAgain))


def test_a_review_names_a_path_and_so_who_changed_it_last():
    story = verified(worked(planned(t1=(), t2=())), code="b.py")
    assert claims(story.state, "review.code") == {"t2": "review.code objects to b.py, which it changed last"}
    assert tried(story) == TryAgain(
        task="t2", gaps=("review.code",), because="review.code objects to b.py, which it changed last"
    )
    assert concerning(story.state, "t1") == {}


def test_a_path_that_nobody_changed_is_the_one_s_who_may():
    story = verified(worked(planned(t1=("src",), t2=("docs",)), "src/a.py", "docs/b.md"), code="docs/other.md")
    assert tried(story).because == "review.code objects to docs/other.md, which lies in its scope"


def test_a_gate_whose_command_names_a_path_accuses_whoever_changed_it():
    story = verified(worked(planned(gate_named(command=("grep -q x ./b.py",)), t1=(), t2=())), "failed")
    assert tried(story).task == "t2"
    assert because(story.state, "t2") == "gate.tests runs b.py, which it changed last"


def test_where_nothing_tells_whose_it_is_the_least_tried_is_tried_and_told_so():
    story = verified(worked(planned(t1=(), t2=())), "failed")
    assert claims(story.state, "gate.tests") == {}
    assert tried(story) == TryAgain(task="t1", gaps=("gate.tests",), because=NOBODY)
    again = story.given(*_again("t1", 2))
    assert tried(verified_again(again)).task == "t2"


def _again(task, attempt):
    return (RetryTask(actor=BOT, task=task, reason="open: gate.tests"), *work(task, attempt), done(task, attempt))


def verified_again(story):
    story = story.given(*gate_run(outcome="failed", attempt=2))
    for name in PASSES:
        story = story.given(*review_run(name, attempt=2))
    return story


def test_of_a_single_task_everything_is_its_own_and_nothing_is_explained():
    story = goal.given(*CREATED, order(*ALL, max_attempts=3), *work(), files("base", "done"), done())
    story = verified(story, "failed")
    assert concerning(story.state, EXECUTE) == {"gate.tests": ""}
    assert because(story.state, EXECUTE) == ""


def test_what_another_task_conflicts_in_is_not_this_one_s():
    story = planned(t1=("a.py",), t2=("b.py",))
    story = worked(story).given(some(SliceConflicted, task="t2"))
    assert claims(story.state, "files.changed") == {"t2": "its work conflicts in hello.py"}
    assert "files.changed" not in concerning(story.state, "t1")


def test_what_only_a_task_without_attempts_could_close_sets_no_other_task_to_work():
    story = planned(attempts=1, t1=(), t2=())
    story = verified(worked(story).given(some(SliceConflicted, task="t2")), "failed")
    assert not [one for one in wanted(story.state) if isinstance(one, TryAgain)]
