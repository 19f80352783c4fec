"""`omk sql`: a query from the command line, a file or standard input; the answer as text, JSON, CSV, Markdown or Parquet."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import time

import pytest
from pyarrow import parquet

from tests.cli.calling import omk, process, run_goal
from tests.cli.terminal import Terminal
from tools.corpus import REPLAYS

LOG = str(REPLAYS / "gate-red-then-green" / "log.jsonl")
GATES = "select gate, outcome, duration_ms from gates order by started_seq"


def sql(*arguments, at):
    return omk("sql", "--store", LOG, *arguments, at=at)


def piped(text, *arguments, at):
    command = (sys.executable, "-m", "omk", "sql", "--store", LOG, *arguments)
    return subprocess.run(command, input=text, capture_output=True, cwd=at, check=False)


def bytes_in(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# --- Where the query comes from ---


def test_a_query_is_answered_as_a_table(tmp_path):
    answer = sql(GATES, at=tmp_path)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines()[:4] == [
        "  gate        outcome  duration_ms",
        "  ──────────  ───────  ───────────",
        "  acceptance  passed             1",
        "  smoke       passed            94",
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_query_comes_from_a_file_or_from_standard_input(tmp_path):
    (tmp_path / "gates.sql").write_text(f"\ufeff-- all gates\n{GATES};\n", encoding="utf-8")
    expected = sql(GATES, at=tmp_path).out
    assert sql("--file", "gates.sql", at=tmp_path).out == expected
    assert piped(GATES.encode(), at=tmp_path).stdout.decode() == expected
    assert piped(GATES.encode(), "--file", "-", at=tmp_path).stdout.decode() == expected
    assert piped(GATES.encode(), "-", at=tmp_path).stdout.decode() == expected


def test_what_is_no_query_is_said_in_one_line(tmp_path):
    (tmp_path / "latin.sql").write_bytes(b"select '\xe9'")
    for answer, said in (
        (sql("", at=tmp_path), "omk: The lake answers one query at a time, and there is none here.\n"),
        (sql("--file", "latin.sql", at=tmp_path), "omk: latin.sql is not UTF-8 text (byte 9). Save the query as UTF-8.\n"),
        (sql("--file", "none.sql", at=tmp_path), "omk: none.sql: No such file or directory. "),
    ):
        assert (answer.code, answer.out) == (1, "")
        assert answer.err.startswith(said)
        assert answer.err.count("\n") == 1
    empty = piped(b" \n", at=tmp_path)
    assert (empty.returncode, empty.stdout) == (1, b"")
    assert empty.stderr == b"omk: There is no query in standard input. Give one, as in: omk sql 'from goals'\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("select 1", "--file", "x.sql"),
        ("select 1", "--json", "--format", "csv"),
        ("select 1", "--timeout", "soon"),
        ("select 1", "--memory", "much"),
        ("select 1", "--rows", "-1"),
        ("select 1", "--format", "yaml"),
    ],
)
def test_a_command_line_that_makes_no_sense_ends_with_2(arguments, tmp_path):
    answer = sql(*arguments, at=tmp_path)
    assert (answer.code, answer.out) == (2, "")


def test_without_a_store_it_says_so_and_makes_none(tmp_path, repository):
    for place in (tmp_path, repository):
        answer = omk("sql", "select 1", at=place)
        assert (answer.code, answer.out) == (1, "")
        assert answer.err.startswith("omk: There is no store here.")
        assert answer.err.count("\n") == 1
    assert not (repository / ".git" / "omk").exists()


def test_a_repository_is_asked_and_the_answer_has_the_newest_record(repository):
    assert run_goal(at=repository).code == 0
    before = omk("sql", "select count(*) as n from events", "--json", at=repository).document[0]["n"]
    assert omk("accept", "--summary", "It is good.", at=repository).code == 0
    after = omk(
        "sql", "select count(*) as n, arg_max(texts->>'summary', position) as said from events", "--json", at=repository
    ).document[0]
    assert after["n"] > before
    assert after["said"] == "It is good."


# --- How the answer is written ---


def test_json_is_one_array_of_objects(tmp_path):
    query = (
        "select 9223372036854775807::hugeint * 10 as big, 1.10::decimal(4,2) as money, null as nothing, true as yes, "
        "timestamptz '2026-11-22 10:15:00.123456+00' as at_noon, '{\"a\": [1]}'::json as document, "
        "['x', null] as list, 'é' as text"
    )
    answer = sql(query, "--json", at=tmp_path)
    assert answer.out == (
        '[{"big":92233720368547758070,"money":1.10,"nothing":null,"yes":true,"at_noon":"2026-11-22T10:15:00.123456Z",'
        '"document":{"a": [1]},"list":["x",null],"text":"é"}]\n'
    )
    assert sql("select 1 as a where false", "--json", at=tmp_path).out == "[]\n"
    assert sql("select 1 as a, 2 as a", "--json", at=tmp_path).out == '[{"a":1,"a_1":2}]\n'
    assert len(sql("from range(5000)", "--json", at=tmp_path).document) == 5000


def test_a_payload_is_json_within_json(tmp_path):
    row = sql("select payload, causes from events where name = 'gate_ran' limit 1", "--json", at=tmp_path).document[0]
    assert row["payload"]["gate"] == "acceptance"
    assert isinstance(row["causes"], list)


def test_csv_is_read_back_by_others(tmp_path):
    answer = sql("select 'a,\"b\"\nc' as x, null as y, [1,2] as z, 1.5::decimal(3,1) as d", "--format", "csv", at=tmp_path)
    assert list(csv.reader(io.StringIO(answer.out))) == [["x", "y", "z", "d"], ['a,"b"\nc', "", "[1,2]", "1.5"]]


def test_markdown_is_a_table(tmp_path):
    answer = sql("select 'a|b' as x, 1 as n", "--format", "md", at=tmp_path)
    assert answer.out == "| x | n |\n| --- | ---: |\n| a\\|b | 1 |\n"


def test_parquet_goes_to_a_file_whose_name_says_so(tmp_path):
    answer = sql("select *, 1 as goal from gates", "--output", "gates.parquet", at=tmp_path)
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    table = parquet.read_table(tmp_path / "gates.parquet")
    assert table.num_rows == 6
    assert table.column_names[0] == "goal"
    assert table.column_names[-1] == "goal_1"
    assert [path.name for path in tmp_path.iterdir()] == ["gates.parquet"]
    whole = piped(b"select sum(duration_ms) as total from gates", "--format", "parquet", at=tmp_path)
    assert parquet.read_table(io.BytesIO(whole.stdout)).column("total").to_pylist() == [393]


def test_what_parquet_has_no_type_for_is_named(tmp_path):
    answer = sql("select interval '1 day' as i", "--output", "x.parquet", at=tmp_path)
    assert answer.code == 1
    assert answer.err.startswith("omk: Parquet has no such type")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_when_the_answer_is_whole_and_left_alone_when_it_fails(tmp_path):
    (tmp_path / "a.csv").write_text("old")
    (tmp_path / "a.csv").chmod(0o640)
    failed = sql("select 'x'::bigint from range(3)", "-o", "a.csv", at=tmp_path)
    assert failed.code == 1
    assert (tmp_path / "a.csv").read_text() == "old"
    assert sql("select 1 as a", "-o", "a.csv", at=tmp_path).code == 0
    assert (tmp_path / "a.csv").read_text() == "a\n1\n"
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o640
    assert sql("select 1 as a", "-o", "b.json", at=tmp_path).code == 0
    assert json.loads((tmp_path / "b.json").read_text()) == [{"a": 1}]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.json"]


def test_an_answer_never_takes_the_place_of_the_store(repository, tmp_path):
    assert run_goal(at=repository).code == 0
    store = repository / ".git" / "omk"
    before = bytes_in(store)
    for name in ("log.sqlite", "log.sqlite-wal", "lake/x.csv", "heads/x", "new"):
        answer = omk("sql", "select 1", "-o", str(store / name), at=repository)
        assert answer.code == 1, name
        assert "belongs to the store" in answer.err
        for words in (("audit", "latest", "-o"), ("stats", "blocking-gaps", "--svg")):
            answer = omk(*words, str(store / name), at=repository)
            assert (answer.code, "belongs to the store" in answer.err) == (1, True), (words, name)
    (tmp_path / "link").symlink_to(store / "log.sqlite")
    assert omk("sql", "select 1", "-o", str(tmp_path / "link"), at=repository).code == 1
    shutil.copy(LOG, tmp_path / "log.jsonl")
    answer = omk("sql", "select 1", "--store", "log.jsonl", "-o", "log.jsonl", at=tmp_path)
    assert "belongs to the store" in answer.err
    assert omk("sql", "select 1", "--store", "log.jsonl", "-o", "other.jsonl", at=tmp_path).code == 0
    assert {path: content for path, content in bytes_in(store).items() if path in before} == before


def test_text_shows_as_many_rows_as_one_asks_for_and_says_what_is_missing(tmp_path):
    answer = sql("from range(500)", "--rows", "3", at=tmp_path)
    assert answer.out.splitlines() == ["  range", "  ─────", "      0", "      1", "      2"]
    assert answer.err == "omk: 3 of 500 rows; --rows 0 shows all, --format json, csv and parquet have all\n"
    assert len(sql("from range(5000)", at=tmp_path).out.splitlines()) == 5002
    many = sql("from range(1000000)", "--rows", "1", at=tmp_path)
    assert many.err.startswith("omk: 1 of more than 100,001 rows")


def test_a_number_is_never_cut(tmp_path):
    answer = sql("select range as n, 'a' as word from range(100000)", at=tmp_path)
    assert answer.out.splitlines()[-1].split() == ["99999", "a"]


def test_nothing_in_an_answer_can_steer_the_terminal(tmp_path):
    hostile = "select chr(27) || '[31mred' || chr(155) || '2J' || chr(8238) as \"a\x1b[31m\", chr(10) || 'b' as b"
    for form in ("text", "md"):
        out = sql(hostile, "--format", form, at=tmp_path).out
        assert "\x1b" not in out
        assert "\x9b" not in out
        assert "\u202e" not in out
    assert "\x1b" not in sql(hostile, "--json", at=tmp_path).out
    terminal = Terminal("sql", "--store", LOG, hostile, "--format", "csv", at=tmp_path)
    assert terminal.end() == 0
    assert "\x1b" not in terminal.seen


def test_a_plan_is_shown_as_it_is(tmp_path):
    out = sql("explain select count(*) from events", at=tmp_path).out
    assert out.startswith("╭─")
    assert "explain_key" not in out


# --- What goes wrong ---


def test_what_is_refused_writes_nothing(tmp_path):
    refused = (
        "copy events to 'x'",
        "select * from read_text('/etc/passwd')",
        "select at from events",
        "select 'x'::int from range(9)",
    )
    for query in refused:
        answer = sql(query, "--json", at=tmp_path)
        assert (answer.code, answer.out) == (1, "")
        assert answer.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_fails_at_its_end_writes_nothing(tmp_path):
    query = "select case when range = 99999 then 'x'::varchar::int else 1 end as n from range(100000)"
    answer = sql(query, "--json", at=tmp_path)
    assert (answer.code, answer.out) == (1, "")


def test_a_query_that_takes_too_long_is_ended(tmp_path):
    begun = time.monotonic()
    answer = sql("select count(*) from range(100000000000) where range % 7 = 3", "--timeout", "1s", at=tmp_path)
    assert time.monotonic() - begun < 20
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == "omk: The query took longer than 1s. Ask for less, or give it more time: --timeout 5m.\n"


def test_a_query_that_needs_too_much_memory_is_ended(tmp_path):
    answer = sql("select list(range) from range(100000000)", "--memory", "100MB", at=tmp_path)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == "omk: The query needs more memory than it may use. Ask for less, or give it more: --memory 4GB.\n"


def test_a_million_rows_need_little_memory(tmp_path):
    """Of the child alone, as the kernel counts it."""
    query = "select range as a, repeat('x', 80) as b from range(1000000)"
    words = ["sql", "--store", LOG, query, "--json", "-o", "m.json"]
    script = (
        f"import resource, sys; from omk.cli.app import run; code = run({words!r}); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(code)"
    )
    done = subprocess.run((sys.executable, "-c", script), cwd=tmp_path, capture_output=True, check=True)
    assert int(done.stdout) < 400_000 * (1024 if sys.platform == "darwin" else 1)
    assert (tmp_path / "m.json").stat().st_size > 90_000_000
    (tmp_path / "m.json").unlink()


def test_nobody_pays_for_what_a_query_does_not_need(tmp_path):
    script = (
        f"import sys; from omk.cli.app import run; run(['sql', '--store', {LOG!r}, 'select 1']); "
        "sys.exit(any(name in sys.modules for name in ('rich', 'pandas', 'polars', 'readline', 'textual')))"
    )
    assert subprocess.run((sys.executable, "-c", script), cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_without_a_terminal_for_the_answer_there_is_no_prompt(tmp_path):
    answer = process("sql", "--store", LOG, at=tmp_path)  # standard input is empty there
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("omk: There is no query in standard input.")


def test_python_asks_as_the_command_line_does(repository):
    assert run_goal(at=repository).code == 0
    script = "import omk; print(omk.lake().sql('select count(*) from goals').fetchall())"
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        (sys.executable, "-c", script), cwd=repository, capture_output=True, check=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert done.stdout == b"[(1,)]\n"
