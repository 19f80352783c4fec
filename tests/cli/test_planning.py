"""A goal's tasks come from a file, from its words, from a planner or from agents at work, and real agents carry them out."""

import json

import pytest

from tests.cli.calling import GATES, GOAL, KILL, Meeting, begin, commit, end, omk, run_goal, worktrees, write
from tests.cli.test_bad_input import complained, untouched

WORKS = """command:
case "$OMK_PROMPT" in
*"# Task one:"*) echo 'print(1)' > cli.py;;
*"# Task two:"*) echo 'print(2)' > two.py;;
*"# Task more:"*) echo 'print(3)' > more.py;;
esac
"""
TASKS = """
[[tasks]]
id = "two"
title = "The second"
description = "Write two.py."
acceptance = ["two.py is there."]
depends_on = ["one"]
write = ["two.py"]

[[tasks]]
id = "one"
title = "The first"
description = "Write cli.py."
acceptance = ["cli.py is there."]
write = ["cli.py"]
budget = "10m"

[[tasks]]
id = "look"
title = "Look at both"
description = "Look whether both are there."
acceptance = ["Both are there."]
depends_on = ["two"]
no_change = "It only looks."
"""
PROPOSALS = (
    {"id": "one", "title": "The first", "description": "Write cli.py.", "write": ["cli.py"]},
    {"id": "rival", "title": "A rival", "description": "Write cli.py, too.", "write": ["cli.py"]},
    {"id": "two", "title": "The second", "description": "Write two.py.", "write": ["two.py"], "depends_on": ["one"]},
)


def lines(*proposals):
    """Shell words that print the proposals, one a line."""
    return " ".join(f"'{json.dumps(one)}'" for one in proposals)


def planner(*proposals, then="true"):
    return f"command:echo junk > junk.txt; printf '%s\\n' {lines(*proposals)} > .omk-proposals.jsonl; {then}"


def tasks_of(repository):
    return {one["id"]: one for one in omk("show", "--json", at=repository).document["tasks"]}


def timeline(repository):
    return omk("replay", "--json", at=repository).document["timeline"]


def test_the_tasks_of_a_file_are_carried_out_and_each_owes_a_change_or_a_reason(repository):
    write(repository / "tasks.toml", TASKS)
    answer = run_goal("--tasks", "tasks.toml", "--max-agents", "2", "--accept", "auto", at=repository, agent=WORKS)
    assert answer.document["status"] == "ready", answer.codes
    assert answer.document["changed_files"] == ["cli.py", "two.py"]
    tasks = tasks_of(repository)
    assert {tasks[name]["source"] for name in ("one", "two", "look")} == {"person"}
    assert tasks["one"]["budget_seconds"] == 600
    assert tasks["goal-review"]["dependencies"] == ["two", "one", "look"]
    kinds = [one["kind"] for one in timeline(repository)]
    assert kinds.index("goal_planned.v1") < kinds.index("task_excused.v1") < kinds.index("controller_started.v1")
    assert omk("replay", "--redecide", at=repository).code == 0


def test_a_task_that_changes_nothing_and_has_no_reason_is_a_gap(repository):
    write(repository / "tasks.toml", TASKS.replace('no_change = "It only looks."', ""))
    answer = run_goal("--tasks", "tasks.toml", "--accept", "auto", at=repository, agent=WORKS)
    assert "files.changed" in answer.codes
    assert "look" in answer.gap("files.changed")["text"]


def test_a_file_that_is_no_plan_is_refused_with_all_that_is_wrong_and_nothing_is_there(repository, home):
    write(repository / "tasks.toml", TASKS.replace('"one"]', '"nobody"]').replace('two.py"]\n', '../two.py"]\n'))
    for order in (("run", GOAL, "--agent", WORKS), ("plan", GOAL)):
        complained(omk(*order, "--tasks", "tasks.toml", at=repository), "tasks.toml", "nobody", "../two.py")
        untouched(repository, home)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--tasks", "tasks.toml", "--split"), "two plans"),
        (("--tasks", "tasks.toml", "--planner", "command:true"), "Leave out"),
        (("--planner", "nonsense"), "names no agent"),
        (("--planner", "command:TOKEN=ghp_" + "a1B2" * 9 + " plan"), "contains a secret"),
        (("--max-agents", "0"), "greater than zero"),
    ],
)
def test_ways_to_plan_that_do_not_go_together_are_refused(flags, words, repository, home):
    write(repository / "tasks.toml", TASKS)
    complained(omk("plan", GOAL, *flags, at=repository), words)
    untouched(repository, home)


