"""A proven commit lands whole or not at all, and never over somebody's work."""

import os
import shutil
from pathlib import Path

import pytest

from omk.errors import Unusable
from omk.runtime.landing import BranchMoved, land
from omk.runtime.repository import UserRepository
from omk.runtime.workshop import Workshop
from tests.runtime.workplace import call, commit, files, proposed, repository, workshop, write


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    shop = workshop(repository(tmp_path / "user"), tmp_path / "state")
    shop.user.hold("g1", shop.user.commit)
    return shop


def untouchable(user: UserRepository) -> dict[str, bytes]:
    """All of the user's but new objects and the mark that `git merge` leaves even when it refuses."""
    passing = (".git/objects/", ".git/ORIG_HEAD")
    return {name: content for name, content in files(user.top).items() if not name.startswith(passing)}


def test_landing_moves_the_branch_and_the_checkout_that_has_it(shop: Workshop) -> None:
    new = proposed(shop)
    write(shop.user.top / "source/b.txt", "not committed\n")
    land(shop.user, "main", shop.user.commit, new)
    land(shop.user, "main", shop.user.commit, new)
    assert shop.user.tip("main") == new
    assert (shop.user.top / "new.txt").read_text() == "new\n"
    assert call("status", "--porcelain", directory=shop.user.top) == "M source/b.txt"
    shutil.rmtree(shop.bare.path)
    call("fsck", "--strict", directory=shop.user.top)


@pytest.mark.parametrize("path", ["readme.md", "new.txt"])
def test_local_changes_in_the_way_refuse_in_one_line_and_nothing_moves(shop: Workshop, path: str) -> None:
    new = proposed(shop, path, "proposed\n")
    write(shop.user.top / path, "mine, not committed\n")
    before = untouchable(shop.user)
    with pytest.raises(Unusable, match=f"are in the way: {path}. Commit, stash") as caught:
        land(shop.user, "main", shop.user.commit, new)
    assert "\n" not in str(caught.value)
    assert untouchable(shop.user) == before
    assert shop.user.tip("main") == shop.user.commit


def test_a_branch_that_is_checked_out_nowhere_moves_by_compare_and_swap(shop: Workshop) -> None:
    new = proposed(shop)
    call("checkout", "--quiet", "-b", "elsewhere", directory=shop.user.top)
    land(shop.user, "main", shop.user.commit, new)
    assert shop.user.tip("main") == new
    assert not (shop.user.top / "new.txt").exists()
    assert call("rev-parse", "HEAD", directory=shop.user.top) == shop.user.commit


def test_a_branch_checked_out_in_a_linked_worktree_moves_there(shop: Workshop, tmp_path: Path) -> None:
    new = proposed(shop)
    call("checkout", "--quiet", "-b", "elsewhere", directory=shop.user.top)
    call("worktree", "add", "--quiet", str(tmp_path / "linked"), "main", directory=shop.user.top)
    land(shop.user, "main", shop.user.commit, new)
    assert (tmp_path / "linked/new.txt").read_text() == "new\n"
    assert call("status", "--porcelain", directory=tmp_path / "linked") == ""


def test_a_branch_that_moved_meanwhile_is_not_overwritten(shop: Workshop) -> None:
    new = proposed(shop)
    write(shop.user.top / "readme.md", "later\n")
    later = commit(shop.user.top, "later")
    with pytest.raises(BranchMoved, match="main moved to"):
        land(shop.user, "main", shop.user.commit, new)
    assert shop.user.tip("main") == later.commit


def test_a_merge_leaves_no_trace_of_an_inherited_directory(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.user.top)
    monkeypatch.setenv("GIT_WORK_TREE", os.sep)
    new = proposed(shop)
    land(shop.user, "main", shop.user.commit, new)
    assert shop.user.tip("main") == new
