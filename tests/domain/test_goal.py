import pytest
from msgspec.structs import replace

from omk.domain.goal_decider import PlanGoal
from omk.domain.plan import EXECUTE, built_in_plan
from omk.domain.subjects.goal import (
    BlockGoal,
    CancelGoal,
    DecisionRecorded,
    FailGoal,
    ForkGoal,
    GoalBlocked,
    GoalCancelled,
    GoalForked,
    GoalPaused,
    GoalResumed,
    GoalUnblocked,
    PauseGoal,
    RecordDecision,
    ResumeGoal,
    UnblockGoal,
)
from tests.scenario import AGENT, ANN, BOT, CREATED, GOAL, READY, create, gate_named, gates, goal, order, plan, some

VAGUE = (create(testable=False),)
DECIDE = RecordDecision(actor=ANN, answer="It greets the first argument.")


def test_a_goal_that_does_not_exist_answers_nothing_but_its_creation():
    goal.when(PauseGoal(actor=ANN)).then_refused(because="does not exist yet")


def test_a_goal_is_created_with_its_settings_and_what_its_words_ask_for():
    asked = create()
    goal.when(asked).then(asked.created, asked.configured, asked.assessed)


def test_a_goal_is_created_once():
    goal.given(create()).when(create(accept="auto")).then_nothing()


def test_a_vague_goal_is_blocked_from_its_start():
    story = goal.given(*VAGUE)
    assert story.records[-1].event == GoalBlocked(on="human", code="goal.testable", reason="'better' cannot be tested.")
    assert story.proof.status == "blocked_on_human"


def test_a_vague_goal_takes_no_plan_and_no_controller():
    goal.given(*VAGUE).when(plan()).then_refused(because="blocked_on_human")
    goal.given(*VAGUE).when(order()).then_refused(because="omk decide")


def test_a_persons_decision_unblocks_a_vague_goal():
    story = goal.given(*VAGUE).when(DECIDE)
    story.then(DecisionRecorded(code="goal.testable", answer=DECIDE.answer), GoalUnblocked(on="human"))
    assert "goal.testable" not in story.gaps
    assert story.proof.status == "not_ready"


def test_the_end_of_a_block_rests_on_the_decision():
    decision, unblocked = goal.given(*VAGUE).when(DECIDE).new
    assert unblocked.causes == (decision.seq,)


def test_the_end_of_an_external_block_rests_on_the_block_and_not_on_an_older_decision():
    wait = BlockGoal(actor=BOT, on="external", code="external.ci", reason="CI is down.")
    story = goal.given(*VAGUE, DECIDE, wait)
    assert story.given(UnblockGoal(actor=BOT)).records[-1].causes == (story.state.seq,)


@pytest.mark.parametrize("actor", [BOT, AGENT, "policy:auto"])
def test_only_a_person_decides(actor):
    goal.given(*VAGUE).when(replace(DECIDE, actor=actor)).then_refused(because="Only a person decides")


def test_a_decision_needs_words():
    goal.given(*VAGUE).when(replace(DECIDE, answer=" \n")).then_refused(because="The answer is empty")


def test_nobody_decides_what_was_not_asked():
    goal.given(*CREATED).when(DECIDE).then_refused(because="asks nothing")


def test_a_pause_does_not_lead_around_the_decision():
    story = goal.given(*VAGUE, PauseGoal(actor=ANN), ResumeGoal(actor=ANN))
    assert story.proof.status == "blocked_on_human"
    story.when(order()).then_refused(because="blocked_on_human")
    story.when(UnblockGoal(actor=BOT)).then_nothing()


def test_a_paused_goal_takes_no_decision():
    goal.given(*VAGUE, PauseGoal(actor=ANN)).when(DECIDE).then_refused(because="omk resume")


def test_a_pause_ends_with_a_resume():
    story = goal.given(*CREATED).when(PauseGoal(actor=ANN, reason="Lunch.")).then(GoalPaused(reason="Lunch."))
    assert story.proof.status == "paused"
    assert story.when(ResumeGoal(actor=ANN)).then(GoalResumed()).proof.status == "not_ready"


def test_a_goal_that_is_not_paused_needs_no_resume():
    goal.given(*CREATED).when(ResumeGoal(actor=ANN)).then_nothing()


def test_cancelling_is_final():
    story = goal.given(*CREATED).when(CancelGoal(actor=ANN)).then(GoalCancelled(reason=None))
    story.when(ResumeGoal(actor=ANN)).then_refused(because="This is final")
    story.when(CancelGoal(actor=ANN)).then_nothing()


def test_a_ready_goal_is_neither_paused_nor_cancelled():
    for command in (PauseGoal(actor=ANN), CancelGoal(actor=ANN)):
        goal.given(*READY).when(command).then_refused(because=f"{GOAL} is ready")


def test_what_broke_under_omk_is_failed_infra():
    assert goal.given(*CREATED, FailGoal(actor=BOT, reason="The disk is full.")).proof.status == "failed_infra"


def test_a_plan_is_taken_all_at_once_and_once():
    story = goal.given(create()).given(plan())
    kinds = [type(one.event).__name__ for one in story.new]
    assert kinds == 6 * ["TaskProposed", "TaskAccepted"] + ["GoalPlanned"] + 2 * ["TaskStarted", "TaskFinished"]
    story.when(plan()).then_nothing()


def test_a_plan_that_cannot_be_carried_out_is_refused_with_everything_that_is_wrong():
    tasks = {one.task: one for one in built_in_plan("Greet.", ())}
    wrong = PlanGoal(
        actor=BOT,
        tasks=(
            replace(tasks["goal-intake"], dependencies=("goal-plan",)),
            replace(tasks["goal-plan"], acceptance=()),
            replace(tasks[EXECUTE], title=" ", dependencies=("nowhere",)),
            replace(tasks[EXECUTE], title=" ", dependencies=("nowhere",)),
        ),
    )
    story = goal.given(create()).when(wrong)
    story.then_refused(because="goal-intake → goal-plan → goal-intake")
    story.then_refused(because="goal-plan has no acceptance criterion")
    story.then_refused(because=f"{EXECUTE} has no title or no description")
    story.then_refused(because=f"{EXECUTE} depends on nowhere, which does not exist")
    story.then_refused(because=f"{EXECUTE} is proposed twice")


def test_an_empty_plan_is_refused():
    goal.given(create()).when(PlanGoal(actor=BOT, tasks=())).then_refused(because="There is no task")


def test_a_fork_is_forked_again():
    first, second = some(GoalForked), some(GoalForked, goal="g-another", seq=50)
    words = create().assessed
    story = goal.given(*CREATED).when(ForkGoal(actor=ANN, forked=first, assessed=words)).then(first, words)
    story.when(ForkGoal(actor=ANN, forked=first, assessed=words)).then_nothing()
    story.when(ForkGoal(actor=ANN, forked=second, assessed=words)).then(second, words)


def test_gates_of_one_name_are_refused():
    goal.given(create()).when(gates(gate_named("a"), gate_named("a"))).then_refused(because="a name of its own")
