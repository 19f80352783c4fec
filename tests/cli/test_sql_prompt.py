"""The prompt of `omk sql` in a real terminal: many queries, history, completion, and nothing that goes wrong ends it."""

import shutil
import stat

import pytest

from omk.cli.completing import Completion
from omk.lake.tokens import is_complete
from tests.cli.calling import omk, run_goal
from tests.cli.terminal import Terminal
from tools.corpus import REPLAYS

LOG = REPLAYS / "gate-red-then-green" / "log.jsonl"
LONG = "select count(*) from range(100000000000) where range % 7 = 3;\n"


@pytest.fixture
def log(tmp_path):
    shutil.copy(LOG, tmp_path / "log.jsonl")
    return tmp_path


class Prompt(Terminal):
    """The prompt: each answer is followed by the next one."""

    def __init__(self, *arguments, at):
        super().__init__("sql", *arguments, at=at)
        self.until("omk> ")

    def asked(self, keys, text):
        return self.answer(keys, text, then="omk> ")

    def leave(self):
        self.type("\x04")
        return self.end()


def prompt(at, *arguments):
    return Prompt("--store", "log.jsonl", *arguments, at=at)


def test_queries_are_answered_until_one_leaves(log):
    terminal = prompt(log)
    assert "93" in terminal.asked("select count(*)\nfrom events\n;\n", "1 row")
    assert "(near" not in terminal.asked("selct 1;\n", 'syntax error at or near "selct"')
    terminal.asked("select 'a;b' as x;\n", "a;b")
    terminal.asked("copy events to 'x';\n", "COPY is not reading")
    assert terminal.leave() == 0
    assert "Traceback" not in terminal.plain
    assert sorted(path.name for path in log.iterdir()) == ["log.jsonl"]


def test_ctrl_c_ends_a_query_or_a_line_and_not_the_prompt(log):
    terminal = prompt(log)
    terminal.answer(LONG, "7 = 3;\r\n")  # a Ctrl-C before that would take back what is typed
    terminal.works()  # and one before the query begins, too
    terminal.asked("\x03", "interrupted")
    terminal.answer("select 1,\nsel", "...> sel")
    terminal.interrupt("omk> ")
    terminal.asked("select 42 as n;\n", "42")
    assert terminal.leave() == 0, terminal.plain
    assert "Traceback" not in terminal.plain


def test_ctrl_c_ends_one_query_of_the_command_line(log):
    terminal = Terminal("sql", "--store", "log.jsonl", LONG.strip(), "--timeout", "1d", at=log)
    terminal.works()
    terminal.type("\x03")
    assert terminal.end() == 130


def test_commands_tell_of_the_tables_and_change_how_answers_are_written(log):
    terminal = prompt(log)
    assert "state_at(goal, seq)" in terminal.asked(".tables\n", "state_at(goal, seq)")
    shown = terminal.asked(".schema gates\n", "ended_at")
    assert "milliseconds" in shown
    assert "BIGINT" in shown
    terminal.asked(".schema nothing\n", "Name a table: events,")
    terminal.asked(".mode json\nselect 1 as a;\n", '[{"a":1}]')
    terminal.asked(".mode csv\nselect 1 as a, 2 as b;\n", "a,b")
    terminal.asked(".mode md\nselect 1 as a;\n", "| a |")
    terminal.asked(".mode odd\n", "Name one of text, json, csv, md; it is md.")
    terminal.asked(".mode text\n.rows 2\nfrom range(9);\n", "2 of 9 rows")
    terminal.asked(".help\n", ".quit")
    terminal.asked(".nonsense\n", "There is no .nonsense.")
    terminal.type(".quit\n")
    assert terminal.end() == 0


def test_the_history_is_kept_for_oneself_and_comes_back(log, home):
    terminal = prompt(log)
    terminal.asked("select 'from the\nfirst session' as x;\n", "1 row")
    assert terminal.leave() == 0
    kept = home / ".local" / "state" / "omk" / "sql-history"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text() == "select 'from the first session' as x;\n"
    terminal = prompt(log)
    terminal.asked("\x1b[A\n", "1 row")
    assert terminal.leave() == 0


def test_the_tab_key_completes(log):
    terminal = prompt(log)
    terminal.asked("select count(*) as n from verd\t;\n", "from verdicts")
    terminal.asked("select durat\t from gates limit 1;\n", "duration_ms")
    assert terminal.leave() == 0


def test_each_query_sees_the_newest_record(repository):
    assert run_goal(at=repository).code == 0
    terminal = Prompt(at=repository)
    query = ".mode json\nselect count(*) as n from events where name = 'change_accepted';\n"
    terminal.asked(query, '[{"n":0}]')
    assert omk("accept", "--summary", "Good.", at=repository).code == 0
    terminal.asked(query, '[{"n":1}]')
    assert terminal.leave() == 0


def test_a_prompt_writes_no_file(log):
    for arguments in (("--output", "x.csv"), ("--format", "parquet")):
        terminal = Terminal("sql", "--store", "log.jsonl", *arguments, at=log)
        assert terminal.end() == 2


def test_a_prompt_without_a_store_says_so(tmp_path):
    terminal = Terminal("sql", at=tmp_path)
    assert terminal.end() == 1
    assert "There is no store here." in terminal.plain


@pytest.mark.parametrize(
    ("query", "is_whole"),
    [
        ("select 1", False),
        ("select 1;", True),
        ("select 1; ", True),
        ("select 1; -- done", True),
        ("select 1 -- done;", False),
        ("select 'a;", False),
        ("select 'a;'", False),
        ("select 'a';\n", True),
        ("select /* ; */ 1", False),
        ('select ";"', False),
        (";", True),
        ("", False),
    ],
)
def test_a_query_is_whole_at_its_semicolon(query, is_whole):
    assert is_complete(query) is is_whole


@pytest.mark.parametrize(
    ("before", "typed", "begun", "offered"),
    [
        ("", "", ".t", [".tables"]),
        ("", ".schema ", "ga", ["gates", "gaps"]),
        ("", ".mode ", "c", ["csv"]),
        ("", "select * from ", "ev", ["events"]),
        ("", "select * from ", "state_a", ["state_at("]),
        ("", "select gates.dur", "gates.dur", ["gates.duration_ms"]),
        ("select * from verdicts", "where ", "op", ["opened"]),
        ("", "", "sel", ["select"]),
        ("", "", "SEL", ["SELECT"]),
        ("", "select ", "xyz", []),
    ],
)
def test_what_may_stand_there_is_offered(before, typed, begun, offered):
    completion = Completion([".tables", ".schema", ".mode"], lambda: before)
    offers = completion.offers(begun, typed)
    assert set(offered) <= set(offers)
    assert all(one.startswith(begun) for one in offers)
    assert bool(offers) is bool(offered)
