"""What to type next is said, and works as typed: after a plan, a pause, a crash, an extension, or with one task of several."""

import shlex

import pytest

from tests.cli.calling import GATES, GOAL, KILL, WRITES_CLI, Meeting, begin, end, omk, run_goal, write

OTHER = "Build a greenfield importer with acceptance smoke demo proof"
PAIR = "".join(
    f'[[tasks]]\nid = "{name}"\ntitle = "T"\ndescription = "D"\nacceptance = "A"\nwrite = ["{name}.txt"]\n'
    for name in ("one", "two")
)
EACH = 'command:case "$OMK_PROMPT" in *"# Task one:"*) echo 1 >> one.txt;; *) echo 2 >> two.txt;; esac'


@pytest.fixture
def meeting(tmp_path):
    return Meeting(tmp_path / "meeting")


def agents(repository, goal="latest"):
    timeline = omk("replay", goal, "--json", at=repository).document["timeline"]
    return [one["summary"].split()[0] for one in timeline if one["kind"] == "agent_started.v1"]


def next_of(text):
    """The command below `Next` in the output of plan."""
    lines = text.splitlines()
    return shlex.split(lines[lines.index("Next") + 1])[1:]


def planned(repository, *more, goal=GOAL):
    return omk("plan", goal, *GATES, *more, "--json", at=repository).document["goal"]


def killed(repository, meeting, goal=GOAL):
    """A goal whose controller died while its agent was at work, which dies, too; its id."""
    running = begin("run", goal, "--agent", f"command:{meeting.stays}", *GATES, at=repository)
    meeting.wait()
    running.send_signal(KILL)
    end(running)
    return omk("list", "--json", at=repository).document[0]["goal"]


# --- After a plan ---


def test_what_a_plan_says_to_type_next_carries_all_of_it_out(repository):
    text = omk("plan", GOAL, *GATES, "--agent", WRITES_CLI, at=repository).out
    assert omk(*next_of(text), at=repository).code == 0
    assert omk("proof", "--json", at=repository).codes == ["integration.accepted"]
    assert omk("replay", "--redecide", at=repository).code == 0


def test_what_a_plan_without_an_agent_says_to_type_next_names_what_is_missing(repository):
    text = omk("plan", GOAL, *GATES, at=repository).out
    command = next_of(text)
    assert command[-2:] == ["--agent", "SPEC"]
    assert "No agent is named yet" in text
    bare = omk("resume", at=repository)
    assert (bare.code, "--agent" in bare.err, agents(repository)) == (1, True, [])
    assert omk(*command[:-1], WRITES_CLI, "--json", at=repository).codes == ["integration.accepted"]


def test_the_gaps_of_a_goal_that_has_no_agent_say_that_one_has_to_be_named(repository):
    planned(repository)
    command = shlex.split(omk("proof", "--json", at=repository).gap("agent.executed")["command"])
    assert omk(*command[1:-1], WRITES_CLI, at=repository).code == 0
    assert omk("proof", "--json", at=repository).document["tree"]


def test_an_agent_that_was_named_once_goes_on_without_being_named_again(repository):
    planned(repository)
    omk("execute", "--agent", WRITES_CLI, at=repository)
    assert omk("execute", at=repository).code == 0
    assert len(agents(repository)) == 2


# --- Which goal a bare resume means ---


def test_a_bare_resume_takes_the_goal_whose_controller_died_and_not_the_latest(repository, meeting):
    died = killed(repository, meeting)
    run_goal(at=repository, goal=OTHER)
    status, named = omk("status", died, at=repository), f"omk resume {died}"
    assert "died" in status.err
    assert named in status.err
    assert named in omk("list", at=repository).err
    resumed = omk("resume", "--agent", WRITES_CLI, "--json", at=repository)
    assert resumed.document["goal"] == died
    assert died in resumed.err
    assert "died" not in omk("status", died, at=repository).err


@pytest.mark.leaves_processes
def test_a_bare_resume_takes_the_latest_goal_if_that_waits_whatever_else_does(repository, meeting):
    killed(repository, meeting)
    paused = run_goal("--gate", "acceptance=false", at=repository, goal=OTHER).document["goal"]
    omk("pause", at=repository)
    assert omk("resume", "--json", at=repository).document["goal"] == paused


@pytest.mark.leaves_processes
def test_a_bare_resume_refuses_to_guess_and_names_every_goal_that_waits(repository, meeting):
    died = killed(repository, meeting)
    paused = run_goal("--gate", "acceptance=false", at=repository, goal=OTHER).document["goal"]
    omk("pause", paused, at=repository)
    run_goal(at=repository, goal=f"{OTHER} once more")
    refused = omk("resume", at=repository)
    assert (refused.code, refused.out) == (1, "")
    assert all(name in refused.err for name in (died, paused, "its controller died", "paused"))
    assert omk("resume", paused, at=repository).code == 0


def test_a_bare_resume_with_nothing_to_resume_says_what_to_type(repository):
    run_goal("--gate", "acceptance=false", at=repository)
    idle = omk("resume", at=repository)
    assert idle.code == 0
    assert "Nothing to do" in idle.err
    command = idle.err.rstrip().rpartition("Next: omk ")[2]
    assert omk(*shlex.split(command), at=repository).code == 0


# --- One task of several ---


