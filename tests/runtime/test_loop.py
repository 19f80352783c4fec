"""The loop: each agent is told what is its own, in words it can use, and whoever ends the loop says why."""

import pytest
from msgspec.structs import replace

from omk.domain.ending import ALL_STEPS
from omk.domain.goal_decider import PlanGoal
from omk.domain.plan import EXECUTE, INTAKE, PLAN, built_in_plan
from omk.domain.subjects.controller import ControllerStopped
from omk.domain.subjects.slice import SliceConflicted
from omk.domain.subjects.task import TaskRetried
from omk.domain.text import texts
from omk.runtime.controller import drive
from tests.runtime.sessions import begun

KEEPS = "command:cat \"$OMK_PROMPT_FILE\" > '{folder}'/$(sed -n 's/^# Task \\([^:]*\\):.*/\\1/p' \"$OMK_PROMPT_FILE\").$$\n"
"""The beginning of an agent that keeps its prompts, by task."""


def agent(folder, script):
    return KEEPS.format(folder=folder) + script


def prompts(folder, task):
    """The prompts that were kept for a task, the first one first."""
    return [file.read_text() for file in sorted(folder.glob(f"{task}.*"), key=lambda file: file.stat().st_mtime_ns)]


def tasks(**write_sets):
    """A plan with these implementing tasks."""
    usual = built_in_plan("Do it.", ())
    work = next(one for one in usual if one.task == EXECUTE)
    rest = [one for one in usual if one.task in {INTAKE, PLAN}]
    own = [
        replace(work, task=name, title=f"Do {name}", description=f"Do your part, {name}.", write_set=paths)
        for name, paths in write_sets.items()
    ]
    return (*rest, *own)


def events(session, kind):
    return [record for record in session.handle.log.read(session.goal) if isinstance(record.event, kind)]


def said(session, kind):
    """The reasons of all events of that kind."""
    return [texts(record)["reason"] for record in events(session, kind)]


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "prompts"
    folder.mkdir()
    return folder


def test_an_agent_that_reads_what_was_printed_is_ready_at_the_second_attempt(repository, folder):
    script = 'if grep -q "^nothing is printed" "$OMK_PROMPT_FILE"; then echo "print(1)" > cli.py; else echo oops > cli.py; fi'
    gates = ("acceptance=test -f cli.py", "smoke=grep -q print cli.py || { echo nothing is printed; exit 3; }", "demo=true")
    session = begun(repository, agent=agent(folder, script), gates=gates)
    assert drive(session, ALL_STEPS, max_attempts=8).status == "ready"
    assert session.state.task[EXECUTE].attempts == 2
    assert said(session, TaskRetried)[0] == "open: gate.smoke"
    assert said(session, ControllerStopped) == ["ready"]


def test_a_failed_agent_is_told_how_it_ended_and_what_it_printed_last(repository, folder):
    script = 'if grep -q "^no more room" "$OMK_PROMPT_FILE"; then echo "print(1)" > cli.py; else echo no more room; exit 3; fi'
    session = begun(repository, agent=agent(folder, script))
    assert drive(session, ALL_STEPS, max_attempts=3).status == "ready"
    _, second = prompts(folder, EXECUTE)
    assert "failed (exit code 3" in second
    assert "What attempt 1 printed:\n\n```\nno more room\n```" in second


def test_of_several_tasks_the_one_that_broke_the_gate_is_tried_again_and_told_why(repository, folder):
    script = """if grep -q "^# Task t1:" "$OMK_PROMPT_FILE"; then echo good > a.py
    elif grep -q "^b is bad" "$OMK_PROMPT_FILE"; then echo good > b.py
    else echo bad > b.py; fi"""
    gates = ("acceptance=grep -q good a.py", "smoke=grep -q good b.py || { echo b is bad; exit 1; }", "demo=true")
    session = begun(repository, agent=agent(folder, script), gates=gates)
    session.handle(PlanGoal(actor=session.actor, tasks=tasks(t1=("a.py",), t2=("b.py",))))
    assert drive(session, ALL_STEPS, max_attempts=8).status == "ready"
    assert {name: session.state.task[name].attempts for name in ("t1", "t2")} == {"t1": 1, "t2": 2}
    assert said(session, TaskRetried)[-1] == "open: gate.smoke (gate.smoke runs b.py, which it changed last)"
    second = prompts(folder, "t2")[1]
    assert "It is this one's turn: gate.smoke runs b.py, which it changed last." in second
    assert second.index("b is bad") < second.index("# How the change is judged")


def test_a_task_that_failed_is_told_of_itself_alone(repository, folder):
    script = """case "$OMK_PROMPT" in
    *"# Task t1:"*) echo good > a.py ;;
    *"What keeps attempt"*) echo good > b.py ;;
    *) echo out of ideas; exit 4 ;;
    esac"""
    session = begun(repository, agent=agent(folder, script), gates=("acceptance-smoke-demo=cat a.py b.py",))
    session.handle(PlanGoal(actor=session.actor, tasks=tasks(t1=("a.py",), t2=("b.py",))))
    assert drive(session, ALL_STEPS, max_attempts=8).status == "ready"
    (first,) = prompts(folder, "t1")
    assert "What keeps attempt" not in first
    second = prompts(folder, "t2")[1]
    assert "agent.executed: The last attempt at this task failed with exit code 4." in second
    assert "files.changed: This task changed no file of its own." in second
    assert "out of ideas" in second


def test_a_task_that_conflicted_gets_both_sides_to_read(repository, folder, tmp_path):
    script = f"""task=$(sed -n 's/^# Task \\([^:]*\\):.*/\\1/p' "$OMK_PROMPT_FILE")
    touch '{tmp_path}/'$task
    until test -e '{tmp_path}/t1' && test -e '{tmp_path}/t2'; do sleep 0.02; done
    echo $task > $task.py
    grep -q "What keeps" "$OMK_PROMPT_FILE" || echo "written by $task" > shared.txt"""
    session = begun(repository, agent=agent(folder, script), gates=("acceptance-smoke-demo=true",), max_agents=2)
    session.handle(PlanGoal(actor=session.actor, tasks=tasks(t1=("t1.py",), t2=("t2.py",))))
    drive(session, ALL_STEPS, max_attempts=2)
    assert not session.state.slice.conflicts
    conflicted = events(session, SliceConflicted)[0].event
    loser = conflicted.task
    winner = {"t1": "t2", "t2": "t1"}[loser]
    second = prompts(folder, loser)[1]
    assert "files.changed: The work on it conflicts with the goal's tree in shared.txt." in second
    assert f"What attempt 1 made is kept as tree {conflicted.theirs}" in second
    sides = second.partition("What the other side changed there:")[2].partition("What attempt 1 changed there:")
    assert f"+written by {winner}" in sides[0]
    assert f"+written by {loser}" in sides[2]
    assert f"{loser}.py" not in sides[2].partition("# How")[0]
