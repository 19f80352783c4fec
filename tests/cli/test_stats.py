"""omk stats: what is asked, what it is told, whose goals are meant, and one line for everything that is wrong."""

import json
import xml.etree.ElementTree as ET

import duckdb
import pytest

import omk as library
from omk.domain.subjects.goal import GoalCreated
from omk.domain.values import Repository
from omk.lake.question import questions
from tests.cli.calling import omk
from tests.history import STORIES, stored
from tests.lake.asking import called, worked_by
from tests.scenario import CREATED, READY, WORKED, create, gate_run, goal, some

OWN, FOREIGN = "repository-own", "repository-foreign"


def belongs(story, repository):
    """The same story in another repository."""
    created = create()
    first = some(GoalCreated, base=created.created.base, repository=Repository(id=repository, origin=None, subdirectory=""))
    return goal.given(type(created)(actor=created.actor, created=first, configured=created.configured, assessed=created.assessed),
                      *story[1:])  # fmt: skip


@pytest.fixture
def store(tmp_path):
    """A store with a ready goal, one that was, one with a red gate, and one with a tool that failed."""
    folder = tmp_path / "store"
    folder.mkdir()
    stored(folder, STORIES["ready"], name="g-ready")
    stored(folder, STORIES["stale"], name="g-stale")
    red = (*gate_run(outcome="failed", reason=None), *gate_run(attempt=2), *gate_run(outcome="failed", attempt=3, reason=None))
    stored(folder, goal.given(*WORKED, *red), name="g-red")
    stored(folder, goal.given(*CREATED, *worked_by("command:b", *called(1, "shell", "failed", 9))), name="g-tool")
    return folder


def stats(store, *arguments):
    return omk("stats", *arguments, "--store", f"sqlite://{store}", at=store)


def document(store, *arguments):
    answer = stats(store, *arguments, "--json")
    assert (answer.code, answer.err) == (0, "")
    return json.loads(answer.out)


def one_line(answer):
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.count("\n") == 1
    return answer.err


# --- What is asked ---


@pytest.mark.parametrize("form", [[], ["--format", "md"], ["--json"]])
def test_without_a_name_every_question_is_listed_with_its_sentence(tmp_path, form):
    answer = omk("stats", *form, at=tmp_path)
    assert answer.code == 0
    words = " ".join(answer.out.split())
    assert all(one.name in answer.out and one.sentence in words for one in questions().values())


