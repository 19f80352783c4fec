"""`omk audit`: one page for an auditor, in four forms, from a store, a log file or a folder, the same for everybody."""

import html
import re
import shutil

import pytest

from omk.domain.subjects.agent import CallTool, FinishTool, ToolCalled, ToolFinished
from omk.lake.opening import lake_at
from omk.log.sqlite import SqliteLog
from tests.cli.calling import omk, run_goal
from tests.cli.pages import outline
from tests.history import entries_of, stored
from tests.lake.dossiers import FORK, LOST, forked, without_texts, written
from tests.scenario import (
    AGENT,
    CREATED,
    READY,
    WORKED,
    gate_run,
    goal,
    some,
    work,
)
from tools import corpus

RUNS = [pytest.param(folder, id=folder.name) for folder in corpus.folders([])]
FORMS = ("text", "md", "html", "json")


@pytest.mark.parametrize("run", RUNS)
def test_every_recorded_run_is_written_in_every_form(run, tmp_path):
    answers = {}
    for form in FORMS:
        answer = omk("audit", str(run), "--format", form, at=tmp_path)
        assert (answer.code, answer.err) == (0, "")
        assert answer.out.endswith("\n")
        answers[form] = answer.out
        (head,) = corpus.open_run(run)[0].heads()
        assert head.goal in answer.out
    page = outline(answers["html"])
    assert page.tags.count("title") == page.tags.count("main") == page.tags.count("h1") == 1
    assert page.tags.count("table") == page.tags.count("caption")
    assert max(map(len, answers["text"].splitlines())) <= 80


def test_every_statement_that_explain_shows_gives_what_the_page_says(tmp_path):
    run = corpus.REPLAYS / "base-moved-and-proven-again"
    document = omk("audit", str(run), "--json", at=tmp_path).document
    shown = {name: part["sql"] for name, part in document["parts"].items()}
    text = omk("audit", str(run), "--explain", at=tmp_path).out
    told = {}
    for name, body in re.findall(r"^  SQL of (\w+):[^\n]*(?:\n  \S[^\n]*)*\n((?:    .*\n)+)", text, re.MULTILINE):
        told[name] = "\n".join(line[4:] for line in body.splitlines())
    marked = omk("audit", str(run), "--explain", "--format", "md", at=tmp_path).out
    fenced = dict(re.findall(r"^SQL of (\w+):[^\n]*\n\n```sql\n(.*?)\n```", marked, re.MULTILINE | re.DOTALL))
    page = omk("audit", str(run), "--explain", "--format", "html", at=tmp_path).out
    detailed = re.findall(r"SQL of (\w+):[^\n]*</summary>\n<pre><code>(.*?)</code>", page, re.DOTALL)
    assert told.keys() == fenced.keys() == {name for name, _ in detailed} == shown.keys()
    with lake_at(str(run / corpus.LOG)) as lake:
        for name, sql in [*told.items(), *fenced.items(), *((name, html.unescape(sql)) for name, sql in detailed)]:
            assert sql == shown[name]
            assert len(lake.sql(sql).fetchall()) == document["parts"][name]["total"]
    assert "SQL of" not in omk("audit", str(run), at=tmp_path).out


def test_a_number_on_the_page_is_the_one_that_its_statement_gives(tmp_path):
    run = corpus.REPLAYS / "gate-red-then-green"
    text = omk("audit", str(run), "--explain", at=tmp_path).out
    sql = text.split("SQL of counts:")[1].partition("\n")[2].split("\n\n")[0]
    with lake_at(str(run / corpus.LOG)) as lake:
        found = lake.sql(sql)
        numbers = dict(zip(found.columns, found.fetchall()[0], strict=True))
    assert f"runs of gates                   {numbers['gate_runs']}\n" in text
    assert f"review passes                   {numbers['review_passes']}\n" in text


def test_a_page_that_leaves_rows_out_shows_how_to_see_them(tmp_path):

    runs = [step for attempt in range(1, 61) for step in gate_run(outcome="failed", attempt=attempt)]
    path = written(tmp_path / "log.jsonl", entries_of(goal.given(*WORKED, *runs)))
    for form in ("text", "md", "html"):
        out = omk("audit", str(path), "--format", form, at=tmp_path).out
        assert "20 of them left out here" in out
        assert "SQL of gate_runs" in out


def test_a_goal_with_thousands_of_tool_calls_stays_one_page(tmp_path):
    began, started, finished = work()
    calls = []
    for number in range(1_500):
        called = some(ToolCalled, tool=f"call-{number}", agent="goal-agent-execute:1", name=f"tool-{number % 100}")
        outcome = "failed" if number % 10 == 0 else "succeeded"
        ended = some(ToolFinished, tool=f"call-{number}", agent="goal-agent-execute:1", outcome=outcome, output=None)
        calls += [CallTool(actor=AGENT, called=called), FinishTool(actor=AGENT, finished=ended)]
    path = written(tmp_path / "log.jsonl", entries_of(goal.given(*CREATED, began, started, *calls, finished)))
    out = omk("audit", str(path), at=tmp_path).out
    assert "tool calls                      1,500\n" in out
    assert "… 60 left out here; the query below gives all …" in out
    assert "SQL of tools" in out
    assert len(out.splitlines()) < 400