def test_a_vague_goal_takes_no_tasks(repository, home):
    write(repository / "tasks.toml", TASKS)
    complained(omk("plan", "Make it better", "--tasks", "tasks.toml", at=repository), "Say more")
    untouched(repository, home)


def test_a_known_goal_takes_no_other_plan(repository):
    assert omk("plan", GOAL, at=repository).code == 0
    complained(omk("plan", "latest", "--split", at=repository), "a known one")


def test_a_plan_is_readable_at_eighty_columns_and_has_the_tasks_in_every_form(repository, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    write(repository / "tasks.toml", TASKS)
    text = omk("plan", GOAL, "--tasks", "tasks.toml", at=repository).out
    assert max(map(len, text.splitlines())) <= 80
    shown = [line.split()[0] for line in text.splitlines() if line.endswith("  pending")]
    assert shown == ["one", "two", "look"], "each after what it waits for"
    for words in ("after      one", "writes     two.py", "done when  cli.py is there.", "10m00s", "Then", "omk resume"):
        assert words in text
    markdown = omk("plan", "latest", "--format", "md", at=repository).out
    assert "| `two` | pending | The second | `one` | `two.py` |" in markdown
    document = omk("plan", "latest", "--json", at=repository).document
    assert {one["id"] for one in document["tasks"]} >= {"one", "two", "goal-local-verify"}
    assert document["status"] == "not_ready"
    assert "one pending, two pending" in omk("status", at=repository).out
    assert {one["id"]: one["status"] for one in omk("status", "--json", at=repository).document["tasks"]}["two"] == "pending"


def test_a_goal_is_split_only_when_asked(repository):
    words = "Build a greenfield login and build logout with acceptance smoke demo proof"
    assert "goal-agent-execute" in {one["id"] for one in omk("plan", words, "--json", at=repository).document["tasks"]}
    split = {one["id"]: one for one in omk("plan", words, "--split", "--json", at=repository).document["tasks"]}
    parts = ["goal-agent-implement-1", "goal-agent-implement-2"]
    assert "goal-agent-execute" not in split
    assert split["goal-local-verify"]["dependencies"] == split["goal-security-review"]["dependencies"] == parts
    assert [split[name]["write_set"] for name in parts] == [[], []]


def test_a_planner_proposes_the_plan_and_nothing_else_of_it_is_taken(repository, home):
    answer = run_goal("--planner", planner(*PROPOSALS), "--accept", "auto", at=repository, agent=WORKS)
    assert answer.document["status"] == "ready", answer.codes
    assert answer.document["changed_files"] == ["cli.py", "two.py"]
    tasks = tasks_of(repository)
    assert {name: tasks[name]["status"] for name in ("one", "two", "rival")} == {
        "one": "done",
        "two": "done",
        "rival": "rejected",
    }
    assert "write-set conflict with accepted task one: cli.py" in tasks["rival"]["reason"]
    assert "goal-agent-execute" not in tasks
    assert worktrees(home) == []
    assert omk("replay", "--redecide", at=repository).code == 0


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("command:exit 3", "exit code 3"),
        (planner(then="true"), "Nothing was proposed"),
        (planner(*PROPOSALS, then="exit 1"), "exit code 1"),
    ],
)
def test_without_a_proposal_the_built_in_plan_is_used_and_the_timeline_says_why(spec, why, repository):
    commit(repository, omk__toml=f"planner = {json.dumps(spec)}\n")
    document = omk("plan", GOAL, "--json", at=repository).document
    assert "goal-agent-execute" in {one["id"] for one in document["tasks"]}
    said = [one["summary"] for one in timeline(repository) if one["kind"] == "task_rejected.v1"]
    assert any(why in one for one in said), said