def test_one_task_is_done_again_and_the_others_are_left_alone(repository):
    write(repository / "tasks.toml", PAIR)
    run_goal("--tasks", "tasks.toml", "--gate", "acceptance-smoke-demo=grep -q 3 two.txt", agent=EACH, at=repository)
    gap = omk("proof", "--json", at=repository).gap("gate.acceptance-smoke-demo")
    assert shlex.split(gap["command"])[-2:] == ["--task", "two"]
    again = omk(*shlex.split(gap["command"])[1:], "--agent", "command:echo 3 >> two.txt", "--json", at=repository)
    assert again.code == 0, again.err
    assert agents(repository) == ["one:1", "two:1", "two:2"]
    assert "gate.acceptance-smoke-demo" not in omk("verify", "--json", at=repository).codes
    assert omk("replay", "--redecide", at=repository).code == 0


def test_a_task_that_is_not_there_is_refused_with_those_that_are(repository):
    write(repository / "tasks.toml", PAIR)
    planned(repository, "--tasks", "tasks.toml", "--agent", EACH)
    refused = omk("execute", "--task", "goal-review", at=repository)
    assert (refused.code, agents(repository)) == (1, [])
    assert "one, two" in refused.err


# --- Few lines, and what comes next ---


def test_a_pause_prints_a_few_lines_and_no_command_that_would_be_refused(repository):
    run_goal("--gate", "acceptance=false", at=repository)
    paused = omk("pause", at=repository)
    assert len(paused.out.splitlines()) <= 5
    assert "→" not in paused.out
    command = paused.err.rstrip().rpartition("Go on with: omk ")[2]
    assert omk(*shlex.split(command), at=repository).code == 0
    assert len(omk("pause", "--format", "md", at=repository).out.splitlines()) <= 8
    assert "already" in omk("pause", at=repository).err
    assert omk("pause", "--json", at=repository).document["gaps"]


def test_an_extension_prints_what_may_be_spent_now_and_what_goes_on(repository, tmp_path):
    spends = """echo '{"tokens_in": 900}' >> "$OMK_USAGE_FILE"; """
    agent = f"command:if mkdir '{tmp_path}/been'; then {spends}sleep 1000; fi; {WRITES_CLI.removeprefix('command:')}"
    run_goal("--budget-tokens", "500", "--accept", "auto", agent=agent, at=repository)
    added = omk("budget", "--add-tokens", "1000", "--add-time", "90m", at=repository)
    assert ["goal", "tokens", "1,900", "900", "1,000"] in [line.split() for line in added.out.splitlines()]
    assert "Extended by 1h30m and 1,000 tokens." in added.err
    command = added.err.rstrip().rpartition("Go on: omk ")[2]
    assert omk(*shlex.split(command), "--json", at=repository).document["status"] == "ready"


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_an_order_after_a_crash_says_what_it_ended(verb, repository, meeting):
    killed(repository, meeting)
    said = omk(verb, at=repository).err
    assert "ended what that had left: agent goal-agent-execute:1" in said
    assert "Nothing was running" not in said


# --- A goal that is held up ---


def refused_work(document):
    """The commands of gaps that a goal which is held up would refuse."""
    return [gap["command"] for gap in document["gaps"] if gap["command"].split()[1] in {"execute", "verify", "review", "resume"}]


def out_of_budget(repository):
    agent = """command:echo '{"tokens_in": 900}' >> "$OMK_USAGE_FILE"; sleep 1000"""
    return run_goal("--budget-tokens", "500", agent=agent, at=repository).document


def test_a_goal_out_of_budget_says_first_what_lets_it_go_on_and_nothing_that_is_refused(repository):
    assert refused_work(out_of_budget(repository)) == []
    why = omk("why", at=repository).out
    command = next(line for line in why.splitlines() if "→ omk budget" in line)
    assert why.index("The goal's budget is used up: tokens, 900 of 500.") < why.index(command) < why.index("agent.executed")
    idle = omk("resume", at=repository)
    assert "needs more budget. Next: omk budget" in idle.err
    shown = omk("budget", at=repository).out.splitlines()
    assert command.strip() in [line.strip() for line in shown], "on a line of its own"
    assert omk(*shlex.split(command)[2:], at=repository).code == 0
    assert omk("proof", "--json", at=repository).document["status"] == "not_ready"


def test_a_vague_goal_says_how_it_is_answered_and_is_not_answered_by_its_own_name(repository):
    asked = omk("run", "Do it", "--agent", WRITES_CLI, *GATES, "--json", at=repository).document
    other = omk("run", "Do that", "--agent", WRITES_CLI, *GATES, "--json", at=repository).document
    assert refused_work(asked) == []
    command = next(line for line in omk("why", asked["goal"], at=repository).out.splitlines() if "→ omk decide" in line)
    assert shlex.split(command)[1:] == ["omk", "decide", asked["goal"], "--answer", "TEXT"]
    wrong = omk("decide", asked["goal"], at=repository)
    assert (wrong.code, f"omk decide {asked['goal']} --answer TEXT" in wrong.err) == (1, True)
    assert omk("status", other["goal"], "--json", at=repository).document["status"] == "blocked_on_human"
    assert omk("decide", asked["goal"], "--answer", "Print a line.", at=repository).code == 0
    assert omk("status", other["goal"], "--json", at=repository).document["status"] == "blocked_on_human"


def test_an_extension_of_what_has_no_limit_changes_nothing_and_says_so(repository):
    run_goal(at=repository)
    before = omk("replay", "--json", at=repository).document["at"]["seq"]
    done = omk("budget", "--add-time", "5", at=repository)
    assert "has no such limit" in done.err
    timeline = omk("replay", "--json", at=repository).document["timeline"]
    assert "budget_extended.v1" not in [one["kind"] for one in timeline if one["seq"] > before]


def test_an_agent_that_is_none_is_refused_before_a_goal_begins_however_vague_it_is(repository):
    refused = omk("run", "Do it", "--agent", "bogus", at=repository)
    assert (refused.code, "bogus" in refused.err) == (1, True)
    assert omk("list", "--json", at=repository).document == []
