from msgspec.structs import replace

from omk.domain.plan import EXECUTE
from omk.domain.subjects.agent import (
    AgentDied,
    AgentFinished,
    AgentSaid,
    AgentStarted,
    AnswerPermission,
    AskPermission,
    CallTool,
    FinishAgent,
    FinishTool,
    LoseAgent,
    PermissionAnswered,
    PermissionAsked,
    RecordMessage,
    StartAgent,
    ToolCalled,
    ToolFinished,
)
from omk.domain.subjects.goal import PauseGoal
from tests.scenario import ANN, BOT, CREATED, goal, some, work

STARTED = some(AgentStarted)
START = StartAgent(actor=BOT, started=STARTED)
RUNNING = (*CREATED, work()[0], START)
FINISH = FinishAgent(actor=BOT, finished=some(AgentFinished))


def test_an_agent_is_started_once():
    goal.given(*CREATED).when(START).then(STARTED).when(START).then_nothing()


def test_an_agent_that_ended_does_not_start_again():
    goal.given(*RUNNING, FINISH).when(START).then_nothing()


def test_a_task_has_one_agent_at_work_at_a_time():
    second = StartAgent(actor=BOT, started=replace(STARTED, agent="another:1"))
    goal.given(*RUNNING).when(second).then_refused(because=f"{STARTED.agent} is at work on {EXECUTE}")


def test_a_paused_goal_starts_no_agent():
    goal.given(*CREATED, PauseGoal(actor=ANN)).when(START).then_refused(because="is paused")


def test_an_agent_that_is_at_work_when_the_goal_is_paused_may_end():
    goal.given(*RUNNING, PauseGoal(actor=ANN)).when(FINISH).then(FINISH.finished)


def test_an_agent_ends_once():
    died = LoseAgent(actor=BOT, died=some(AgentDied))
    goal.given(*RUNNING).when(FINISH).then(FINISH.finished).when(FINISH).then_nothing().when(died).then_nothing()


def test_an_agent_that_died_has_failed():
    story = goal.given(*RUNNING).when(LoseAgent(actor=BOT, died=some(AgentDied)))
    assert story.state.agent.last[EXECUTE].outcome == "failed"
    assert "Its process is gone." in story.gap("agent.executed").text


def test_messages_are_counted_and_each_number_recorded_once():
    say = RecordMessage(actor=BOT, said=some(AgentSaid))
    story = goal.given(*RUNNING).when(say).then(say.said)
    story.when(say).then_nothing()
    assert story.state.agent.messages == 1


def test_an_agent_that_ended_says_nothing_more():
    goal.given(*RUNNING, FINISH).when(RecordMessage(actor=BOT, said=some(AgentSaid))).then_nothing()


def test_a_tool_call_begins_once_and_ends_once():
    call = CallTool(actor=BOT, called=some(ToolCalled))
    finish = FinishTool(actor=BOT, finished=some(ToolFinished, outcome="failed"))
    story = goal.given(*RUNNING).when(finish).then_nothing().when(call).then(call.called)
    story.when(call).then_nothing()
    story = story.when(finish).then(finish.finished)
    assert (story.state.agent.tool_calls, story.state.agent.tool_failures) == (1, 1)
    story.when(finish).then_nothing()


def test_a_permission_is_asked_once_and_answered_once():
    ask = AskPermission(actor=BOT, asked=some(PermissionAsked))
    answer = AnswerPermission(actor=ANN, answered=some(PermissionAnswered))
    story = goal.given(*RUNNING).when(answer).then_nothing().when(ask).then(ask.asked)
    assert story.state.obligation["permission:ask-1"].owner == "operator"
    story.when(ask).then_nothing()
    story.when(answer).then(answer.answered).when(answer).then_nothing()