def test_a_planner_whose_controller_is_killed_is_asked_again(repository, tmp_path, home):
    here = Meeting(tmp_path / "here")
    spec = f"command:test -f '{tmp_path}/again' || {{ touch '{tmp_path}/again'; {here.stays}; }}; " + planner(*PROPOSALS)[8:]
    run = begin("run", GOAL, "--planner", spec, "--agent", WORKS, *GATES, "--accept", "auto", at=repository)
    here.wait()
    run.send_signal(KILL)
    end(run)
    assert omk("resume", "--json", at=repository).document["status"] == "ready"
    started = [one["summary"] for one in timeline(repository) if one["kind"] == "agent_started.v1"]
    assert [one.split()[0] for one in started] == ["goal-plan:1", "goal-plan:2", "one:1", "two:1"]
    assert worktrees(home) == []


def test_a_planner_whose_goal_is_paused_is_stopped_and_asked_again(repository, tmp_path):
    here = Meeting(tmp_path / "here")
    spec = f"command:test -f '{tmp_path}/again' || {{ touch '{tmp_path}/again'; {here.stays}; }}; " + planner(*PROPOSALS)[8:]
    run = begin("plan", GOAL, "--planner", spec, "--json", at=repository)
    here.wait()
    assert omk("pause", at=repository).code == 0
    assert end(run).document["status"] == "paused"
    assert omk("resume", at=repository).code == 0
    assert {"one", "two"} <= tasks_of(repository).keys()


def test_in_a_subdirectory_an_agent_is_told_where_the_file_is(repository, tmp_path):
    commit(repository, tool_in_readme__md="x\n")
    more = {"id": "more", "title": "More", "description": "Write more.py.", "write": ["tool/more.py"]}
    agent = f"""command:
    case "$OMK_PROMPT" in
    *"# Task more:"*) echo 'print(3)' > more.py;;
    *) echo 'print(1)' > cli.py
       printf '%s\\n' {lines(more)} > "$(printf %s "$OMK_PROMPT" | grep -o '[./]*omk-proposals.jsonl')";;
    esac"""
    answer = run_goal("--accept", "auto", at=repository / "tool", agent=agent)
    assert answer.document["changed_files"] == ["tool/cli.py", "tool/more.py"]


def test_what_the_only_agent_could_not_have_recorded_stays_a_gap_when_its_proposal_is_done(repository):
    more = {"id": "more", "title": "More", "description": "Write more.py.", "write": ["more.py"]}
    agent = f"""command:
    case "$OMK_PROMPT" in
    *"# Task more:"*) echo 'print(3)' > more.py;;
    *) echo 'print(1)' > cli.py; mkfifo pipe; printf '%s\\n' {lines(more)} > .omk-proposals.jsonl;;
    esac"""
    answer = run_goal("--accept", "auto", at=repository, agent=agent)
    assert answer.document["changed_files"] == ["cli.py", "more.py"]
    assert "files.recorded" in answer.codes


def test_what_an_agent_proposes_at_work_is_judged_and_carried_out_in_the_same_run(repository):
    more = {"id": "more", "title": "More", "description": "Write more.py.", "write": ["more.py"], "acceptance": ["It is there."]}
    bad = {**more, "id": "goal-agent-publish", "description": "Publish it."}
    agent = f"""command:
    case "$OMK_PROMPT" in
    *"# Task more:"*) echo 'print(3)' > more.py;;
    *) echo 'print(1)' > cli.py; printf '%s\\n' {lines(more, bad)} '{{nope' > .omk-proposals.jsonl; git add --all --force;;
    esac"""
    answer = run_goal("--accept", "auto", at=repository, agent=agent)
    assert answer.document["status"] == "ready", answer.codes
    assert answer.document["changed_files"] == ["cli.py", "more.py"]
    said = timeline(repository)
    judged = [(one["kind"], one["actor"]) for one in said if one["kind"].startswith("task_") and one["actor"] == "policy:tasks"]
    assert [kind for kind, _ in judged] == ["task_accepted.v1", "task_rejected.v1", "task_rejected.v1"]
    finished = next(one["seq"] for one in said if one["kind"] == "agent_finished.v1")
    proposed = [one for one in said if one["kind"] == "task_proposed.v1" and one["actor"].startswith("agent:")]
    assert [one["causes"] for one in proposed] == [[finished]] * 3
    tasks = tasks_of(repository)
    assert (tasks["more"]["source"], tasks["more"]["role"], tasks["more"]["status"]) == ("agent", "executor", "done")
    assert "publishing is disabled" in tasks["goal-agent-publish"]["reason"]
    assert "no JSON" in tasks["goal-agent-execute:1:proposal-3"]["reason"]
    assert omk("replay", "--redecide", at=repository).code == 0
