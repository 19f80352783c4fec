import pytest
from msgspec.structs import replace

from omk.domain.plan import EXECUTE, built_in_plan
from omk.domain.subjects.goal import PauseGoal
from omk.domain.subjects.lease import ClaimTask, ExpireLease, LeaseExpired, LeaseRenewed, RenewLease, TaskClaimed
from omk.domain.subjects.proposal import AcceptTask, ProposeTask, RejectTask, TaskAccepted, TaskProposed, TaskRejected
from omk.domain.subjects.task import FailTask, FinishTask, RetryTask, StartTask, TaskFinished, TaskRetried, TaskStarted
from tests.scenario import ANN, BOT, CREATED, create, goal, plan, some, time, two_tasks

PLANNED = (create(), two_tasks())
CLAIM = ClaimTask(actor=BOT, task="t1", worker="ann", now=time(0), lease_ends=time(60))
HELD_BY_ANN = (*PLANNED, CLAIM)
START = StartTask(actor=BOT, task=EXECUTE, worker="w")
PROPOSAL = some(TaskProposed, task="extra")


def test_a_task_is_claimed_until_its_lease_ends():
    goal.given(*PLANNED).when(CLAIM).then(TaskClaimed(task="t1", worker="ann", fence=1, lease_ends=time(60)))


@pytest.mark.parametrize("second", [0, 30, 59.999999])
def test_a_held_task_cannot_be_claimed_until_the_lease_ends(second):
    steal = replace(CLAIM, worker="bob", now=time(second), lease_ends=time(200))
    goal.given(*HELD_BY_ANN).when(steal).then_refused(because="ann holds t1")


@pytest.mark.parametrize("second", [60, 61, 100_000])
def test_a_task_is_taken_over_when_the_lease_has_ended(second):
    takeover = replace(CLAIM, worker="bob", now=time(second), lease_ends=time(200_000))
    goal.given(*HELD_BY_ANN).when(takeover).then(
        LeaseExpired(task="t1", fence=1),
        TaskClaimed(task="t1", worker="bob", fence=2, lease_ends=time(200_000)),
    )


def test_a_claim_asked_twice_is_recorded_once():
    goal.given(*HELD_BY_ANN).when(replace(CLAIM, now=time(30))).then_nothing()


def test_two_workers_cannot_hold_tasks_that_may_write_the_same_path():
    other = replace(CLAIM, task="t2", worker="bob", now=time(1))
    goal.given(*HELD_BY_ANN).when(other).then_refused(because="ann holds t1")


def test_two_workers_hold_tasks_that_write_different_paths():
    left, right = (_scoped(task, path) for task, path in (("left", "a/b"), ("right", "a/bc")))
    story = goal.given(create(), *left, *right, replace(CLAIM, task="left"))
    assert story.when(replace(CLAIM, task="right", worker="bob")).new
    deeper = _scoped("deeper", "a/b/c")
    story.given(*deeper).when(replace(CLAIM, task="deeper", worker="bob")).then_refused(because="ann holds left")


def test_a_claim_that_is_over_before_it_begins_is_refused():
    goal.given(*PLANNED).when(replace(CLAIM, lease_ends=time(0))).then_refused(because="is over")


def test_a_finished_task_cannot_be_claimed():
    goal.given(*PLANNED).when(replace(CLAIM, task="goal-plan")).then_refused(because="goal-plan is done")


def test_the_holder_keeps_the_task_by_renewing_the_lease():
    renew = RenewLease(actor=BOT, task="t1", fence=1, now=time(30), lease_ends=time(90))
    story = goal.given(*HELD_BY_ANN).when(renew).then(LeaseRenewed(task="t1", fence=1, lease_ends=time(90)))
    story.when(renew).then_nothing()


def test_an_expired_holder_cannot_renew():
    renew = RenewLease(actor=BOT, task="t1", fence=1, now=time(60), lease_ends=time(200))
    gone = (*HELD_BY_ANN, ExpireLease(actor=BOT, task="t1", now=time(60)))
    goal.given(*gone).when(renew).then_refused(because="is over")
    taken = (*gone, replace(CLAIM, worker="bob", now=time(61), lease_ends=time(120)))
    goal.given(*taken).when(renew).then_refused(because="The lease 1 of t1 is over")


def test_a_lease_expires_when_its_time_has_come_and_not_before():
    expire = ExpireLease(actor=BOT, task="t1", now=time(59))
    goal.given(*HELD_BY_ANN).when(expire).then_nothing()
    goal.given(*HELD_BY_ANN).when(replace(expire, now=time(60))).then(LeaseExpired(task="t1", fence=1))


