"""The code pass."""

import warnings

import pytest

from omk.runtime.reviews.wall import review
from tests.runtime.reviews.diffs import diff, objections


def test_no_change_is_blocked():
    verdict = review("code", diff({}, {}))
    assert (verdict.outcome, verdict.findings) == ("blocked", ())
    assert "no changes" in verdict.summary


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({}, {"a.py": "x = 1\n"}, []),
        ({}, {"a.py": "x = 1\ndef f(:\n"}, ["a.py:2 py_does_not_parse"]),
        ({}, {"a.py": b"# -*- coding: latin-1 -*-\nx = '\xe9'\n"}, []),
        ({}, {"a.py": b"\xef\xbb\xbfx = 1\n"}, []),
        ({"a.py": "print 1\n"}, {"a.py": "print 2\n"}, []),
        ({"a.py": "(\n"}, {"b.py": "(\n"}, []),
        ({}, {"a.json": '{"a": 1}'}, []),
        ({}, {"a.json": '{\n"a": 1,\n}'}, ["a.json:3 json_does_not_parse"]),
        ({}, {"tsconfig.json": "{ /* x */ }", ".vscode/settings.json": "// x\n{}", "tests/fixtures/bad.json": "{"}, []),
        ({}, {"a.toml": "a = 1"}, []),
        ({}, {"a.toml": "a = 1\nb = \n"}, ["a.toml:2 toml_does_not_parse"]),
        ({}, {"a.toml": b"a = '\xff'"}, ["a.toml:None toml_does_not_parse"]),
        ({}, {"a.js": b"let x;\n\0"}, ["a.js:2 null_byte"]),
        ({}, {"a.png": b"\x89PNG\0"}, []),
        (
            {},
            {"a.txt": "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\n"},
            ["a.txt:2 conflict_marker", "a.txt:6 conflict_marker"],
        ),
        ({}, {"a.rst": "Title\n=======\n"}, []),
        ({"a.md": "<<<<<<< HEAD\n"}, {"a.md": "new\n<<<<<<< HEAD\n"}, []),
        ({"a.py": "x"}, {}, []),
    ],
)
def test_a_changed_file_is_well_formed(old, new, found):
    assert objections("code", diff(old, new)) == found


def test_a_warning_of_the_compiler_is_not_printed():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert objections("code", diff({}, {"a.py": "x = '\\d'\nassert (x, 1)\n"})) == []


def test_a_link_is_not_parsed():
    assert objections("code", diff({}, {"a.json": "b.json"}, modes={"a.json": "120000"})) == []
