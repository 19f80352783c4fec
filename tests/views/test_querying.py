"""The answers of `when` and `diff`: what a person must be able to read off, at 80 and at 120 columns, and in Markdown."""

import pytest

from omk.replay.documents import plain
from omk.replay.query.difference import difference
from omk.replay.query.files import changed_files
from omk.views.difference import difference_lines, difference_markdown
from omk.views.lines import cells
from omk.views.when import when_lines, when_markdown
from tests.replay.query.test_scan import told
from tests.scenario import GOAL, READY, change, files, goal

ODD = 'src/"a very long name of a file"/which/goes/on/and/on/until/nobody/can/read/it/any/more.py'
STORY = goal.given(*READY, files("done", "later", change("hello.py", "later", "new"), change(ODD, "new", None)))


def text(lines):
    return "\n".join("".join(span.text for span in one).rstrip() for one in lines)


def diff_document(a, b, **more):
    history = told(list(STORY.records))
    sides = [{"goal": GOAL, "seq": seq, "at": history.moment(seq).state.at or None} for seq in (a, b)]
    found = changed_files(history.moment(a).state.worktree, history.moment(b).state.worktree)
    changes = [plain(one) for one in difference(history, a, b)]
    return {"a": sides[0], "b": sides[1], "changes": changes, "files": found, **more}


HEAD = len(STORY.records)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(("a", "b"), [(0, HEAD), (HEAD, 0), (4, HEAD - 1), (HEAD - 1, HEAD)])
def test_a_difference_is_no_wider_than_the_terminal_but_for_paths(width, a, b):
    for one in text(difference_lines(diff_document(a, b), width)).splitlines():
        is_path = "  " not in one.strip() or ODD in one.replace("\\", "")
        assert cells(one) <= width or is_path, one


def test_a_difference_names_each_change_once_with_its_event():
    shown = text(difference_lines(diff_document(4, HEAD - 1), 100))
    assert shown.count("gates.tests") == shown.count('gaps["gate.tests"]') == shown.count("acceptance.") == 1
    assert 'gates.tests.outcome  "never" → "passed"   and' in shown
    assert 'gaps["gate.tests"]  closed   (event' in shown
    assert 'status  "not_ready" → "ready"   (event' in shown
    assert "  ~ hello.py   (event " in shown
    assert "proof.status" not in shown


def test_a_gap_that_stays_open_is_told_only_if_more_than_the_tree_it_asks_for_changed():
    document = diff_document(9, 27)
    paths = [one["path"] for one in document["changes"]]
    shown = text(difference_lines(document, 100))
    assert 'gaps["review.code"].missing.where.tree' in paths
    assert "missing.where" not in shown
    assert 'gaps["files.changed"]  closed' in shown


def test_what_a_difference_hides_it_counts():
    document = diff_document(4, HEAD - 1)
    gate = [one for one in document["changes"] if one["path"].startswith("gates.tests.")]
    assert {one["cause"] for one in gate} == {gate[0]["cause"]}
    assert f"and {len(gate) - 1} more" in text(difference_lines(document, 100))


def test_a_difference_backwards_says_what_came_back():
    assert 'gaps["gate.tests"]  opened   (event' in text(difference_lines(diff_document(HEAD - 1, 4), 100))


def test_nothing_differs_between_a_moment_and_itself():
    assert "Nothing differs." in text(difference_lines(diff_document(9, 9), 80))
    assert "Nothing differs." in "\n".join(difference_markdown(diff_document(9, 9)))


def test_a_patch_is_coloured_as_git_does():
    patch = "diff --git a/x b/x\nindex 1..2\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-\told\n+new\n same\n"
    lines = difference_lines(diff_document(4, HEAD, patch=patch), 80)[-8:]
    assert [one[0].style for one in lines] == ["bold", "dim", "bold", "bold", "name", "bad", "good", ""]
    assert lines[5][0].text == "-       old"


def test_a_patch_with_backticks_stays_in_its_fence():
    lines = difference_markdown(diff_document(4, HEAD, patch="+```\n+````sh\n"))
    assert lines[-1] == "`````"
    assert lines[-4] == "`````diff"


def when_document(**fields):
    known = {
        "goal": GOAL, "expression": "gates.tests.outcome", "seq": 28, "at": "2026-01-02T03:04:05.000000Z", "kind": "gate_ran.v1",
        "which": "first", "condition": False, "value": "passed", "old": "never", "since": None, "ended_by": None,
        "upto": 41, "hint": None,
    }  # fmt: skip
    return known | fields


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, 'event 28, gate_ran: gates.tests.outcome became "passed" (was "never")'),
        ({"old": None}, "(was null)"),
        ({}, "2026-01-02 03:04:05 UTC, the first time in events 1 to 41"),
        ({"condition": True, "value": True, "old": False, "since": 28}, "gates.tests.outcome became true"),
        ({"condition": True, "value": True, "old": True, "since": 1}, "is true from the beginning"),
        ({"condition": True, "value": True, "old": True, "since": 9, "which": "last"}, "is still true, as it was since event 9"),
        (
            {
                "condition": True,
                "value": True,
                "old": True,
                "since": 9,
                "which": "last",
                "ended_by": {"seq": 29, "kind": "gate_ran.v1"},
            },
            "since event 9; event 29, gate_ran, ended that",
        ),
        ({"condition": True, "value": True, "old": False, "since": 28, "which": "last"}, "became true"),
        ({"seq": None, "value": None, "hint": "gates has no test."}, "never: gates.tests.outcome is null all the time"),
        ({"seq": None, "value": None, "hint": "gates has no test."}, "gates has no test."),
        ({"seq": None, "value": False, "condition": True}, "is not true after any event up to 41"),
    ],
)
def test_an_answer_can_be_read_out_loud(fields, words):
    document = when_document(**fields)
    assert words in " ".join(text(when_lines(document, 80)).split())
    assert words.partition(": ")[2].split(" ")[-1].strip('"()_') in "\n".join(when_markdown(document))


@pytest.mark.parametrize("width", [80, 120])
def test_an_answer_is_no_wider_than_the_terminal(width):
    document = when_document(value={"key": "x" * 500}, old=["y" * 500], expression="files[" + "z" * 300 + "]")
    assert all(cells(one) <= width for one in text(when_lines(document, width)).splitlines())
