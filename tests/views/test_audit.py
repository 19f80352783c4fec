"""The page of an audit: lines that fit, tables that say what they leave out, HTML that is only text."""

from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from omk.views.audit import audit_lines, audit_markdown
from omk.views.audit_decided import why_changed
from omk.views.audit_html import audit_html
from omk.views.audit_page import Cell, Facts, Page, Query, Quote, Section, Table, Words, plain
from omk.views.lines import cells

SQL = "SELECT 1"


def page(*blocks, cut=()):
    return Page(
        "Audit of g at event 1",
        "g",
        "ready",
        [Section("one", "One", list(blocks))],
        {"part": Query("part", "All.", SQL)},
        frozenset(cut),
    )


def drawn(one, width=80, **options):
    return ["".join(span.text for span in line) for line in audit_lines(one, width, **options)]


def test_a_change_of_the_verdict_is_told_in_words():
    one = {"name": "gate_ran", "about": "tests", "outcome": "timed_out", "actor": "controller:c", "opened": ["gate.tests"]}
    one |= {"closed": [], "status_before": "ready", "status": "not_ready"}
    assert why_changed(one) == "gate_ran of tests (timed out) opened gate.tests, turned ready into not ready"
    first = one | {"name": "goal_created", "about": None, "outcome": None, "actor": "person:ann", "status_before": None}
    assert why_changed(first) == "goal_created by person:ann opened gate.tests, made it not ready"


def test_a_column_without_room_stands_below_its_row():
    table = Table("Runs", ("run", "digest"), [(Cell("one"), Cell("d" * 30)), (Cell("two"), plain(None))])
    assert drawn(page(table), 36)[4:] == ["", "  Runs", "  run", "  one  ", "    digest  ", f"    {'d' * 30}", "  two  "]


def test_a_last_column_of_words_is_broken_beside_the_others():
    table = Table("Runs", ("run", "words"), [(Cell("one"), Cell("many words " * 6))])
    shown = [line.rstrip() for line in drawn(page(table), 45)[6:]]
    assert shown == ["  run  words", "  one  many words many words many words many", "       words many words many words"]


def test_rows_that_are_left_out_leave_a_line_and_the_query():
    table = Table("Runs", ("run",), [(Cell("first"),), (Cell("last"),)], ("part",), (1, 5))
    one = page(table, cut=("part",))
    text = drawn(one)
    assert text.index("  … 5 left out here; the query below gives all …") == text.index("  first  ") + 1
    assert text[-2:] == ["  SQL of part: All.", "    SELECT 1"]
    assert "| … 5 left out here; the query below gives all … |" in audit_markdown(one)
    assert "5 left out here" in audit_html(one)
    assert SQL in audit_html(one)


def test_the_query_is_shown_only_when_it_is_asked_for():
    one = page(Facts("Numbers", [("runs", Cell("3"))], ("part",)), Words("So it is.", parts=("part",)))
    for write in (drawn, audit_markdown, audit_html):
        assert SQL not in "".join(write(one))
        assert "".join(write(one, explain=True)).count(SQL) == 2


def test_a_table_without_rows_says_so_or_is_not_there():
    one = page(Table("Runs", ("run",), [], nothing="No run."), Table("Hidden", ("run",), []))
    for text in ("\n".join(drawn(one)), "\n".join(audit_markdown(one)), audit_html(one)):
        assert "No run." in text
        assert "Hidden" not in text


def test_a_fence_is_longer_than_any_in_the_words():
    lines = audit_markdown(page(Quote("Words", "a\n````\n```python\nb")))
    at = lines.index("`````text")
    assert lines[at : at + 6] == ["`````text", "a", "````", "```python", "b", "`````"]


def test_code_in_a_cell_has_more_backticks_than_are_in_it():
    (row,) = [line for line in audit_markdown(page(Facts("F", [("x", Cell("a ``b`` | c", is_code=True))]))) if "``b``" in line]
    assert row == "| x | ``` a ``b`` \\| c ``` |"


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=300)


@given(TEXT, st.integers(40, 140))
def test_no_line_is_wider_than_asked_whatever_the_words(text, width):
    table = Table(text or "t", ("a", "b"), [(Cell(text), Cell(text[::-1])), (Cell("x"), Cell(text))])
    one = page(table, Facts("F", [("label", Cell(text))]), Quote("Q", text), Words(text))
    assert all(cells(line.rstrip()) <= width for line in drawn(one, width)[2:])


@given(TEXT)
def test_html_shows_the_words_and_nothing_else(text):
    whole = audit_html(page(Quote("Q", text)))
    shown = whole.partition('<pre dir="auto">')[2].partition("</pre>")[0]
    assert unescape(shown.removeprefix("\n") if text.startswith("\n") else shown) == text
    assert "<" not in shown
    assert ">" not in shown


@given(TEXT)
def test_words_in_a_markdown_table_stay_in_their_cell(text):
    (row,) = [line for line in audit_markdown(page(Facts("F", [("label", Cell(text))]))) if line.startswith("| label")]
    unescaped = row.replace("\\\\", "").replace("\\|", "")
    assert unescaped.count("|") == 3
