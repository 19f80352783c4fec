"""Paths: which ones a task may name, when two collide, and what lies in scope."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omk.domain.paths import conflict, in_scope, unsafe

SEGMENT = st.text(alphabet="abAB.", min_size=1, max_size=3)
PATH = st.lists(SEGMENT, min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize("path", ["src", "src/a.py", "./src", "project files", "a b/c", "..a/b", "a%FF", "src/", "x.git/y"])
def test_a_path_inside_the_project_is_safe(path):
    assert unsafe(path) is None


@pytest.mark.parametrize(
    ("path", "because"),
    [
        ("", "empty"),
        (" ", "empty"),
        ("a\nb", "control"),
        ("a\x00", "control"),
        ("a\x7f", "control"),
        ("~/x", "~"),
        ("~root", "~"),
        ("/etc/passwd", "absolute"),
        ("../x", ".."),
        ("a/../b", ".."),
        (".git/config", "git's own"),
        ("a/.GIT/hooks", "git's own"),
        (".github/workflows/ci.yml", "git's own"),
        ("a/.gitignore", "git's own"),
        (".gitlab-ci.yml", "git's own"),
    ],
)
def test_a_path_that_could_leave_the_project_or_steer_git_is_unsafe(path, because):
    assert because in (unsafe(path) or "")


@pytest.mark.parametrize(
    ("left", "right", "collide"),
    [
        ("src/a", "src/a", True),
        ("src", "src/a/b.py", True),
        ("src/a", "src/ab", False),
        ("./src/a", "src/./a/", True),
        ("project files", "docs/x.md", True),
        ("project files", "/etc", True),
        ("src/../docs", "docs", False),
        ("/src", "/src", False),
        (".", "src", True),
    ],
)
def test_two_paths_conflict_when_one_contains_the_other(left, right, collide):
    assert conflict(left, right) is collide


@given(PATH, PATH)
def test_conflict_does_not_depend_on_the_order(left, right):
    assert conflict(left, right) is conflict(right, left)


@pytest.mark.parametrize(
    ("path", "write_set", "within"),
    [
        ("src/a.py", ("src",), True),
        ("src/a.py", ("src/",), True),
        ("src/a.py", ("docs", "src/a.py"), True),
        ("srcs/a.py", ("src",), False),
        ("src", ("src/a.py",), False),
        (".github/workflows/ci.yml", ("project files",), True),
        ("src/a.py", (), False),
        ("etc/x", ("/etc",), False),
    ],
)
def test_a_change_is_in_scope_when_the_write_set_contains_it(path, write_set, within):
    assert in_scope(path, write_set) is within