def test_what_an_expired_holder_finishes_late_is_not_recorded():
    late = FinishTask(actor=BOT, task="t1", attempt=1)
    start = StartTask(actor=BOT, task="t1", worker="ann")
    story = goal.given(*HELD_BY_ANN, start, ExpireLease(actor=BOT, task="t1", now=time(60)))
    assert "task:t1:1" not in story.state.obligation
    story.when(late).then_nothing()
    story.given(replace(start, worker="bob")).when(late).then_nothing()


def test_a_task_waits_for_its_dependencies():
    early = StartTask(actor=BOT, task="goal-local-verify", worker="w")
    goal.given(*CREATED).when(early).then_refused(because=f"waits for {EXECUTE}")


def test_a_task_is_started_once_and_finished_once():
    story = goal.given(*CREATED).when(START).then(TaskStarted(task=EXECUTE, attempt=1, worker="w"))
    story.when(START).then_nothing()
    finish = FinishTask(actor=BOT, task=EXECUTE, attempt=1, tree="x")
    story = story.when(finish).then(TaskFinished(task=EXECUTE, attempt=1, tree="x"))
    story.when(finish).then_nothing()
    story.when(START).then_refused(because="is done")


def test_the_start_of_a_task_rests_on_the_dependencies_that_finished():
    story = goal.given(*CREATED)
    plan_done = story.state.task["goal-plan"].seq
    assert plan_done in story.given(START).records[-1].causes


def test_a_failed_task_is_blocked_until_it_is_retried():
    fail = FailTask(actor=BOT, task=EXECUTE, attempt=1, reason="It broke.")
    story = goal.given(*CREATED, START, fail)
    assert story.state.task[EXECUTE].status == "blocked"
    retry = RetryTask(actor=BOT, task=EXECUTE, reason="open: gate.tests")
    story = story.when(retry).then(TaskRetried(task=EXECUTE, attempt=2, reason=retry.reason))
    story.when(retry).then_nothing()
    story.when(START).then(TaskStarted(task=EXECUTE, attempt=2, worker="w"))


def test_what_an_earlier_attempt_says_late_is_not_recorded():
    fail = FailTask(actor=BOT, task=EXECUTE, attempt=1, reason="It broke.")
    again = goal.given(*CREATED, START, fail, RetryTask(actor=BOT, task=EXECUTE, reason="again"), START)
    again.when(fail).then_nothing()
    again.when(FinishTask(actor=BOT, task=EXECUTE, attempt=1)).then_nothing()


def test_a_proposal_is_accepted_or_turned_down_once():
    proposed = (create(), plan(), ProposeTask(actor=BOT, proposed=PROPOSAL))
    accepted = goal.given(*proposed).when(AcceptTask(actor=BOT, task="extra")).then(TaskAccepted(task="extra"))
    accepted.when(RejectTask(actor=BOT, task="extra", code="c", reason="no")).then_nothing()
    no = RejectTask(actor=BOT, task="extra", code="task.paths", reason="It names git's own files.")
    rejected = goal.given(*proposed).when(no).then(TaskRejected(task="extra", code=no.code, reason=no.reason))
    rejected.when(AcceptTask(actor=BOT, task="extra")).then_nothing()


def test_a_task_that_does_not_exist_is_named_with_those_that_do():
    goal.given(*PLANNED).when(replace(CLAIM, task="t9")).then_refused(because="Tasks: goal-intake, goal-plan, t1, t2")


@pytest.mark.parametrize("command", [START, replace(CLAIM, task=EXECUTE)], ids=["start", "claim"])
def test_a_paused_goal_starts_no_task(command):
    goal.given(*CREATED, PauseGoal(actor=ANN)).when(command).then_refused(because="is paused")


def test_the_built_in_plan_puts_the_gates_after_the_agents_work():
    tasks = {one.task: one for one in built_in_plan("Greet.", ("hello.py",))}
    assert list(tasks) == ["goal-intake", "goal-plan", "goal-local-verify", EXECUTE, "goal-review", "goal-security-review"]
    assert tasks["goal-local-verify"].dependencies == (EXECUTE,)
    assert tasks[EXECUTE].write_set == ("hello.py",)


def _scoped(task, path):
    proposal = some(TaskProposed, task=task, dependencies=(), write_set=(path,))
    return ProposeTask(actor=BOT, proposed=proposal), AcceptTask(actor=BOT, task=task)
