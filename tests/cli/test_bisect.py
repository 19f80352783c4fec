"""`omk bisect`: the gate runs again on recorded trees, names a good one and the bad one after it, and records nothing."""

import shlex
import sqlite3

import pytest

from tests.cli.calling import (
    GOAL,
    INTERRUPT,
    Meeting,
    begin,
    commit,
    end,
    git,
    is_running,
    omk,
    process,
    room,
    run_goal,
    worktrees,
    write,
)

AGENT = 'n=$(cat count 2>/dev/null || echo 0); n=$((n + 1)); echo $n > count; echo "print($n)" > cli.py; {more}'
GATE = "case $(cat count 2>/dev/null || echo 0) in {good}) exit 0;; esac; exit 1"


def goal_of(repository, count, *, good, more=":", gates=(), extra=()):
    """A goal of *count* attempts, each of which counts one further; the gate `demo` passes at the counts *good*."""
    line = GATE.format(good="|".join(good) or "none")
    fails = ("--gate", "acceptance=false", "--gate", "smoke=true", "--gate", f"demo={line}", *gates)
    agent = f"command:{AGENT.format(more=more)}"
    answer = run_goal("--max-attempts", str(count), *fails, *extra, at=repository, agent=agent)
    assert answer.code == 0, answer.err
    return answer.document["goal"]


def steps(repository):
    """The seqs of the recorded trees after the base, in their order."""
    timeline = omk("replay", "--json", at=repository).document["timeline"]
    return [entry["seq"] for entry in timeline if entry["kind"] == "files_changed.v1"]


def stored(repository):
    with sqlite3.connect(repository / ".git" / "omk" / "log.sqlite") as connection:
        rows = connection.execute("SELECT * FROM stored_events ORDER BY 1, 2").fetchall()
        return rows, connection.execute("SELECT count(*) FROM blobs").fetchall()


def brute_force(repository, tmp_path):
    """Each recorded tree by checking it out: its event (null: the base), and how far its agent had counted."""
    found = []
    for seq in [1, *steps(repository)]:
        assert omk("checkout", f"latest@{seq}", str(tmp_path / f"at-{seq}"), at=repository).code == 0
        count = tmp_path / f"at-{seq}" / "count"
        found.append((None if seq == 1 else seq, count.read_text().strip() if count.exists() else "0"))
    return found


GOOD = ("1234", "1", "0", "0123456", "235", "146", "0246", "5", "06")


def test_it_names_a_good_tree_and_the_bad_one_after_it(repository, tmp_path, home):
    good = write(tmp_path / "good", "1\n3\n")
    gate = f"grep -qx $(cat count 2>/dev/null || echo 0) '{good}'"
    fails = ("--gate", "acceptance=false", "--gate", "smoke=true", "--gate", f"demo={gate}")
    commit(repository, omk__toml="[breaker]\nfailures = 0\n")
    goal = run_goal("--max-attempts", "7", *fails, at=repository, agent=f"command:{AGENT.format(more=':')}").document["goal"]
    counted = brute_force(repository, tmp_path)
    assert [count for _, count in counted] == list("01234567")
    before, kept = stored(repository), room(repository)
    for digits in GOOD:
        good.write_text("\n".join(digits) + "\n")
        done = omk("bisect", goal, "--gate", "demo", "--json", at=repository)
        assert done.code == 0, done.err
        answer = done.document
        assert (answer["goal"], answer["gate"], answer["trees"], answer["outcome"]) == (goal, "demo", 8, "broken")
        place = [seq for seq, _ in counted].index(answer["first_bad"])
        assert counted[place - 1][0] == answer["last_good"]
        assert (counted[place - 1][1] in digits, counted[place][1] in digits) == (True, False)
        assert answer["agent"] == f"goal-agent-execute:{place}"
        tree = omk("show", f"{goal}@{answer['first_bad']}", "--json", at=repository).document["tree"]
        assert answer["first_bad_tree"] == tree
        assert answer["tried"] == len([line for line in done.err.splitlines() if line.startswith("tree ")])
    assert stored(repository) == before
    assert room(repository) == kept
    assert worktrees(home) == []
    assert not [*(repository / ".git" / "omk" / "repo.git").glob("worktrees/*")]


