"""What DuckDB complains of is said in one line that helps."""

import pytest

from omk.errors import Refused
from omk.lake.opening import lake_at
from omk.lake.trouble import told
from tools.corpus import REPLAYS as CORPUS

SAID = {
    "selct 1": 'The query cannot be answered: syntax error at or near "selct".',
    "select gaol from goals": 'The query cannot be answered: Referenced column "gaol" not found in FROM clause; there …',
    "select * from goal": 'The query cannot be answered: Table with name goal does not exist. Did you mean "goals"?',
    "select * from nope": "The query cannot be answered: Table with name nope does not exist. `SHOW TABLES` lists the tables.",
    "select nofn(1)": "The query cannot be answered: Scalar Function with name nofn does not exist. Did you mean …",
    "select 'x'::BIGINT": "The query cannot be answered: Could not convert string 'x' to INT64.",
    "select 'abc": "The query cannot be answered: unterminated string literal.",
    "select goal, count(*) from goals": 'The query cannot be answered: column "goal" must appear in the GROUP BY clause …',
    "select $x": "The query cannot be answered: Values were not provided for the following parameters: x.",
    "select *\nfrom goals\nwhere gaol = 1": 'The query cannot be answered, in line 3: Referenced column "gaol" not found …',
    "select at from events": "…: `at` is a word of SQL.",
    "select seq from events order by at desc": "…The time of a record is in the column `recorded_at`: `at` is a word of SQL.",
    "select events.at from events": "…The time of a record is in the column `recorded_at`: `at` is a word of SQL.",
    "select '{'::JSON": '…Malformed JSON at byte 1 of input: unexpected end of data. Input: "{".',
    "select goal::BIGINT + 'x' from goals, goals": "The query cannot be answered…",
    "from nowhere.events": 'The query cannot be answered: Table with name "nowhere.events" does not exist because …',
    "from '/etc/passwd'": "A query reads the lake's tables and no file: /etc/passwd is out of reach. …",
}


@pytest.fixture(scope="module")
def lake():
    with lake_at(str(CORPUS / "gate-red-then-green" / "log.jsonl")) as lake:
        yield lake


@pytest.mark.parametrize("query", SAID)
def test_a_complaint_is_one_line_with_what_and_where(query, lake):
    with pytest.raises(Refused) as refused, told(query):
        lake.ready_for(query).execute(query).fetchall()
    said = str(refused.value)
    begin, _, rest = SAID[query].partition("…")
    assert "\n" not in said
    assert said.startswith(begin)
    assert rest.strip("…") in said
    assert "\t" not in said
    assert len(said) < 500


def test_a_word_at_within_a_text_is_not_taken_for_the_column(lake):
    with pytest.raises(Refused) as refused:
        lake.sql("select 'look at this' frm goals where")
    assert "recorded_at" not in str(refused.value)


def test_a_query_that_needs_too_much_memory_says_what_to_do():
    store = str(CORPUS / "gate-red-then-green" / "log.jsonl")
    query = "SELECT list(range) FROM range(100000000)"
    with lake_at(store, memory="100MB") as lake:
        with (
            pytest.raises(Refused, match="needs more memory than it may use"),
            told(query),
        ):
            lake.ready_for(query).execute(query).fetchall()
        assert lake.sql("SELECT count(*) FROM events").fetchall() == [(93,)]


def test_memory_that_nothing_can_be_done_with_is_refused():
    for memory in ("1KB", "99999999TB", "0GB"):
        with pytest.raises(Refused, match=f"cannot be opened with {memory} of memory"):
            lake_at(str(CORPUS / "gate-red-then-green" / "log.jsonl"), memory=memory)


def test_a_query_that_is_no_text_or_goes_too_deep_is_refused(lake):
    with pytest.raises(Refused, match="not UTF-8 text"):
        lake.sql("select '\udcff'")
    with pytest.raises(Refused, match=r"Max expression depth limit of 1000 exceeded\.$"):
        lake.sql(f"select 1 {'+ (1' * 900} {')' * 900}")