@pytest.mark.parametrize("name", questions())
@pytest.mark.parametrize("form", [[], ["--format", "md"], ["--json"]])
@pytest.mark.parametrize("columns", ["40", "80", "120"])
def test_every_question_is_answered_in_every_format_and_width(store, name, form, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    answer = stats(store, name, *form)
    assert (answer.code, answer.err) == (0, "")
    assert questions()[name].sentence in " ".join(answer.out.replace("\\n", " ").split()).replace("# ", "")
    assert form or max(map(len, answer.out.splitlines())) <= int(columns)


def test_the_document_has_what_was_asked_what_it_was_told_and_exact_rows(store):
    found = document(store, "gate-failures", "--goal", "g-red", "--agent", "command")
    assert found["question"] == "gate-failures"
    assert found["parameters"] == {"since": None, "goal": "g-red", "agent": "command", "repository": None}
    assert [one["name"] for one in found["columns"]] == list(found["rows"][0])
    assert found["rows"][0]["failed_percent"] == 66.7


def test_an_answer_is_the_same_at_any_time_and_place(store, tmp_path):
    first = stats(store, "readiness", "--json").out
    assert omk("stats", "readiness", "--json", "--store", f"sqlite://{store}", at=tmp_path).out == first


# --- What it is told ---


def test_a_span_ends_at_the_newest_event_of_the_store(store):
    found = document(store, "lost-readiness", "--since", "2s")
    assert found["parameters"]["since"] == "2026-01-02T03:04:46.000000Z"
    assert [one["goal"] for one in found["rows"]] == ["g-stale"]
    assert document(store, "lost-readiness", "--since", "0s")["rows"] == []


@pytest.mark.parametrize("since", ["2026-01-02", "2026-01-02T03:04:47Z", "2026-01-02 04:04:47+01:00", "1d"])
def test_since_is_a_date_a_time_or_a_span(store, since):
    assert len(document(store, "lost-readiness", "--since", since)["rows"]) == 1


def test_a_goal_is_an_id_the_beginning_of_one_or_the_latest(store):
    assert document(store, "gate-failures", "--goal", "g-rea")["parameters"]["goal"] == "g-ready"
    assert document(store, "gate-failures", "--goal", "latest")["parameters"]["goal"] == "g-tool"
    assert "fits several goals" in one_line(stats(store, "gate-failures", "--goal", "g-"))
    assert "'x' not found" in one_line(stats(store, "gate-failures", "--goal", "x"))


def test_an_agent_is_any_part_of_how_it_is_driven(store):
    assert document(store, "tool-failures", "--agent", "command:b")["rows"][0]["failures"] == 1
    assert document(store, "tool-failures", "--agent", "COMMAND:B")["rows"] == []
    assert document(store, "tool-failures", "--agent", "' OR true --")["rows"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gate-failure"], "There is no question 'gate-failure'. Did you mean gate-failures"),
        (["zzz"], "There is no question 'zzz'. `omk stats` lists them."),
        (["flaky-gates", "--agent", "a"], "flaky-gates does not take --agent. It takes --since, --goal."),
        (["agents", "--goal", "latest"], "agents does not take --goal."),
        (["readiness", "--since", "yesterday"], "invalid --since: 'yesterday' is no time. Give a date"),
        (["readiness", "--since", "7"], "invalid --since: '7' is no time."),
        (["readiness", "--since", "2026-13-01"], "invalid --since: '2026-13-01' is no time."),
        (["readiness", "--since", "999999999999d"], "longer ago than there are dates"),
        (["readiness", "--since", ""], "invalid --since: it is empty."),
        (["readiness", "--since", "0001-01-01T00:00:00+14:00"], "invalid --since: '0001-01-01T00:00:00+14:00' is no time."),
        (["readiness", "--since", "9999-12-31T23:59:59-14:00"], "invalid --since: '9999-12-31T23:59:59-14:00' is no time."),
        (["--since", "7d"], "--since needs a question"),
        (["flaky-gates", "--goal", "g-ready", "--svg", "../x.svg"], "There is nothing to draw"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_line(store, arguments, said):
    assert said in one_line(stats(store, *arguments))
    assert not (store.parent / "x.svg").exists()


# --- Whose goals ---


def test_in_a_repository_its_own_goals_are_counted_and_with_all_those_of_others(repository, tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir()
    (repository / ".git" / "omk").mkdir()
    (repository / ".git" / "omk" / "repository-id").write_text(OWN)
    stored(folder, belongs(READY, OWN), name="g-own")
    stored(folder, belongs(READY, FOREIGN), name="g-foreign")
    place = ("--store", f"sqlite://{folder}", "--json")
    assert omk("stats", "time-to-ready", *place, at=repository).document["rows"][-1]["goals"] == 1
    assert omk("stats", "time-to-ready", *place, "--all", at=repository).document["rows"][-1]["goals"] == 2
    assert omk("stats", "retries", *place, "--goal", "latest", at=repository).document["parameters"]["goal"] == "g-own"


def test_an_empty_answer_says_that_there_are_goals_of_others(repository, tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir()
    stored(folder, belongs(READY, FOREIGN), name="g-foreign")
    answer = omk("stats", "retries", "--store", f"sqlite://{folder}", at=repository)
    assert answer.err == "omk: Also in this store, of other repositories: 1 goal (--all).\n"


def test_without_a_store_the_answer_is_a_sentence_and_no_store_is_made(repository):
    answer = omk("stats", "gate-failures", at=repository)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == "How often each gate failed, and how long it ran.\n\n  No gate has run.\n"
    assert omk("stats", "gate-failures", "--json", at=repository).document["rows"] == []
    assert not (repository / ".git" / "omk").exists()


# --- SQL and charts ---


@pytest.mark.parametrize("name", questions())
def test_the_sql_that_is_shown_gives_the_same_answer_by_itself(store, name):
    told = ["--since", "2026-01-02T03:04:00Z"]
    told += ["--agent", "command:./agent.sh"] if "agent" in questions()[name].parameters else []
    shown = stats(store, name, *told, "--show-sql")
    assert (shown.code, shown.err) == (0, "")
    assert "$" not in shown.out
    with library.lake(f"sqlite://{store}") as lake:
        rows = lake.sql(shown.out).fetchall()
    assert len(rows) == len(document(store, name, *told)["rows"])


def test_a_quotation_mark_stays_within_the_sql_that_is_shown(store):
    shown = stats(store, "retries", "--agent", "it's $goal", "--show-sql").out
    assert "contains(driver, 'it''s $goal')" in shown
    assert len(duckdb.extract_statements(shown)) == 1


@pytest.mark.parametrize("name", ["gate-failures", "readiness", "lost-readiness", "tool-failures"])
def test_a_chart_is_written_as_svg_beside_the_answer(store, name, tmp_path):
    file = tmp_path / "chart.svg"
    answer = stats(store, name, "--svg", str(file))
    assert (answer.code, answer.err) == (0, f"omk: the chart is in {file}\n")
    assert answer.out == stats(store, name).out
    words = " ".join(ET.fromstring(file.read_text()).itertext())
    assert questions()[name].sentence in " ".join(words.split())


def test_a_chart_that_cannot_be_written_is_told_in_one_line(store):
    said = one_line(stats(store, "gate-failures", "--svg", str(store.parent / "not" / "there.svg")))
    assert "There is no folder" in said


def test_a_chart_never_takes_the_place_of_the_store(store):
    before = (store / "log.sqlite").read_bytes()
    said = one_line(stats(store, "gate-failures", "--svg", str(store / "log.sqlite")))
    assert "belongs to the store" in said
    assert (store / "log.sqlite").read_bytes() == before
