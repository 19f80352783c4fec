"""What came of asking again, as lines and as Markdown."""

from typing import Any

import pytest

from omk.views.redecide import redecide_lines, redecide_markdown

TREE = "a156a7a46fba12cd6013104d983ec0b5cb06fb2b"


def found(*differences: Any, notes: Any = ()) -> Any:
    return {
        "goal": "goal-1",
        "at": {"seq": 60, "time": "2026-11-22T10:15:00.123456Z"},
        "choices": 1,
        "decisions": 42,
        "verdicts": 2,
        "differences": list(differences),
        "notes": list(notes),
    }


def difference(expected: Any, actual: Any) -> Any:
    kind = "task_started.v1"
    return {"seq": 19, "at": "", "kind": kind, "question": "decision", "expected": expected, "actual": actual}


def told(document: Any, width: int = 80) -> list[str]:
    return ["".join(span.text for span in line) for line in redecide_lines(document, width)]


def test_when_all_is_alike_one_sentence_says_how_much_was_asked():
    assert told(found()) == [
        " ALIKE   goal-1  at event 60",
        "  1 choice and 42 decisions asked again, 2 verdicts judged again, all alike.",
    ]


def test_of_two_events_of_one_kind_only_what_differs_is_told():
    recorded = {"kind": "task_started.v1", "task": "t1", "attempt": 1, "worker": "w"}
    lines = told(found(difference(recorded, {**recorded, "attempt": 2})))
    assert lines[-3:] == [
        "  event 19  task_started, a decision",
        "    recorded  task_started attempt=1",
        "    today     task_started attempt=2",
    ]


def test_lists_are_told_by_their_words_or_by_their_number_and_ids_are_cut():
    changes = [{"path": "a.py"}, {"path": "b.py"}]
    recorded = {"kind": "files_changed.v1", "tree": TREE, "guarded": ["omk.toml", "ci.yml"], "unreadable": [], "changes": changes}
    assert told(found(difference(recorded, None)), 120)[-2:] == [
        "    recorded  files_changed tree=a156a7a46fba guarded=omk.toml,ci.yml unreadable=none changes=2 of them",
        "    today     nothing",
    ]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width):
    refused = {"refused": f"The tree moved from {TREE} to {TREE[::-1]} meanwhile. " * 4}
    note = {"seq": 61, "text": "tea_made.v7 is a kind this omk does not know: nothing after it can be asked again."}
    lines = told(found(difference({"kind": "files_changed.v1", "tree": TREE}, refused), notes=[note]), width)
    assert max(len(line) for line in lines) <= width
    assert "  Event 61: tea_made.v7 is a kind" in "\n".join(lines)
    assert sum(line.startswith("    today     refused: The tree moved") for line in lines) == 1


def test_the_same_as_markdown():
    note = {"seq": 61, "text": "rules 1 came to ready."}
    lines = redecide_markdown(found(difference({"effect": "run_gate", "gate": "a|b", "attempt": 1}, None), notes=[note]))
    assert "1 choice and 42 decisions asked again, 2 verdicts judged again, 1 answer not as recorded." in lines
    assert "| 19 | task\\_started | decision | run\\_gate gate=a\\|b attempt=1 | nothing |" in lines
    assert "- Event 61: rules 1 came to ready." in lines
