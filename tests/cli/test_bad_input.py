"""Whatever is wrong, the answer is one clear line, exit code 1, and nothing half done."""

import os
import shutil
import sqlite3

import pytest

from omk.log.recorder import Writer
from omk.log.sqlite import SqliteLog
from tests.cli.calling import GATES, GOAL, WRITES_CLI, Answer, bound, commit, git, omk, process, room, run_goal, worktrees, write


def complained(answer, *words, code=1):
    """The answer is one line that says these words, and nothing else."""
    assert answer.code == code, (answer.out, answer.err)
    assert answer.out == ""
    assert len(answer.err.splitlines()) == 1, answer.err
    assert answer.err.startswith("omk: ")
    assert "Traceback" not in answer.err
    for word in words:
        assert word in answer.err, answer.err


def untouched(repository, home):
    """Nothing of omk's is in the repository, and no worktree anywhere."""
    assert not (repository / ".git" / "omk").exists()
    assert not (repository / ".git" / "refs" / "omk").exists()
    assert worktrees(home) == []


READERS = ("status", "show", "proof", "why", "replay")
OPERATORS = (
    ("execute",), ("verify",), ("review",), ("accept", "--summary", "x"), ("reject", "--reason", "x"),
    ("decide", "--answer", "x"), ("merge",), ("pause",), ("resume",), ("cancel",),
)  # fmt: skip
ORDERS = (*((name,) for name in READERS), *OPERATORS)


def with_goal(order, goal):
    return (order[0], goal, *order[1:])


@pytest.fixture
def goal(repository):
    """A goal that is planned, and on which nothing was done yet."""
    return omk("plan", GOAL, "--agent", WRITES_CLI, *GATES, "--json", at=repository).document["goal"]


def test_an_unknown_goal_is_named(goal, repository):
    for order in ORDERS:
        complained(omk(*with_goal(order, "goal-of-nobody"), at=repository), "goal-of-nobody", "omk list")


def test_a_prefix_of_several_goals_is_ambiguous(goal, repository):
    second = omk("plan", GOAL, "--json", at=repository).document["goal"]
    for order in ORDERS:
        complained(omk(*with_goal(order, "goal-"), at=repository), goal, second)


def test_where_no_store_is_it_says_how_to_begin_and_makes_none(repository, home):
    for order in ORDERS:
        complained(omk(*order, at=repository), "omk run")
    untouched(repository, home)


def test_a_position_that_is_not_there_is_refused(goal, repository):
    for position in ("9999", "-9999", "", "gate:nothing", "gate_ran#99", "1999-01-01T00:00:00Z", "?!", "tool:x"):
        for order in ("replay", "proof", "why"):
            complained(omk(order, f"{goal}@{position}", at=repository))


def test_an_empty_goal_is_an_error(goal, repository):
    for order in ("replay", "proof", "accept"):
        more = ("--summary", "x") if order == "accept" else ()
        complained(omk(order, "", *more, at=repository), "empty")


def test_an_order_cannot_be_given_to_the_past(goal, repository):
    complained(omk("accept", f"{goal}@3", "--summary", "x", at=repository), "@")


@pytest.mark.parametrize("order", [("run", GOAL, "--agent", WRITES_CLI), ("list",), ("proof",), ("accept", "--summary", "x")])
def test_outside_of_a_repository_it_says_so(order, tmp_path, home):
    complained(omk(*order, at=tmp_path), "not in a git repository")
    assert list(tmp_path.iterdir()) == []


def test_a_repository_without_a_commit_is_refused(tmp_path, home):
    git("init", "--quiet", at=tmp_path)
    complained(omk("run", GOAL, "--agent", WRITES_CLI, at=tmp_path), "no commit")
    untouched(tmp_path, home)


def test_a_bare_repository_and_the_inside_of_one_are_refused(repository, tmp_path):
    git("clone", "--quiet", "--bare", str(repository), str(tmp_path / "bare.git"), at=tmp_path)
    complained(omk("run", GOAL, "--agent", WRITES_CLI, at=tmp_path / "bare.git"), "bare")
    complained(omk("run", GOAL, "--agent", WRITES_CLI, at=repository / ".git"), "inside a git directory")