def test_each_try_is_a_line_and_the_answer_is_a_sentence(repository):
    goal = goal_of(repository, 3, good=("1",))
    done = omk("bisect", goal, "--gate", "demo", at=repository)
    first, second, _ = steps(repository)
    assert f"Gate demo broke at event {second}" in done.out
    assert f", event {first}" in done.out
    tree = omk("show", f"{goal}@{first}", "--json", at=repository).document["tree"]
    assert f"tree {tree[:12]} event {first}: passed" in done.err
    assert f"event {second}: failed" in done.err
    assert f"broke at event {second}" in omk("bisect", goal, "--gate", "demo", "--format", "md", at=repository).out


def test_a_gate_that_passes_on_the_last_tree_was_not_broken(repository):
    goal = goal_of(repository, 2, good=("2",))
    done = omk("bisect", goal, "--gate", "demo", "--json", at=repository).document
    assert (done["outcome"], done["first_bad"], done["last_good"], done["tried"]) == ("passes", None, steps(repository)[-1], 1)
    assert "no step broke it" in omk("bisect", goal, "--gate", "demo", at=repository).out
    earlier = omk("bisect", f"{goal}@files_changed", "--gate", "demo", "--json", at=repository).document
    assert (earlier["outcome"], earlier["trees"], earlier["tried"]) == ("never_passed", 2, 2)


def test_a_gate_that_never_passed_has_no_step_that_broke_it(repository):
    goal = goal_of(repository, 4, good=())
    done = omk("bisect", goal, "--gate", "demo", "--json", at=repository).document
    assert (done["outcome"], done["first_bad"], done["last_good"], done["tried"]) == ("never_passed", None, None, 5)
    assert "passes on no recorded tree" in omk("bisect", goal, "--gate", "demo", at=repository).out


def test_recorded_evidence_says_where_to_look_and_is_no_answer(repository, tmp_path):
    switch = tmp_path / "broken"
    gate = f"test ! -e {shlex.quote(str(switch))} && test $(cat count) -le 2"
    run_goal("--max-attempts", "4", "--gate", "acceptance=false", "--gate", f"demo={gate}", "--gate", "smoke=true",
             at=repository, agent=f"command:{AGENT.format(more=':')}")  # fmt: skip
    first, second, third, last = steps(repository)
    hinted = omk("bisect", "latest", "--gate", "demo", "--json", at=repository)
    assert (hinted.document["last_good"], hinted.document["first_bad"]) == (second, third)
    assert [line.split(": ")[0].rpartition(" ")[2] for line in hinted.err.splitlines()] == [str(last), str(second), str(third)]
    switch.touch()
    assert omk("bisect", "latest", "--gate", "demo", "--json", at=repository).document["outcome"] == "never_passed"
    assert first


def test_a_tree_that_was_recorded_twice_is_tried_once(repository):
    more = 'test $n = 2 && echo 1 > count && echo "print(1)" > cli.py; test $n = 3 && echo 9 > count; :'
    goal = goal_of(repository, 4, good=(), more=more)
    done = omk("bisect", goal, "--gate", "demo", "--json", at=repository)
    assert done.document["tried"] == done.document["trees"] < 1 + len(steps(repository)) + 1
    tried = [line.split()[1] for line in done.err.splitlines() if line.startswith("tree ")]
    assert len(tried) == len(set(tried))


def test_setup_commands_and_shared_paths_are_there_as_in_a_real_run(repository, tmp_path):
    (repository / "omk.toml").write_text('[worktree]\nsetup = ["echo made > made.txt"]\nshare = ["local"]\n')
    git("add", "--all", at=repository)
    git("commit", "--quiet", "-m", "Configure", at=repository)
    (repository / "local").mkdir()
    (repository / "local" / "tool").write_text("x")
    gate = "test -f made.txt && test -f local/tool && test $(cat count) -lt 3"
    run_goal("--max-attempts", "3", "--gate", "acceptance=false", "--gate", f"demo={gate}", "--gate", "smoke=true",
             at=repository, agent=f"command:{AGENT.format(more=':')}")  # fmt: skip
    done = omk("bisect", "latest", "--gate", "demo", "--json", at=repository).document
    assert [done["last_good"], done["first_bad"]] == steps(repository)[1:]


def test_a_gate_that_takes_too_long_is_bad(repository):
    (repository / "omk.toml").write_text(
        '[gates.demo]\nrun = "test $(cat count) = 1 || sleep 60"\ntimeout = "1s"\n[gates.acceptance]\nrun = "false"\n'
    )
    git("add", "--all", at=repository)
    git("commit", "--quiet", "-m", "Configure", at=repository)
    answer = omk("run", GOAL, "--agent", f"command:{AGENT.format(more=':')}", "--max-attempts", "2", "--json", at=repository)
    assert answer.code == 0, answer.err
    done = omk("bisect", "latest", "--gate", "demo", "--json", at=repository)
    assert [done.document["last_good"], done.document["first_bad"]] == steps(repository)
    assert ": timed_out" in done.err


