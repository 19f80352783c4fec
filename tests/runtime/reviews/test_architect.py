"""The architect pass."""

import pytest

from omk.runtime.reviews.wall import review
from tests.runtime.reviews.diffs import diff, objections

SHORT, LONG = "x = 1\n" * 400, "x = 1\n" * 401
BIG = b"\0" * (1 << 20)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({}, {"a.py": SHORT}, []),
        ({}, {"a.py": LONG}, ["a.py:401 file_too_long"]),
        ({"a.py": SHORT}, {"a.py": LONG}, ["a.py:401 file_too_long"]),
        ({"a.py": LONG}, {"a.py": LONG + "y = 2\n"}, []),
        ({"a.py": LONG}, {"b.py": LONG}, []),
        ({}, {"uv.lock": LONG, "words.txt": LONG, "table.json": LONG}, []),
        ({"a.py": LONG}, {}, []),
        ({}, {"a.bin": BIG}, []),
        ({}, {"a.bin": BIG + b"\0"}, ["a.bin:None large_binary"]),
        ({}, {"a.txt": b"x" * (2 << 20)}, []),
        ({"a.md": "x"}, {"a.md": "x", "A.md": "y"}, ["A.md:None case_collision"]),
        ({"src/a.py": ""}, {"src/a.py": "", "Src/b.py": "x"}, ["Src/b.py:None case_collision"]),
        ({"a.md": "x"}, {"A.md": "y"}, []),
        ({"a.md": "x", "A.md": "x"}, {"a.md": "y", "A.md": "x"}, []),
    ],
)
def test_a_change_keeps_files_short_small_and_distinct(old, new, found):
    assert objections("architect", diff(old, new)) == found


@pytest.mark.parametrize(
    ("path", "target", "found"),
    [
        ("a", "b/c", []),
        ("a/b/c", "../../d", []),
        ("a/b", "../c/./d", []),
        ("a/b", "..", []),
        ("a/b", "../../d", ["a/b:None link_leaves"]),
        ("a", "..", ["a:None link_leaves"]),
        ("a", "/etc/passwd", ["a:None link_absolute"]),
        ("sub", "p/q/l/../../../../tmp/evil", ["sub:None link_turns_back"]),
        ("a/b", "./c/..", ["a/b:None link_turns_back"]),
    ],
)
def test_a_link_stays_inside_the_tree_whatever_its_names_lead_to(path, target, found):
    assert objections("architect", diff({}, {path: target}, modes={path: "120000"})) == found


def test_a_submodule_is_objected_to():
    assert objections("architect", diff({}, {"lib": "c" * 40}, modes={"lib": "160000"})) == ["lib:None submodule"]


def test_the_pass_does_not_apply_to_no_change():
    assert review("architect", diff({}, {})).outcome == "not_applicable"