FLAGS = {
    "no agent": ((), "--agent"),
    "an empty command": (("--agent", "command:"), "command"),
    "a blank command": (("--agent", "command:  "), "command"),
    "an unknown driver": (("--agent", "telepathy:x"), "telepathy"),
    "an agent without a driver": (("--agent", "justaword"), "justaword"),
    "a gate twice": (("--agent", WRITES_CLI, "--gate", "a=true", "--gate", "a=false"), "twice"),
    "a gate without a command": (("--agent", WRITES_CLI, "--gate", "a"), "a"),
    "a gate with an empty command": (("--agent", WRITES_CLI, "--gate", "a= "), "a"),
    "a gate without a name": (("--agent", WRITES_CLI, "--gate", "=true"), "NAME=COMMAND"),
    "a gate with a bad name": (("--agent", WRITES_CLI, "--gate", "a b=true"), "a b"),
    "a proof by no gate": (("--agent", WRITES_CLI, "--gate", "a=true", "--prove", "b=smoke"), "b"),
    "a proof of nothing known": (("--agent", WRITES_CLI, "--gate", "a=true", "--prove", "a=beauty"), "beauty"),
    "an unknown kind": (("--agent", WRITES_CLI, "--kind", "poem"), "poem"),
    "no attempts": (("--agent", WRITES_CLI, "--max-attempts", "0"), "--max-attempts"),
    "negative tokens": (("--agent", WRITES_CLI, "--budget-tokens", "-1"), "--budget-tokens"),
    "a bad time": (("--agent", WRITES_CLI, "--budget-time", "soon"), "soon"),
    "infinite money": (("--agent", WRITES_CLI, "--budget-usd", "inf"), "--budget-usd"),
    "no money": (("--agent", WRITES_CLI, "--budget-usd", "0"), "--budget-usd"),
    "a secret in the agent's command": (("--agent", "command:x --token ghp_" + "Zx81kQ" * 6), "secret"),
    "a secret in a gate's command": (("--agent", WRITES_CLI, "--gate", "a=curl -H ghp_" + "Zx81kQ" * 6), "secret"),
    "a delivery without a remote": (("--agent", WRITES_CLI, "--delivery", "draft-pr"), "draft-pr"),
    "a store that is none": (("--agent", WRITES_CLI, "--store", "mysql://host/x"), "sqlite:///"),
}


@pytest.mark.parametrize("case", FLAGS)
def test_a_flag_that_will_not_do_is_named_and_nothing_begins(case, repository, home):
    flags, word = FLAGS[case]
    answer = omk("run", GOAL, *flags, at=repository)
    complained(answer, word)
    assert "ghp_" not in answer.err
    untouched(repository, home)


@pytest.mark.parametrize("goal", ["", "   ", "x" * 60_000])
def test_a_goal_without_words_or_with_too_many_is_refused(goal, repository, home):
    complained(omk("run", goal, "--agent", WRITES_CLI, at=repository))
    untouched(repository, home)


@pytest.mark.parametrize("flags", [("--accept", "maybe"), ("--max-attempts", "many"), ("--nonsense",), ("--merge", "now")])
def test_wrong_usage_is_exit_code_two(flags, repository, home):
    answer = omk("run", GOAL, "--agent", WRITES_CLI, *flags, at=repository)
    assert (answer.code, answer.out) == (2, "")
    untouched(repository, home)


def test_an_unknown_command_is_wrong_usage(repository):
    answer = omk("frobnicate", at=repository)
    assert (answer.code, answer.out) == (2, "")


CONFIGURATIONS = {
    "not TOML": ("gates = [", "TOML"),
    "an unknown key": ("agnet = 'x'\n", "agnet"),
    "a wrong value": ("accept = 'perhaps'\n", "accept"),
    "a gate without a command": ("[gates.tests]\nrequired = true\n", "run"),
    "an unknown key of a gate": ("[gates.tests]\nrun = 'true'\ntimeuot = '1s'\n", "timeuot"),
    "a bad timeout": ("[gates.tests]\nrun = 'true'\ntimeout = 'never'\n", "timeout"),
    "an unknown check": ("[gates.tests]\nrun = 'true'\nproves = ['beauty']\n", "beauty"),
    "a path outside": ("[scope]\nwrite = ['../x']\n", "../x"),
    "a secret": ("[gates.tests]\nrun = 'curl -H ghp_" + "Zx81kQ" * 6 + "'\n", "secret"),
}


@pytest.mark.parametrize("case", CONFIGURATIONS)
def test_a_bad_configuration_names_file_and_key(case, repository, home):
    content, word = CONFIGURATIONS[case]
    commit(repository, omk__toml=content)
    answer = omk("run", GOAL, "--agent", WRITES_CLI, at=repository)
    complained(answer, word)
    assert word == "secret" or "omk.toml" in answer.err
    untouched(repository, home)


# --- The store ---


def log_of(repository):
    return repository / ".git" / "omk" / "log.sqlite"


