"""The screens as they were looked at: played by keys on recorded runs, and compared as text."""

import pytest

from tests.debugger.screens import FOLDER, SHOTS, file_of, shoot


@pytest.mark.parametrize("name", SHOTS)
def test_the_screen_is_as_it_was_looked_at(name):
    assert shoot(SHOTS[name]) == file_of(name).read_text(), f"look at it; if it is right: python -m tests.debugger.rewrite {name}"


def test_no_screen_is_kept_that_nobody_shoots():
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(SHOTS)