def test_the_page_is_the_same_wherever_the_log_is_and_whatever_the_time_zone(tmp_path, monkeypatch):
    story = goal.given(*READY)
    entries = entries_of(story, issued=True)
    first = written(tmp_path / "log.jsonl", entries)
    (tmp_path / "elsewhere").mkdir()
    second = shutil.copy(first, tmp_path / "elsewhere" / "copy.jsonl")
    (tmp_path / "store").mkdir()
    store = stored(tmp_path / "store", story)
    before = {form: omk("audit", str(first), "--format", form, "--explain", at=tmp_path).out for form in FORMS}
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    for form in FORMS:
        assert omk("audit", str(second), "--format", form, "--explain", at=tmp_path / "elsewhere").out == before[form]
        answer = omk("audit", "latest", "--store", f"sqlite://{store}", "--format", form, "--explain", at=tmp_path)
        assert answer.out == before[form]
    assert SqliteLog(store).heads()[0].goal in before["text"]


def test_as_of_an_event_the_page_tells_nothing_of_later_ones(tmp_path):
    path = written(tmp_path / "log.jsonl", entries_of(LOST))
    ready = omk("audit", f"{path}@ready", at=tmp_path)
    assert ready.code == 0, ready.err
    assert ready.out.startswith(" READY ")
    assert "What is open (0)".upper() in ready.out
    early = written(tmp_path / "early.jsonl", entries_of(goal.given(*READY)))
    assert ready.out == omk("audit", str(early), at=tmp_path).out
    assert omk("audit", str(path), at=tmp_path).out.startswith(" NOT READY ")


@pytest.mark.parametrize("seq", [0, 1])
@pytest.mark.parametrize("form", FORMS)
def test_a_goal_that_has_done_nothing_yet_has_a_page(seq, form, tmp_path):
    path = written(tmp_path / "log.jsonl", entries_of(goal.given(*READY)))
    answer = omk("audit", f"{path}@{seq}", "--format", form, "--explain", at=tmp_path)
    assert (answer.code, answer.err) == (0, "")


def test_a_fork_says_what_it_inherits(tmp_path):
    path = written(tmp_path / "log.jsonl", *forked())
    out = omk("audit", FORK, "--store", str(path), "--all", at=tmp_path).out
    assert "This goal is a fork" in out
    assert "$1.25" in out
    assert "(inherited)" in out


def test_a_text_that_was_erased_says_so_on_the_page(tmp_path):
    path = written(tmp_path / "log.jsonl", without_texts(entries_of(goal.given(*READY)), 1))
    assert "│ (erased)" in omk("audit", str(path), at=tmp_path).out


def test_the_open_gaps_are_those_of_why_with_owner_missing_event_and_command(tmp_path):
    path = written(tmp_path / "log.jsonl", entries_of(LOST))
    why = omk("why", str(path), "--json", at=tmp_path).document
    page = omk("audit", str(path), "--json", at=tmp_path).document
    assert [gap["code"] for gap in page["gaps"]] == [gap["code"] for gap in why["blocking"]]
    text = omk("audit", str(path), "--format", "md", at=tmp_path).out
    for gap in why["blocking"]:
        assert gap["command"] in text
        assert gap["owner"] in text


def test_a_goal_of_a_repository_is_found_as_every_command_finds_it(repository):
    run_goal("--accept", "auto", at=repository)
    page = omk("audit", at=repository)
    assert page.code == 0, page.err
    assert page.out.startswith(" READY ")
    assert omk("audit", "latest@gate:smoke#1", "--json", at=repository).document["status"] == "running"


def test_a_file_is_written_and_named_and_nothing_goes_to_stdout(tmp_path):
    run = corpus.REPLAYS / "ready-at-first-try"
    answer = omk("audit", str(run), "--format", "html", "--output", "page.html", at=tmp_path)
    assert (answer.code, answer.out) == (0, "")
    assert "page.html" in answer.err
    assert (tmp_path / "page.html").read_text() == omk("audit", str(run), "--format", "html", at=tmp_path).out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nowhere.jsonl",), 1, "There is no log"),
        (("RUN@999",), 1, "outside"),
        (("RUN", "--format", "pdf"), 2, "pdf"),
        (("RUN", "--json", "--format", "md"), 2, "not both"),
        (("RUN", "--output", "no/such/folder/page.md"), 1, "There is no folder"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(arguments, code, words, tmp_path):
    run = str(corpus.REPLAYS / "ready-at-first-try")
    answer = omk("audit", *(one.replace("RUN", run) for one in arguments), at=tmp_path)
    assert (answer.code, answer.out) == (code, "")
    assert words in answer.err
    assert "Traceback" not in answer.err


def test_every_key_of_the_document_stands_in_the_reference(tmp_path):
    run = corpus.REPLAYS / "gate-red-then-green"
    document = omk("audit", str(run), "--json", at=tmp_path).document
    text = (corpus.REPLAYS.parent / "docs" / "reference" / "json.md").read_text()
    section = text.partition("## audit\n")[2].partition("\n## ")[0]
    assert [key for key in document if f"`{key}`" not in section] == []
    with lake_at(str(run / corpus.LOG)) as lake:
        for name, part in document["parts"].items():
            (line,) = [line for line in section.splitlines() if line.startswith(f"| `{name}` |")]
            assert re.findall(r"`(\w+)`", line.rpartition("|")[0].rpartition("|")[2]) == lake.sql(part["sql"]).columns


def test_every_query_can_be_given_to_omk_sql_as_it_is(tmp_path):
    log = corpus.REPLAYS / "base-moved-and-proven-again" / corpus.LOG
    document = omk("audit", str(log), "--json", at=tmp_path).document
    for name, part in document["parts"].items():
        answer = omk("sql", part["sql"], "--store", str(log), "--json", at=tmp_path)
        assert answer.code == 0, (name, answer.err)
        assert len(answer.document) == part["total"]
        assert all(list(found) == list(shown) for found, shown in zip(answer.document, part["rows"], strict=False))
