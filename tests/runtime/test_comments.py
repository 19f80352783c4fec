"""Two versions of a file that differ in nothing that counts, and those that do, though they look alike."""

import pytest

from omk.runtime.comments import same_but_for


@pytest.mark.parametrize(
    ("path", "left", "right", "trifle"),
    [
        ("a.py", "x = 1\n", "x = 1\r\n", "line ends"),
        ("a.py", "x = 1\n", "x = 1   \n\n", "blanks"),
        ("a.py", "x  =  1\n", "x = 1\n", "blanks"),
        ("a.py", "x = 1  # one\n", "x = 1  # 1\n", "comments"),
        ("a.py", "x = 1\n", "# why\nx = 1\n", "comments"),
        ("a.rs", "fn f<'a>() {}\n", "fn f<'a>() {} // g\n", "comments"),
        ("a.ts", "f(1) /* one\n two */\n", "  f(1)\n", "comments"),
        ("a.go", "\tf()\n", "  f()\n", "blanks"),
        ("a.css", "a { b: c } /* d */\n", "a { b: c }\n", "comments"),
        ("a.sql", "select 1 -- one\n", "select 1\n", "comments"),
        ("a.html", "<p> <!-- x --> </p>\n", "<p> </p>\n", "comments"),
        ("notes", "one\ntwo\n", "one \n\ntwo\n", "blanks"),
    ],
)
def test_what_does_not_count_has_a_name(path, left, right, trifle):
    assert same_but_for(left.encode(), right.encode(), path) == trifle
    assert same_but_for(right.encode(), left.encode(), path) == trifle


@pytest.mark.parametrize(
    ("path", "left", "right"),
    [
        ("a.py", "x = 1\n", "x = 2\n"),
        ("a.py", "    x = 1\n", "x = 1\n"),
        ("a.py", "x = 'a  b'\n", "x = 'a b'\n"),
        ("a.py", "x = 'a # b'\n", "x = 'a # c'\n"),
        ("a.py", 'x = """\n# one\n"""\n', 'x = """\n# two\n"""\n'),
        ("a.py", 'x = """\none\n\ntwo\n"""\n', 'x = """\none\ntwo\n"""\n'),
        ("a.py", "#!/bin/one\n", "#!/bin/two\n"),
        ("a.py", "x = ab\n", "x = a b\n"),
        ("a.js", "x = 'http://one'\n", "x = 'http://two'\n"),
        ("a.js", "x = http://one\n", "x = http://two\n"),
        ("a.js", "return x\n", "return\nx\n"),
        ("a.go", "//go:build linux\n", "//go:build darwin\n"),
        ("a.c", "#define A 1\n", "#define A 2\n"),
        ("Makefile", "\tf # one\n", "\tf # two\n"),
        ("Makefile", "\tf\n", "f\n"),
        ("notes", "one  two\n", "one two\n"),
    ],
)
def test_what_may_count_does(path, left, right):
    assert same_but_for(left.encode(), right.encode(), path) is None


def test_bytes_of_any_kind_are_compared_as_they_are():
    assert same_but_for(b"x = 1  # \xe9\n", b"x = 1  # \xff\n", "a.py") == "comments"
    assert same_but_for(b"\xe9\n", b"\xff\n", "a.py") is None
