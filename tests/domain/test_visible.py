"""What cannot be seen in a name is spelled out where the name is shown."""

import pytest

from omk.domain.visible import visible


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("src/a b.py", "src/a b.py"),
        ("naïve/übung.py", "naïve/übung.py"),
        ("a\x1b[2Kb", r"a\x1b[2Kb"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("a\u200bb", r"a\u200bb"),
        ("a\x9bb\x7f", r"a\x9bb\x7f"),
    ],
)
def test_nothing_in_a_name_is_hidden(name, shown):
    assert visible(name) == shown


def test_names_that_look_alike_are_told_apart():
    assert len({visible(name) for name in ("ab", "a\x1bb", "a\x00b", "a\u200bb", "a b", "a\nb")}) == 6