def test_a_locked_store_is_waited_for_and_then_refused(goal, repository, home, monkeypatch):
    before = log_of(repository).read_bytes()
    for opener in (SqliteLog, Writer):
        monkeypatch.setitem(opener.__init__.__kwdefaults__, "wait", 0.1)
    holder = sqlite3.connect(log_of(repository), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        complained(omk("accept", "--summary", "x", at=repository), "locked", "Wait")
        complained(omk("run", GOAL, "--agent", WRITES_CLI, *GATES, at=repository), "locked")
    finally:
        holder.close()
    assert log_of(repository).read_bytes() == before
    assert worktrees(home) == []
    assert len(git("for-each-ref", "--format=%(refname)", "refs/omk", at=repository).splitlines()) == 1
    assert omk("accept", "--summary", "x", at=repository).code == 0


DAMAGES = {
    "garbage": lambda path: path.write_bytes(b"this is no database at all, not even nearly" * 300),
    "truncated": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_a_damaged_store_is_refused_by_everything_and_left_as_it_is(case, goal, repository, home):
    sqlite3.connect(log_of(repository)).execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    for rest in ("-wal", "-shm"):
        log_of(repository).with_name(f"log.sqlite{rest}").unlink(missing_ok=True)
    DAMAGES[case](log_of(repository))
    damaged = log_of(repository).read_bytes()
    for order in (("list",), ("proof",), ("replay",), ("accept", "--summary", "x"), ("resume",)):
        complained(omk(*order, at=repository))
    complained(omk("run", GOAL, "--agent", WRITES_CLI, *GATES, at=repository))
    assert omk("fsck", at=repository).code in {1, 5}
    assert log_of(repository).read_bytes() == damaged
    assert worktrees(home) == []


def test_a_changed_record_is_named_by_goal_and_seq(goal, repository):
    database = sqlite3.connect(log_of(repository), isolation_level=None)
    query = "SELECT state FROM stored_events WHERE originator_id = ? AND originator_version = 9"
    (state,) = database.execute(query, (goal,)).fetchone()
    changed = state[:-9] + bytes([state[-9] ^ 1]) + state[-8:]
    database.execute("UPDATE stored_events SET state = ? WHERE originator_id = ? AND originator_version = 9", (changed, goal))
    database.close()
    for order in (("proof",), ("replay",), ("accept", "--summary", "x"), ("execute",)):
        complained(omk(*order, at=repository), goal, "9")
    checked = omk("fsck", "--json", at=repository)
    assert checked.code == 5
    assert {problem["seq"] for problem in checked.document["problems"]} >= {9}


def test_a_log_that_ends_before_its_anchor_is_refused(goal, repository):
    database = sqlite3.connect(log_of(repository), isolation_level=None)
    database.execute("DELETE FROM stored_events WHERE originator_version > 9")
    database.close()
    for order in (("proof",), ("accept", "--summary", "x")):
        complained(omk(*order, at=repository), goal)
    assert omk("fsck", at=repository).code == 5


@pytest.fixture
def closed(repository):
    """Takes every right to write in the repository away when called; gives it back at the end."""

    def close():
        for path in (repository, *repository.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)

    yield close
    for path in (repository, *repository.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def test_a_store_that_cannot_be_written_can_be_read_and_is_not_written(goal, repository, closed):
    expected = omk("replay", goal, "--json", at=repository).out
    closed()
    assert bound("replay", goal, "--json", at=repository) == Answer(0, expected, "")
    for order in (("accept", "--summary", "x"), ("execute",), ("run", GOAL, "--agent", WRITES_CLI, *GATES)):
        complained(bound(*order, at=repository), "written")
    assert omk("replay", goal, "--json", at=repository).out == expected


def test_a_repository_that_cannot_be_written_is_refused(repository, closed, home):
    closed()
    before = room(repository)
    complained(bound("run", GOAL, "--agent", WRITES_CLI, *GATES, at=repository), str(repository))
    assert room(repository) == before
    untouched(repository, home)


def test_a_state_folder_that_is_a_file_is_refused_and_the_goal_can_go_on(repository, home):
    write(home / ".local" / "state", "in the way")
    answer = omk("run", GOAL, "--agent", WRITES_CLI, *GATES, "--accept", "auto", at=repository)
    assert (answer.code, answer.out) == (1, "")
    assert len([line for line in answer.err.splitlines() if line.startswith("omk:")]) == 1
    assert str(home / ".local" / "state") in answer.err
    (home / ".local" / "state").unlink()
    resumed = omk("resume", "--json", at=repository)
    assert resumed.document["status"] == "ready", resumed.err


def test_an_agent_that_is_not_there_is_a_gap_and_no_failure(repository):
    answer = run_goal(at=repository, agent="command:no-such-agent --yes")
    assert answer.code == 0
    assert "agent.executed" in answer.codes
    assert "127" in answer.gap("agent.executed")["text"]


def test_a_lost_repository_of_omks_is_said_plainly(repository):
    run_goal(at=repository)
    shutil.rmtree(repository / ".git" / "omk" / "repo.git")
    assert omk("proof", at=repository).code == 0
    verified = omk("verify", "--json", at=repository)
    assert {gate["outcome"] for gate in verified.document["gates"]} == {"errored"}
    complained(omk("merge", at=repository))


def test_a_goal_of_another_repository_in_a_shared_store_is_not_worked_on(repository, tmp_path):
    url = f"sqlite:///{tmp_path}/shared/log.sqlite"
    goal = run_goal("--store", url, at=repository).document["goal"]
    other = tmp_path / "other"
    git("clone", "--quiet", str(repository), str(other), at=tmp_path)
    complained(omk("accept", goal, "--summary", "x", "--store", url, at=other))
    assert omk("accept", goal, "--summary", "x", "--store", url, at=repository).code == 0


def test_the_answer_of_a_process_is_the_same_one_line(repository):
    complained(process("proof", "nothing", at=repository))
    complained(process("run", GOAL, "--agent", "command:", at=repository))
