"""replay --redecide: what today's controller would do otherwise, in every form, with the exit code that says so."""

import pytest

from omk.domain import wanted
from omk.log import jsonl
from omk.log.jsonl import JsonlLog
from omk.log.sqlite import SqliteLog
from tests.cli.calling import omk, run_goal
from tests.domain.simulated import reviewing_first
from tests.history import recorded
from tests.replay.redecide.telling import differences, driven, place_of, retold, told
from tests.scenario import GOAL, Story
from tools import corpus

COLUMNS = 80
OTHER = "Build a greenfield CLI the right way with acceptance smoke demo proof"
AGAIN = "command:printf 'print(2)\\n' > cli.py"


@pytest.fixture
def store(tmp_path):
    """A log in which a gate ended that had never begun, and how to read it: (address, options)."""
    records = driven()
    story = told(records)
    del story[place_of(records, "gate_started.v1")]
    path = tmp_path / "log.jsonl"
    jsonl.create(path)
    recorded(JsonlLog(path), Story(tuple(retold(story))))
    return GOAL, "--redecide", "--store", str(path)


def test_a_run_that_was_just_made_would_be_made_again(repository):
    made = run_goal(at=repository).document
    found = omk("replay", "latest", "--redecide", "--json", at=repository)
    assert (found.code, found.document["differences"], found.document["notes"]) == (0, [], [])
    assert found.document["goal"] == made["goal"]
    assert found.document["at"]["seq"] == made["seq"]
    assert found.document["choices"] > 10
    assert found.document["decisions"] > found.document["choices"]
    assert found.document["verdicts"] == 1


@pytest.mark.parametrize("run", [folder for folder in corpus.folders([]) if corpus.is_recorded(folder)], ids=lambda one: one.name)
def test_every_recorded_run_is_all_alike(run, tmp_path):
    found = omk("replay", "latest", "--redecide", "--store", str(run / corpus.LOG), at=tmp_path)
    assert found.code == 0
    assert found.out.endswith("all alike.\n")


def test_an_earlier_moment_is_asked_about_alone(repository):
    run_goal(at=repository)
    early = omk("replay", "latest@20", "--redecide", "--json", at=repository).document
    start = omk("replay", "latest@0", "--redecide", "--json", at=repository).document
    assert (early["at"]["seq"], early["choices"], early["verdicts"]) == (20, 1, 0)  # the plan
    assert (start["at"], start["decisions"], start["differences"]) == ({"seq": 0, "time": None}, 0, [])


def test_a_fork_is_asked_about_with_what_it_inherited_at_every_moment(repository):
    parent = run_goal(at=repository).document["goal"]
    fork = omk("fork", f"{parent}@files_changed", OTHER, "--json", at=repository).document["goal"]
    for step in (("execute", "--agent", AGAIN), ("verify",), ("review",)):
        assert omk(step[0], fork, *step[1:], at=repository).code == 0
    vague = omk("fork", parent, "make it better", "--json", at=repository).document["goal"]
    assert omk("decide", vague, "--answer", "It prints 2.", at=repository).code == 0
    for goal in (fork, vague):
        head = omk("replay", goal, "--redecide", "--json", at=repository).document
        assert (head["differences"], head["notes"]) == ([], [])
        records = list(SqliteLog(repository / ".git" / "omk" / "log.sqlite").read(goal))
        assert [seq for seq in range(len(records)) if differences(records[:seq])] == []


def test_a_difference_is_located_and_ends_with_the_code_of_damage(store, tmp_path):
    found = omk("replay", *store, "--json", at=tmp_path)
    first = found.document["differences"][0]
    assert found.code == 5
    assert (first["kind"], first["question"], first["actual"]) == ("gate_ran.v1", "decision", None)
    assert first["expected"]["kind"] == "gate_ran.v1"
    assert first["expected"]["gate"] == "tests"
    shown = omk("replay", f"{GOAL}@{first['seq']}", *store[1:3], store[3], "--json", at=tmp_path).document
    assert shown["differences"] == [first]
    assert first["at"] == shown["at"]["time"]


def test_a_difference_is_told_in_lines_that_fit(store, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    found = omk("replay", *store, at=tmp_path)
    lines = found.out.splitlines()
    assert found.code == 5
    assert lines[0].startswith(f" DIFFERENT   {GOAL}  at event ")
    assert max(len(line) for line in lines) <= COLUMNS
    at = lines.index("  event 29  gate_ran, a decision")
    assert lines[at + 1].startswith("    recorded  gate_ran gate=tests attempt=1 outcome=failed ")
    assert "    today     nothing" in lines[at + 2 :]


def test_a_controller_that_chooses_otherwise_is_told_with_what_it_would_do(repository, monkeypatch):
    run_goal(at=repository)
    monkeypatch.setattr(wanted, "ASK", reviewing_first())
    found = omk("replay", "latest", "--redecide", at=repository)
    assert found.code == 5
    assert "    recorded  begin_task task=goal-local-verify\n    today     begin_task task=goal-review\n" in found.out


def test_a_difference_is_a_row_of_a_table_in_markdown(store, tmp_path):
    found = omk("replay", *store, "--format", "md", at=tmp_path)
    assert found.code == 5
    assert "| event | kind | question | recorded | today |" in found.out
    assert "| 29 | gate\\_ran | decision | gate\\_ran gate=tests attempt=1 outcome=failed" in found.out


@pytest.mark.parametrize("more", [("--follow",), ("--speed", "2"), ("--kind", "gate_ran")])
def test_it_asks_about_every_record_or_not_at_all(more, repository):
    run_goal(at=repository)
    found = omk("replay", "latest", "--redecide", *more, at=repository)
    assert (found.code, found.out) == (2, "")
    assert "without --kind, --follow and --speed" in " ".join(found.err.split())


def test_asking_again_writes_nothing(repository):
    run_goal(at=repository)
    store = repository / ".git" / "omk"
    before = {path: path.read_bytes() for path in store.glob("*") if path.is_file()}
    assert omk("replay", "latest", "--redecide", at=repository).code == 0
    assert {path: path.read_bytes() for path in store.glob("*") if path.is_file()} == before


def test_every_key_of_the_document_stands_in_the_reference(store, tmp_path):
    text = (corpus.REPLAYS.parent / "docs" / "reference" / "json.md").read_text()
    section = text.partition("## replay --redecide\n")[2].partition("\n## ")[0]
    document = omk("replay", *store, "--json", at=tmp_path).document
    keys = {*document, *document["differences"][0]}
    assert [key for key in sorted(keys) if key not in section] == []
    assert section