def test_a_gate_that_cannot_be_started_is_neither(repository, home):
    (repository / "omk.toml").write_text('[gates.demo]\nrun = ["./no-such-program"]\n')
    git("add", "--all", at=repository)
    git("commit", "--quiet", "-m", "Configure", at=repository)
    omk("run", GOAL, "--agent", f"command:{AGENT.format(more=':')}", "--json", at=repository)
    refused = omk("bisect", "latest", "--gate", "demo", at=repository)
    assert (refused.code, refused.out, len(refused.err.splitlines())) == (1, "", 1)
    assert "cannot be run on tree" in refused.err
    assert "neither good nor bad" in refused.err
    assert worktrees(home) == []


def test_a_gate_that_is_not_there_is_refused_and_named(repository):
    run_goal(at=repository)
    refused = omk("bisect", "latest", "--gate", "nothing", at=repository)
    assert (refused.code, refused.out) == (1, "")
    assert "There is no gate nothing" in refused.err
    assert "acceptance, smoke, demo" in refused.err
    assert omk("bisect", "latest@0", "--gate", "demo", at=repository).code == 1
    assert omk("bisect", "latest", at=repository).code == 2


def test_nobody_bisects_from_within_an_agent(repository):
    goal = run_goal(at=repository).document["goal"]
    refused = process("bisect", goal, "--gate", "demo", at=repository, environment={"OMK_INSIDE": goal})
    assert (refused.code, "is not for agents" in refused.err) == (1, True)


def test_code_that_a_bisection_runs_is_no_person(repository, tmp_path):
    gate = f"env -u OMK_INSIDE python3 -m omk accept --summary mine > {tmp_path}/said 2>&1; test ! -e count"
    run_goal("--gate", "acceptance=true", "--gate", f"demo={gate}", "--gate", "smoke=true", at=repository,
             agent=f"command:{AGENT.format(more=':')}")  # fmt: skip
    (tmp_path / "said").unlink()
    before = stored(repository)
    assert omk("bisect", "latest", "--gate", "demo", "--json", at=repository).document["outcome"] == "broken"
    assert (tmp_path / "said").read_text()
    assert stored(repository) == before


def test_an_interrupted_bisection_leaves_no_process_no_worktree_and_no_event(repository, tmp_path, home):
    meeting = Meeting(tmp_path / "meeting")
    switch = tmp_path / "stay"
    gate = f"if test -e '{switch}'; then {meeting.stays}; fi; test ! -e count"
    run_goal("--gate", "acceptance=true", "--gate", f"demo={gate}", "--gate", "smoke=true", at=repository,
             agent=f"command:{AGENT.format(more=':')}")  # fmt: skip
    before, kept = stored(repository), room(repository)
    switch.touch()
    running = begin("bisect", "latest", "--gate", "demo", at=repository)
    gate_pid = meeting.wait()
    running.send_signal(INTERRUPT)
    answer = end(running)
    assert (answer.code, answer.out) == (130, "")
    assert not is_running(gate_pid)
    assert worktrees(home) == []
    assert not [*(repository / ".git" / "omk" / "repo.git").glob("worktrees/*")]
    assert (stored(repository), room(repository)) == (before, kept)


@pytest.mark.leaves_processes
def test_the_next_bisection_clears_away_what_a_killed_one_left(repository, tmp_path, home):
    meeting = Meeting(tmp_path / "meeting")
    switch = tmp_path / "stay"
    gate = f"if test -e '{switch}'; then {meeting.stays}; fi; test ! -e count"
    run_goal("--gate", "acceptance=true", "--gate", f"demo={gate}", "--gate", "smoke=true", at=repository,
             agent=f"command:{AGENT.format(more=':')}")  # fmt: skip
    switch.touch()
    running = begin("bisect", "latest", "--gate", "demo", at=repository)
    meeting.wait()
    running.kill()
    end(running)
    assert worktrees(home) != []
    switch.unlink()
    assert omk("bisect", "latest", "--gate", "demo", "--json", at=repository).document["outcome"] == "broken"
    assert worktrees(home) == []
