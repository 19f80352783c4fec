"""`omk when` and `omk diff`, as a person calls them, in real repositories."""

import json
import shutil
import sqlite3
import subprocess

import pytest

from tests.cli.calling import git, omk, room, run_goal, write
from tests.history import STORIES, stored
from tests.scenario import GOAL

OTHER = "g-9other"
GATES = ("--gate", "acceptance=test -f cli.py", "--gate", "smoke=test -s cli.py", "--gate", "demo=test ! -e broken")
AGENT = "command:printf 'print(1)\\n' > cli.py; rm -f gone.txt; mkdir -p 'a dir'; printf 'one\\ttwo\\n' > 'a dir/ü.txt'"


@pytest.fixture
def store(tmp_path):
    """A store with one ready goal, outside of any repository."""
    folder = tmp_path / "store"
    folder.mkdir()
    stored(folder, STORIES["ready"])
    return folder


def ask(store, *arguments):
    return omk(*arguments, "--store", f"sqlite://{store}", at=store)


def one_line(answer, code=1):
    assert (answer.code, answer.out, answer.err.count("\n")) == (code, "", 1)
    assert answer.err.startswith("omk: ")
    return answer.err


@pytest.fixture
def worked(repository):
    """A repository in which an agent added two files and deleted one."""
    write(repository / "gone.txt", "soon gone\n")
    git("add", "--all", at=repository)
    git("commit", "--quiet", "--message", "More", at=repository)
    assert run_goal(*GATES, at=repository, agent=AGENT).code == 0
    return repository


# --- when ---


def test_when_names_the_first_and_the_last_event_that_changed_a_value(store):
    first = ask(store, "when", GOAL, "gates.tests.outcome", "--json").document
    last = ask(store, "when", GOAL, "gates.tests.outcome", "--last", "--json").document
    assert (first["kind"], first["old"], first["value"], first["which"]) == ("gates_configured.v1", None, "never", "first")
    assert (last["kind"], last["old"], last["value"], last["which"]) == ("gate_ran.v1", "never", "passed", "last")
    assert first["goal"] == GOAL
    assert first["expression"] == "gates.tests.outcome"
    assert first["seq"] < last["seq"]
    record = next(one for one in ask(store, "replay", GOAL, "--json").document["timeline"] if one["seq"] == last["seq"])
    assert (record["kind"], record["at"]) == (last["kind"], last["at"])


def test_when_names_the_event_that_made_a_condition_true_and_since_when_it_is(store):
    first = ask(store, "when", "latest", "'hello.py' in files", "--json").document
    last = ask(store, "when", "latest", "'hello.py' in files", "--last", "--json").document
    head = ask(store, "status", "--json").document["seq"]
    assert (first["kind"], first["old"], first["value"]) == ("files_changed.v1", False, True)
    assert (last["seq"], last["since"], last["upto"]) == (head, first["seq"], head)


@pytest.mark.parametrize("last", [[], ["--last"]])
def test_what_was_never_so_is_null_and_done(store, last):
    answer = ask(store, "when", "latest", "len(files) > 3", *last, "--json")
    assert answer.code == 0
    assert [answer.document[key] for key in ("seq", "at", "kind", "value", "hint")] == [None, None, None, False, None]


def test_only_events_up_to_the_position_count(store):
    ready = ask(store, "when", "latest", 'proof.status == "ready"', "--json").document["seq"]
    assert ask(store, "when", f"latest@{ready - 1}", 'proof.status == "ready"', "--json").document["seq"] is None
    assert ask(store, "when", f"latest@{ready}", 'proof.status == "ready"', "--json").document["seq"] == ready
    assert ask(store, "when", "latest@0", "true", "--last", "--json").document["seq"] is None


def test_a_path_that_never_existed_is_told_with_the_keys_there_are(store):
    answer = ask(store, "when", "latest", "gates.test.outcome")
    assert answer.code == 0
    assert answer.out.startswith("never: ")
    assert "gates has no test at event" in answer.out
    assert "Did you mean tests?" in answer.out


