"""An agent asks what it may do: the policy answers, or the person at the terminal, and both sides are on record."""

import json
import os
import shlex
import sys

import pytest

from tests.cli.calling import GATES, GOAL, Meeting, commit, git, omk, run_goal
from tests.cli.terminal import Terminal

OMK = f"{shlex.quote(sys.executable)} -m omk"
WRITES = "printf 'print(1)\\n' > cli.py"
REMOVES = f"{OMK} ask 'rm -r build' --kind delete && touch removed.txt; {WRITES}"


@pytest.fixture(autouse=True)
def omk_is_found(monkeypatch):
    """What an agent calls is this omk."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))


def told(repository):
    """What was asked and answered, in order: who, and the summary."""
    kinds = ("--kind", "permission_asked", "--kind", "permission_answered")
    return [(one["actor"], one["summary"]) for one in omk("replay", *kinds, "--json", at=repository).document["timeline"]]


def changed(repository):
    return omk("proof", "--json", at=repository).document["changed_files"]


def person():
    import getpass

    return f"person:{getpass.getuser()}"


ASKED = ("agent:goal-agent-execute:1", "goal-agent-execute:1, delete: rm -r build")


@pytest.mark.parametrize(
    ("policy", "answer", "files"),
    [
        ("safe", "refused by safe: nobody can be asked", ["cli.py"]),
        ("ask", "refused by ask: nobody can be asked", ["cli.py"]),
        ("never", "refused by never", ["cli.py"]),
        ("yolo", "allowed by yolo", ["cli.py", "removed.txt"]),
    ],
)
def test_without_a_person_the_policy_answers(policy, answer, files, repository):
    run_goal("--approve", policy, at=repository, agent=f"command:{REMOVES}")
    assert told(repository) == [ASKED, ("policy:approve", answer)]
    assert changed(repository) == files
    assert omk("fsck", at=repository).code == 0


def test_what_only_reads_is_safe_which_is_the_default_without_a_terminal(repository):
    run_goal(at=repository, agent=f"command:{OMK} ask 'ls' --kind read > answer.txt; {WRITES}")
    assert told(repository)[1] == ("policy:approve", "allowed by safe: it only reads")
    omk("accept", "--summary", "ok", at=repository)
    omk("merge", at=repository)
    assert "safe: it only reads" in (repository / "answer.txt").read_text()


def test_patterns_of_the_base_commit_allow_what_they_match(repository):
    commit(repository, omk__toml='[approve]\npolicy = "pattern"\nallow = ["rm -r build*"]\n')
    run_goal(at=repository, agent=f"command:{REMOVES}")
    assert told(repository)[1] == ("policy:approve", "allowed by pattern: rm -r build*")


def test_patterns_that_are_not_there_refuse_before_anything_begins(repository):
    refused = omk("run", GOAL, "--agent", "command:true", "--approve", "pattern", at=repository)
    assert (refused.code, refused.out, len(refused.err.splitlines())) == (1, "", 1)
    assert "[approve]" in refused.err
    assert omk("list", "--json", at=repository).document == []


def test_only_an_agent_asks(repository):
    refused = omk("ask", "rm -r build", at=repository)
    assert (refused.code, refused.out, len(refused.err.splitlines())) == (1, "", 1)
    assert "is for agents" in refused.err
    run_goal("--gate", f"acceptance={OMK} ask more", "--gate", "smoke=true", "--gate", "demo=true", at=repository)
    assert omk("proof", "--json", at=repository).gate("acceptance")["outcome"] == "failed"
    assert told(repository) == []


@pytest.mark.parametrize("words", ["' '", "$(head -c 5000 /dev/zero | tr '\\0' x)"], ids=["nothing", "too much"])
def test_what_says_nothing_or_too_much_is_no_question(words, repository):
    run_goal(at=repository, agent=f"command:{OMK} ask {words}; echo $? > code; {WRITES}")
    assert told(repository) == []
    assert omk("proof", "--json", at=repository).document["changed_files"] == ["cli.py", "code"]


def test_a_secret_in_a_question_is_not_recorded(repository):
    secret = "ghp_" + "aB3dE6gH9j" * 3 + "kL2mN5"
    run_goal(at=repository, agent=f'command:T=gh; {OMK} ask "push with ${{T}}p_{secret[4:]}"; {WRITES}')
    assert secret not in json.dumps(told(repository))
    assert "push with" in told(repository)[0][1]


# --- At a terminal ---


def at_terminal(repository, *more, agent=REMOVES):
    return Terminal("run", GOAL, "--agent", f"command:{agent}", *GATES, *more, at=repository)


@pytest.mark.parametrize(
    ("keys", "answer", "files"),
    [
        ("y\n", "allowed by ask: a person", ["cli.py", "removed.txt"]),
        ("no\n", "refused by ask: a person", ["cli.py"]),
        ("\n", "refused by ask: a person", ["cli.py"]),
        ("what?\nyes\n", "allowed by ask: a person", ["cli.py", "removed.txt"]),
    ],
)
def test_the_person_at_the_terminal_is_asked(keys, answer, files, repository):
    terminal = at_terminal(repository)
    terminal.until("rm -r build")
    terminal.until("[y/N]")
    terminal.type(keys)
    assert terminal.end() == 0
    assert told(repository) == [ASKED, (person(), answer)]
    assert changed(repository) == files


def test_an_interrupt_while_a_question_is_open_ends_the_run(repository):
    terminal = at_terminal(repository)
    terminal.until("[y/N]")
    terminal.type("\x03")
    assert terminal.end() == 130
    assert told(repository)[1] == ("policy:approve", "refused by ask: the agent does not wait any more")
    assert omk("fsck", at=repository).code == 0


def test_a_pause_from_another_terminal_takes_the_question_back(repository):
    terminal = at_terminal(repository, "--approve", "safe")
    terminal.until("[y/N]")
    omk("pause", at=repository)
    assert terminal.end() == 0
    assert told(repository)[1] == ("policy:approve", "refused by safe: the agent does not wait any more")
    assert omk("proof", "--json", at=repository).document["status"] == "paused"


def test_what_was_typed_before_a_question_is_no_answer_to_it(repository, tmp_path):
    go = Meeting(tmp_path / "go")
    os.mkfifo(tmp_path / "on")
    terminal = at_terminal(repository, agent=f"echo $$ > '{go.path}'; read _ < '{tmp_path}/on'; {REMOVES}")
    go.wait()
    terminal.type("y\ny\n")
    (tmp_path / "on").write_text("on\n")
    terminal.until("[y/N]")
    terminal.type("n\n")
    assert terminal.end() == 0
    assert told(repository)[1] == (person(), "refused by ask: a person")


def test_questions_of_one_agent_come_one_after_the_other(repository):
    both = f"{OMK} ask first & {OMK} ask second & wait; {WRITES}"
    terminal = at_terminal(repository, agent=both)
    terminal.until("[y/N]")
    terminal.answer("y\n", "[y/N]")
    terminal.type("n\n")
    assert terminal.end() == 0
    assert sorted(answer for _, answer in told(repository)[1::2]) == ["allowed by ask: a person", "refused by ask: a person"]
    assert git("status", "--porcelain", at=repository) == ""


def test_what_was_refused_is_told_at_once_and_shown_later(repository):
    answer = run_goal("--approve", "never", at=repository, agent=f"command:{REMOVES}")
    assert "agent goal-agent-execute:1 asked to delete, and was refused by never" in answer.err
    shown = omk("show", "--json", at=repository).document["permissions"]
    assert [(one["action"], one["title"], one["answer"]) for one in shown] == [("delete", "rm -r build", "refused")]
    assert "delete: rm -r build (never)" in omk("show", at=repository).out
