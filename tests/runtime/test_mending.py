"""Two trees that meet in the same places are merged where that loses nothing, else every place says why not."""

import os
import shutil
from pathlib import Path

import pytest

from omk.domain.subjects.slice import Collision
from omk.runtime.mending import Mended
from omk.runtime.workshop import Workshop
from tests.runtime import workplace
from tests.runtime.workplace import call, commit, opened, write


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """A workshop whose base has a few files to meet in."""
    user = workplace.repository(tmp_path / "repo")
    write(user.top / "a.py", "def f():\n    return 1\n\n\ndef g():\n    return 2\n")
    write(user.top / "picture", b"\0\1\2")
    return workplace.workshop(commit(user.top, "more"), tmp_path / "state")


def made(shop: Workshop, **files: str | bytes | None) -> str:
    """The tree of the base with these files (`__` is a dot); None deletes one."""
    place = opened(shop)
    for name, content in files.items():
        path = place / name.replace("__", ".")
        if content is None:
            path.unlink()
        else:
            write(path, content)
    return shop.snapshot(place, shop.user.tree).tree


def merged(shop: Workshop, ours: str, theirs: str) -> Mended:
    return shop.merge_into(ours, shop.user.tree, theirs, shop.user.commit)


def sides(answer: Mended) -> dict[str, tuple[str, str]]:
    return {one.path: (one.side, one.reason) for one in answer.collisions}


def test_changes_of_different_places_need_no_mending(shop: Workshop) -> None:
    answer = merged(shop, made(shop, one="1\n"), made(shop, two="2\n"))
    assert answer == Mended(made(shop, one="1\n", two="2\n"), ())


@pytest.mark.parametrize(
    ("ours", "theirs", "trifle"),
    [
        ("    return 10\n", "    return 10  \n", "blanks"),
        ("    return 10\n", "    return 10\r\n", "line ends"),
        ("    return 10  # ten\n", "    return 10  # not one\n", "comments"),
    ],
)
def test_sides_that_differ_in_nothing_that_counts_become_ours(shop: Workshop, ours: str, theirs: str, trifle: str) -> None:
    text, rest = "def f():\n", "\n\ndef g():\n    return 2\n"
    ours_tree = made(shop, a__py=text + ours + rest)
    answer = merged(shop, ours_tree, made(shop, a__py=text + theirs + rest, other="theirs\n"))
    assert answer.collisions == (Collision(path="a.py", side="safe", reason=f"the sides differ in {trifle} alone"),)
    assert answer.tree == made(shop, a__py=text + ours + rest, other="theirs\n")


def test_what_only_one_side_changed_in_a_mended_file_is_kept(shop: Workshop) -> None:
    ours = made(shop, a__py="def f():\n    return 10\n\n\ndef g():\n    return 2\n")
    theirs = made(shop, a__py="def f():\n    return 10  # ten\n\n\ndef g():\n    return 20\n")
    answer = merged(shop, ours, theirs)
    assert answer.tree == made(shop, a__py="def f():\n    return 10\n\n\ndef g():\n    return 20\n")


def test_a_new_file_of_both_sides_is_mended_too(shop: Workshop) -> None:
    answer = merged(shop, made(shop, new__py="x = 1\n"), made(shop, new__py="x = 1  # one\n"))
    assert answer.tree == made(shop, new__py="x = 1\n")


def test_one_unsafe_place_keeps_all_out_and_each_says_why(shop: Workshop) -> None:
    ours = made(shop, a__py="x = 1\n", new__py="x = 1\n", readme__md="ours\n")
    theirs = made(shop, a__py="x = 2\n", new__py="x = 1  # one\n", readme__md=None)
    answer = merged(shop, ours, theirs)
    assert answer.tree is None
    assert sides(answer) == {
        "a.py": ("unsafe", "both sides changed the same lines"),
        "new.py": ("safe", "the sides differ in comments alone"),
        "readme.md": ("unsafe", "one side deleted it"),
    }


def test_what_is_no_text_is_never_mended(shop: Workshop) -> None:
    answer = merged(shop, made(shop, picture=b"\0\3"), made(shop, picture=b"\0\4"))
    assert sides(answer) == {"picture": ("unsafe", "both sides changed it, and it is no text")}


def test_links_and_modes_are_never_mended(shop: Workshop) -> None:
    def with_link(target: str, mode: int) -> str:
        place = opened(shop)
        (place / "link").unlink()
        (place / "link").symlink_to(target)
        write(place / "new.sh", f"true # {target}\n")
        (place / "new.sh").chmod(mode)
        return shop.snapshot(place, shop.user.tree).tree

    answer = merged(shop, with_link("a.py", 0o755), with_link("run.sh", 0o644))
    assert answer.tree is None
    assert sides(answer)["link"] == ("unsafe", "it is a link or a repository of its own")
    assert sides(answer)["new.sh"] == ("unsafe", "the sides give it another mode")


def test_renames_are_never_mended(shop: Workshop) -> None:
    def renamed(name: str) -> str:
        place = opened(shop)
        shutil.move(place / "a.py", place / name)
        return shop.snapshot(place, shop.user.tree).tree

    answer = merged(shop, renamed("b.py"), renamed("c.py"))
    assert answer.tree is None
    assert {side for side, _ in sides(answer).values()} == {"unsafe"}
    assert "renamed" in sides(answer)["a.py"][1]


def test_paths_that_are_not_utf8_are_mended(shop: Workshop) -> None:
    def strange(content: str) -> str:
        place = opened(shop)
        Path(os.fsdecode(os.fsencode(place) + b"/\xe9.py")).write_text(content)
        return shop.snapshot(place, shop.user.tree).tree

    answer = merged(shop, strange("x = 1\n"), strange("x = 1 # one\n"))
    assert answer.tree == strange("x = 1\n")
    assert [one.path for one in answer.collisions] == ["%E9.py"]


def test_mending_leaves_no_file_behind(shop: Workshop) -> None:
    ours, theirs = made(shop, new__py="x = 1\n"), made(shop, new__py="x = 1  # one\n")
    before = sorted(os.listdir(shop.user.store_folder))  # noqa: PTH208 - names
    merged(shop, ours, theirs)
    assert sorted(os.listdir(shop.user.store_folder)) == before  # noqa: PTH208 - names
    assert call("status", "--porcelain", directory=shop.user.top) == ""
