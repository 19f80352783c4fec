"""The anti-slop pass."""

import pytest

from omk.runtime.reviews.wall import review
from tests.runtime.reviews.diffs import diff, objections


@pytest.mark.parametrize(
    ("path", "line", "code"),
    [
        ("a.rs", "let x = f().unwrap();", "unchecked_failure"),
        ("a.rs", 'let x = f().expect("it works");', "unchecked_failure"),
        ("a.rs", 'panic!("no");', "unchecked_failure"),
        ("a.rs", "// TODO: later", "left_for_later"),
        ("a.rs", "todo!()", "placeholder"),
        ("a.rs", "    unimplemented!()", "placeholder"),
        ("a.py", "x = 1  # FIXME later", "left_for_later"),
        ("a.py", "    raise NotImplementedError", "placeholder"),
        ("a.py", "    raise NotImplementedError()", "placeholder"),
        ("a.js", "/* HACK */", "left_for_later"),
        ("a.ts", " * TODO: document", "left_for_later"),
        ("a.ts", "throw new Error('Not implemented')", "placeholder"),
        ("a.go", 'panic("not implemented")', "placeholder"),
        ("a.md", "<!-- TODO: write -->", "left_for_later"),
        ("a.md", "Lorem ipsum dolor sit amet", "placeholder"),
    ],
)
def test_unfinished_work_is_objected_to_where_it_was_added(path, line, code):
    assert objections("anti-slop", diff({path: "first\n"}, {path: f"first\n{line}\n"})) == [f"{path}:2 {code}"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.rs", "// never unwrap() here"),
        ("a.rs", "let x = f().unwrap_or(1);"),
        ("a.rs", "fn f<'a>() {}\n#[cfg(test)]\nmod tests { fn t() { f().unwrap(); } }"),
        ("tests/a.rs", "f().unwrap();"),
        ("a.py", "x = 'TODO list'"),
        ("a.py", 'x = "# TODO"'),
        ("a.py", "todo = TODO + 1"),
        ("a.py", "@abstractmethod\ndef f(self) -> int:\n    '''Do.'''\n    raise NotImplementedError"),
        ("a.py", "except NotImplementedError:"),
        ("a.js", 'fetch("https://x.org/TODO")'),
        ("a.md", "The TODO app keeps a list."),
        ("a.c", "// TODO: not scanned"),
        ("tests/test_a.py", "    raise NotImplementedError"),
    ],
)
def test_what_only_resembles_slop_is_not_objected_to(path, text):
    assert objections("anti-slop", diff({}, {path: f"{text}\n"})) == []


def test_slop_that_was_there_before_is_not_this_changes_doing():
    old = "a = 1\n# TODO\n"
    assert objections("anti-slop", diff({"a.py": old}, {"a.py": f"b = 2\n{old}"})) == []
    assert objections("anti-slop", diff({"a.py": old}, {"b.py": old})) == []
    assert objections("anti-slop", diff({"a.py": old}, {"a.py": f"{old}# TODO\n"})) == ["a.py:3 left_for_later"]


def test_a_file_that_grew_too_long_is_slop():
    long = "x\n" * 401
    assert objections("anti-slop", diff({}, {"a.md": long})) == ["a.md:401 file_too_long"]
    assert objections("anti-slop", diff({}, {"CHANGELOG.md": long})) == []
    assert objections("anti-slop", diff({"a.md": long}, {"a.md": f"{long}y\n"})) == []


def test_the_confidence_is_the_sum_of_weights_per_scanned_file():
    assert "confidence 0.15" in review("anti-slop", diff({}, {"a.py": "# TODO\nraise NotImplementedError\n", "b.py": ""})).summary
    assert "confidence 1.00" in review("anti-slop", diff({}, {"a.py": "# TODO\n" * 20})).summary
    assert "confidence 0.00" in review("anti-slop", diff({}, {"a.py": "x"})).summary
    assert review("anti-slop", diff({}, {})).outcome == "not_applicable"


@pytest.mark.parametrize(
    ("path", "summary"),
    [
        ("data.csv", "No changed file is of a kind that is searched for slop."),
        ("a.py", "No slop in 1 source file, confidence 0.00."),
    ],
)
def test_a_clean_change_says_how_much_was_searched(path, summary):
    assert review("anti-slop", diff({path: "1\n"}, {path: "1\n2\n"})).summary == summary