def test_when_asks_the_latest_goal_unless_another_is_named(store):
    assert (
        ask(store, "when", "len(files) > 0", "--json").document == ask(store, "when", GOAL, "len(files) > 0", "--json").document
    )


def test_when_names_what_ended_a_condition(store):
    found = ask(store, "when", '"gate.tests" in gaps', "--last", "--json").document
    after = ask(store, "verdicts", GOAL, "--json").document
    ended = next(one for one in after if one["seq"] > found["seq"] and "gate.tests" in one["closed"])
    assert found["ended_by"] == {"seq": ended["seq"], "kind": ended["kind"]}
    assert found["seq"] == ended["seq"] - 1
    assert f"event {ended['seq']}, gate_ran, ended that" in " ".join(
        ask(store, "when", '"gate.tests" in gaps', "--last").out.split()
    )


def test_when_can_be_read_out_loud(store):
    answer = ask(store, "when", "latest", "gates.tests.outcome", "--last")
    assert 'gate_ran: gates.tests.outcome became "passed" (was "never")' in " ".join(answer.out.split())
    assert "**event " in ask(store, "when", "latest", "gates.tests.outcome", "--format", "md").out


@pytest.mark.parametrize("text", ["", "gate", "reviews.anti-slop", "__import__('os')", "seq ==", "9" * 5000, "\udcff"])
def test_a_bad_expression_is_one_line(store, text):
    assert "expression" in one_line(ask(store, "when", "latest", text, "--json")).lower()


# --- diff ---


def test_diff_tells_the_leaves_that_differ_with_the_event_that_changed_each(store):
    document = ask(store, "diff", f"{GOAL}@ready", "@3", "--json").document
    there = {one["path"]: one for one in document["changes"]}
    assert (document["a"]["goal"], document["b"]["goal"], document["b"]["seq"]) == (GOAL, GOAL, 3)
    assert (there["status"]["old"], there["proof.status"]["old"]) == ("ready", "ready")
    assert there["acceptance.status"] == {
        "path": "acceptance.status", "old": "accepted", "new": None, "cause": document["a"]["seq"],
    }  # fmt: skip
    assert document["files"] == [{"path": "hello.py", "operation": "modified"}]


def test_every_cause_is_the_event_that_when_names(store):
    for one in ask(store, "diff", f"{GOAL}@4", "@ready", "--json").document["changes"]:
        found = ask(store, "when", f"{GOAL}@ready", one["path"], "--last", "--json").document
        assert (found["seq"], found["value"]) == (one["cause"], one["new"]), one["path"]


def test_between_a_moment_and_itself_nothing_differs(store):
    document = ask(store, "diff", GOAL, "@head", "--json").document
    assert (document["changes"], document["files"]) == ([], [])
    assert "Nothing differs." in ask(store, "diff", GOAL, "@head").out


def test_between_two_goals_no_event_is_named(store):
    stored(store, STORIES["unaccepted"], name=OTHER)
    document = ask(store, "diff", GOAL, OTHER, "--json").document
    assert (document["a"]["goal"], document["b"]["goal"]) == (GOAL, OTHER)
    assert {one["cause"] for one in document["changes"]} == {None}
    assert {"goal.id", "acceptance.status", "status"} <= {one["path"] for one in document["changes"]}


@pytest.mark.parametrize("words", [("latest", "@999"), ("latest", "@"), ("latest@999", "@1"), ("nobody", "@1"), ("latest", "")])
def test_a_bad_address_on_either_side_is_one_line(store, words):
    one_line(ask(store, "diff", *words, "--json"))


def test_the_files_are_those_in_which_the_trees_differ(worked):
    document = omk("diff", "latest@1", "@head", "--json", at=worked).document
    added = [{"path": path, "operation": "added"} for path in ("a dir/ü.txt", "cli.py")]
    assert document["files"] == [*added, {"path": "gone.txt", "operation": "deleted"}]
    backwards = omk("diff", "latest", "@1", "--json", at=worked).document["files"]
    assert [one["operation"] for one in backwards] == ["deleted", "deleted", "added"]
    assert "patch" not in document


