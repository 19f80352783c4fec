"""minimize: a folder with a smaller log that is sound and judged alike, and a store that stays as it is."""

import json

import pytest

from omk.domain.plan import EXECUTE
from omk.domain.subjects.agent import AgentFinished
from omk.log.blobs import Blob, pack
from omk.log.jsonl import JsonlLog, create
from tests.cli.calling import GOAL, omk, run_goal
from tests.history import STORIES, entries_of, red, stored
from tests.scenario import CREATED, goal, some, work
from tests.scenario import GOAL as TOLD
from tools.corpus import BLOBS, LOG, folded, open_run


@pytest.fixture
def store(tmp_path):
    """A store with a goal whose gate is red, and what that gate printed."""
    folder = tmp_path / "store"
    folder.mkdir()
    story, blobs = red()
    stored(folder, story, blobs=blobs)
    return folder


def minimize(store, *arguments):
    return omk("minimize", *arguments, "--store", f"sqlite://{store}", at=store.parent)


@pytest.mark.parametrize("name", ["y/" * 2_000 + "y", "store/log.sqlite/x"])
def test_a_folder_that_cannot_be_made_is_one_clear_line(store, name):
    answer = minimize(store, "latest", "--into", name)
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert "cannot be made" in answer.err


def test_a_folder_may_have_a_name_that_is_not_utf_8(store):
    assert minimize(store, "latest", "--into", "\udcff").code == 0
    assert (store.parent / "\udcff" / "about.md").read_text().startswith("# \ufffd\n")


def test_the_name_of_a_foreign_goal_leads_nowhere_else(tmp_path):
    odd = "x/../../../out"
    (tmp_path / "in").mkdir()
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"".join(entry.body + b"\n" for entry in entries_of(STORIES["unaccepted"], name=odd)))
    made = omk("minimize", str(log), "--json", at=tmp_path / "in")
    assert made.code == 0, made.err
    assert [path.name for path in (tmp_path / "in").iterdir()] == [made.document["folder"]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "log.jsonl"]


def codes(log):
    return [gap["code"] for gap in omk("proof", "--json", "--all", "--store", f"jsonl://{log}", at=log.parent).document["gaps"]]


def test_the_new_folder_is_a_sound_log_with_the_same_verdict(store):
    answer = minimize(store, "latest", "--json")
    assert answer.err == ""
    made = answer.document
    assert list(made) == ["goal", "seq", "status", "gaps", "events", "kept", "folder"]
    folder = store.parent / made["folder"]
    assert made["folder"] == f"minimized-not-ready-{TOLD}"
    names = {path.name for path in folder.iterdir()}
    assert names - {BLOBS} == {"about.md", "fold.json", "proof.json", "verdicts.json", "minimized.json", LOG}
    report = omk("fsck", "--json", "--store", f"jsonl://{folder / LOG}", at=folder)
    assert (report.code, report.document["problems"], report.document["events"]) == (0, [], len(made["kept"]))
    assert codes(folder / LOG) == made["gaps"]


def test_the_new_folder_and_its_log_stand_for_a_goal_wherever_one_is_read(store):
    made = minimize(store, "latest", "--json").document
    folder = store.parent / made["folder"]
    for name in (str(folder), f"{folder}/{LOG}", f"{made['folder']}@head"):
        answer = omk("proof", name, "--json", at=store.parent)
        assert (answer.document["status"], answer.codes) == (made["status"], made["gaps"])
    missing = omk("why", "nothing.jsonl", at=store.parent)
    assert (missing.code, missing.out) == (1, "")
    assert missing.err.startswith("omk: There is no log nothing.jsonl.")


def test_what_lies_beside_the_log_is_what_it_folds_to_and_where_it_came_from(store):
    made = minimize(store, "latest", "--into", "deep/er", "--json").document
    folder = store.parent / "deep" / "er"
    told = {name: text for name, text in folded(folder).items() if text}
    assert {name: (folder / name).read_text() for name in told} == told
    kept = json.loads((folder / "minimized.json").read_text())
    assert kept == {"goal": TOLD, "seq": made["seq"], "events": len(made["kept"]), "kept": made["kept"]}
    about = (folder / "about.md").read_text()
    assert about.startswith(
        f"# er\n\n**{kept['events']} of the {kept['seq']} events of {TOLD}@{kept['seq']} are still `not_ready`"
    )
    assert about.count("\n- `@") == kept["events"]


def test_texts_and_salts_stay_and_outputs_come_along(repository):
    assert run_goal(at=repository).code == 0
    assert omk("minimize", "latest", "--into", "least", "--json", at=repository).code == 0
    log, goal = open_run(repository / "least")
    first = next(iter(log.read(goal)))
    assert goal.endswith("-minimized")
    assert GOAL in first.open.decode()
    proof = omk("proof", "--json", "--all", "--store", f"jsonl://{repository / 'least' / LOG}", at=repository).document
    assert proof["summary"] == GOAL
    assert omk("fsck", "--json", "--store", f"jsonl://{repository / 'least' / LOG}", at=repository).document["problems"] == []
    assert all(log.blob(one["digest"]) is not None for one in proof["artifacts"])


def test_where_replays_are_kept_it_goes_there(store):
    (store.parent / "replays").mkdir()
    answer = minimize(store, "latest@1")
    assert answer.code == 0
    assert JsonlLog(store.parent / "replays" / f"minimized-not-ready-{TOLD}" / LOG).heads()[0].seq == 1


def test_the_store_stays_as_it_is(store):
    before = {path: path.read_bytes() for path in sorted(store.rglob("*")) if path.is_file()}
    for form in ("text", "md", "json"):
        answer = minimize(store, "latest", "--into", form, "--format", form)
        assert (answer.code, f"{form}" in answer.out) == (0, True)
    assert {path: path.read_bytes() for path in sorted(store.rglob("*")) if path.is_file()} == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("latest", "--into", "store"), "store is there already"),
        (("latest", "--into", "file/inside"), "cannot be made"),
        (("latest@0",), "no event up to position 0"),
        (("nobody",), "not found"),
    ],
)
def test_what_cannot_be_minimized_is_one_line_and_leaves_no_folder(store, arguments, words):
    (store.parent / "file").write_text("")
    before = sorted(store.parent.rglob("*"))
    answer = minimize(store, *arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert words in answer.err
    assert sorted(store.parent.rglob("*")) == before


def test_a_needed_output_that_is_gone_is_said_and_leaves_no_folder(tmp_path):
    output, _ = pack(b"done", b"", 4, b"salt")
    story = goal.given(*CREATED, *work()[:2], some(AgentFinished, agent=f"{EXECUTE}:1", output=output))
    entries = entries_of(story, blobs=[Blob(output.digest, b"", 0, b"")])
    create(tmp_path / "log.jsonl")
    JsonlLog(tmp_path / "log.jsonl").append(TOLD, entries, after=0)
    answer = omk("minimize", "--all", "--store", f"jsonl://{tmp_path / 'log.jsonl'}", at=tmp_path)
    assert (answer.code, answer.out) == (1, "")
    assert "that is needed was erased" in answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["log.jsonl"]


def test_a_ready_goal_is_minimized_to_a_ready_one(tmp_path):
    stored(tmp_path, STORIES["ready"])
    made = omk("minimize", "--json", "--into", "least", "--store", f"sqlite://{tmp_path}", at=tmp_path).document
    assert (made["status"], made["gaps"]) == ("ready", [])
    assert codes(tmp_path / "least" / LOG) == []