def test_with_files_comes_the_patch_and_it_applies(worked, tmp_path):
    document = omk("diff", "latest@0", "@head", "--files", "--json", at=worked).document
    copy = tmp_path / "copy"
    git("clone", "--quiet", str(worked), str(copy), at=tmp_path)
    subprocess.run(["git", "apply"], cwd=copy, input=document["patch"].encode(), check=True)
    assert (copy / "a dir" / "ü.txt").read_text() == "one\ttwo\n"
    assert (copy / "cli.py").read_text() == "print(1)\n"
    assert not (copy / "gone.txt").exists()


def test_the_patch_is_shown_in_text_and_markdown(worked):
    shown = omk("diff", "latest@1", "@head", "--files", at=worked).out
    assert "  + cli.py   (event " in shown
    assert "\n+print(1)\n" in shown
    assert "```diff" in omk("diff", "latest@1", "@head", "--files", "--format", "md", at=worked).out


def test_diff_changes_nothing(worked):
    def everything():
        return {str(path): path.read_bytes() for path in sorted(worked.rglob("*")) if path.is_file()}

    before, person = everything(), room(worked)
    assert omk("diff", "latest@1", "@head", "--files", "--json", at=worked).code == 0
    assert omk("when", "latest", "tree", at=worked).code == 0
    assert (everything(), room(worked)) == (before, person)


def test_files_that_a_moved_base_changed_are_told_by_git(worked):
    assert omk("accept", "--summary", "Good.", at=worked).code == 0
    write(worked / "meanwhile.txt", "more\n")
    git("add", "--all", at=worked)
    git("commit", "--quiet", "--message", "Meanwhile", at=worked)
    before = omk("status", "--json", at=worked).document["seq"]
    assert omk("merge", "--json", at=worked).code == 0
    document = omk("diff", f"latest@{before}", "@head", "--json", at=worked).document
    assert {"path": "meanwhile.txt", "operation": "added"} in document["files"]
    assert any(one["path"] == "base.commit" for one in document["changes"])


def test_without_the_code_the_rest_is_told_and_files_says_so_in_one_line(worked):
    shutil.rmtree(worked / ".git" / "omk" / "repo.git")
    assert omk("diff", "latest@1", "@head", "--json", at=worked).document["files"]
    assert "where omk keeps the code" in one_line(omk("diff", "latest@1", "@head", "--files", at=worked))
    assert not (worked / ".git" / "omk" / "repo.git").exists()


def test_outside_of_its_repository_a_goal_has_no_code_to_show(store):
    assert "not in a git repository" in one_line(ask(store, "diff", f"{GOAL}@1", "@head", "--files"))


@pytest.mark.parametrize("command", [("when", "latest", "seq"), ("diff", "latest@1", "@2")])
def test_damage_refuses(store, command):
    with sqlite3.connect(store / "log.sqlite") as connection:
        connection.execute("UPDATE stored_events SET state = replace(state, 'greet', 'grunt') WHERE originator_version = 1")
    connection.close()
    assert "damaged" in one_line(ask(store, *command))


@pytest.mark.parametrize("command", [("when", "latest", "seq"), ("diff", "latest@1", "@2")])
def test_where_no_store_is_it_says_how_to_begin_and_creates_none(repository, command):
    assert "omk run" in one_line(omk(*command, "--json", at=repository))
    assert not (repository / ".git" / "omk").exists()


def test_the_answers_depend_on_the_log_alone(store, monkeypatch):
    commands = (("when", GOAL, "len(gaps) < 3", "--json"), ("diff", f"{GOAL}@2", "@ready", "--json"))
    before = [ask(store, *one).out for one in commands]
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    moved = store.parent / "moved"
    store.rename(moved)
    assert [ask(moved, *one).out for one in commands] == before
    assert all(json.loads(one) for one in before)
