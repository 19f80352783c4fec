"""Worktrees of our own: nothing of the user's is touched, nothing recorded rots, nothing stays behind."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from omk.runtime.git import git
from omk.runtime.repository import UserRepository
from omk.runtime.workshop import Workshop
from tests.runtime.workplace import call, commit, files, opened, proposed, repository, user_state, workshop, write


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    shop = workshop(repository(tmp_path / "user"), tmp_path / "state")
    shop.user.hold("g1", shop.user.commit)
    return shop


# --- The user's things ---


def test_whatever_an_agent_does_with_git_the_users_repository_stays_byte_identical(shop: Workshop) -> None:
    write(shop.user.top / "readme.md", "stashed by the user\n")
    call("stash", directory=shop.user.top)
    call("tag", "v1", directory=shop.user.top)
    write(shop.user.top / "readme.md", "not committed\n")
    before = user_state(shop.user)
    place = opened(shop)
    write(place / "readme.md", "by the agent\n")
    for line in (
        "stash", "stash pop", "branch topic", "checkout -b other", "add -A", "commit -m mine", "tag v2", "tag -d v1",
        "config user.name Mallory", "config --unset user.name", "branch -D main", "gc --prune=now --quiet",
        "reset --hard HEAD~1",
    ):  # fmt: skip
        call(*line.split(), directory=place)
    shop.snapshot(place, shop.user.tree)
    shop.reset(place, shop.user.tree)
    shop.close_all("g1")
    assert user_state(shop.user) == before


def test_an_agent_sees_the_users_branches_and_starts_detached_at_the_base(shop: Workshop) -> None:
    call("tag", "v1", directory=shop.user.top)
    place = opened(shop)
    assert call("rev-parse", "HEAD", "main", "v1", directory=place).split() == [shop.user.commit] * 3
    assert call("status", "--porcelain", directory=place) == ""
    assert subprocess.run(("git", "symbolic-ref", "-q", "HEAD"), cwd=place, check=False).returncode == 1


def test_branches_are_shown_as_they_are_now(shop: Workshop) -> None:
    place = opened(shop)
    call("branch", "clash", directory=place)
    call("branch", "clash/below", directory=shop.user.top)
    write(shop.user.top / "readme.md", "later\n")
    later = commit(shop.user.top, "later")
    place = opened(shop)
    assert call("rev-parse", "main", "clash/below", directory=place).split() == [later.commit, shop.user.commit]


def test_a_worktree_of_another_tree_starts_at_a_commit_on_top_of_the_base(shop: Workshop) -> None:
    place = opened(shop)
    write(place / "new.txt", "x")
    tree = shop.snapshot(place, shop.user.tree).tree
    place = shop.open_worktree("g1", "agent", tree, shop.user.commit)
    head = call("rev-parse", "HEAD", "HEAD^", "HEAD^{tree}", directory=place).split()
    assert head[1:] == [shop.user.commit, tree]
    assert call("status", "--porcelain", directory=place) == ""
    shop.reset(place, tree)
    assert call("rev-parse", "HEAD", directory=place) == head[0]


def test_configuration_an_agent_plants_is_gone_before_we_use_git_again(shop: Workshop, tmp_path: Path) -> None:
    place = opened(shop)
    for name in ("core.fsmonitor", "core.alternateRefsCommand", "core.sshCommand"):
        call("config", name, f"touch {tmp_path}/planted", directory=place)
    hook = shop.bare.path / "hooks" / "post-checkout"
    write(hook, f"#!/bin/sh\ntouch {tmp_path}/planted\n")
    hook.chmod(0o755)
    shop.snapshot(place, shop.user.tree)
    shop.reset(place, shop.user.tree)
    assert "planted" not in (shop.bare.path / "config").read_text()
    assert not (tmp_path / "planted").exists()


def test_the_users_configuration_counts_in_worktrees(shop: Workshop) -> None:
    call("config", "user.name", "Configured", directory=shop.user.top)
    call("config", "core.worktree", "..", directory=shop.user.top)
    place = opened(shop)
    assert call("config", "user.name", directory=place) == "Configured"
    assert call("rev-parse", "--show-toplevel", directory=place) == str(place)


# --- Trees that last ---


def test_recorded_trees_survive_an_amended_base_and_the_users_gc(shop: Workshop) -> None:
    write(shop.user.top / "borrowed.txt", "an object only the user's repository has\n")
    call("add", "--all", directory=shop.user.top)
    place = opened(shop)
    write(place / "borrowed.txt", "an object only the user's repository has\n")
    write(place / "own.txt", "own\n")
    tree = shop.snapshot(place, shop.user.tree).tree
    call("commit", "--quiet", "--amend", "-m", "amended", directory=shop.user.top)
    call("rm", "-r", "--quiet", ".", directory=shop.user.top)
    call("commit", "--quiet", "--amend", "--allow-empty", "-m", "again", directory=shop.user.top)
    call("reflog", "expire", "--expire=now", "--all", directory=shop.user.top)
    call("gc", "--quiet", "--prune=now", directory=shop.user.top)
    call("clean", "-xfd", "--quiet", directory=shop.user.top)
    assert shop.read_path(tree, "borrowed.txt") == b"an object only the user's repository has\n"
    assert shop.read_path(tree, "own.txt") == b"own\n"
    assert shop.read_path(tree, "source/deep/a.txt") == b"a\n"
    git("fsck", "--connectivity-only", tree, git_dir=shop.bare.path)
    shop.open_worktree("g1", "again", tree, shop.user.commit)


def test_a_moved_repository_still_has_its_trees(shop: Workshop, tmp_path: Path) -> None:
    place = opened(shop)
    write(place / "new.txt", "new\n")
    tree = shop.snapshot(place, shop.user.tree).tree
    shop.close_all("g1")
    shop.user.top.rename(tmp_path / "moved")
    moved = Workshop(UserRepository.find(tmp_path / "moved"), tmp_path / "state")
    assert moved.read_path(tree, "new.txt") == b"new\n"
    assert moved.read_path(tree, "readme.md") == b"hello\n"
    assert (moved.open_worktree("g1", "agent", tree, shop.user.commit) / "readme.md").read_text() == "hello\n"


def test_a_repository_that_borrows_its_objects_itself_is_fine(shop: Workshop, tmp_path: Path) -> None:
    call("clone", "--quiet", "--shared", str(shop.user.top), str(tmp_path / "borrower"), directory=tmp_path)
    borrower = workshop(UserRepository.find(tmp_path / "borrower"), tmp_path / "state2")
    place = opened(borrower)
    write(place / "new.txt", "new\n")
    assert [change.path for change in borrower.snapshot(place, borrower.user.tree).changes] == ["new.txt"]


def test_a_shallow_clone_is_fine(shop: Workshop, tmp_path: Path) -> None:
    write(shop.user.top / "readme.md", "two\n")
    commit(shop.user.top, "second")
    address = f"file://{shop.user.top}"
    call("clone", "--quiet", "--depth=1", address, str(tmp_path / "shallow"), directory=tmp_path)
    shallow = workshop(UserRepository.find(tmp_path / "shallow"), tmp_path / "state2")
    place = opened(shallow)
    write(place / "new.txt", "new\n")
    shallow.snapshot(place, shallow.user.tree)
    assert len(call("log", "--format=%H", directory=place).split()) == 1


# --- Resetting and closing ---


def test_a_reset_worktree_holds_the_tree_and_nothing_else(shop: Workshop) -> None:
    place = opened(shop)
    fresh = files(place)
    write(place / "readme.md", "changed\n")
    write(place / "build/ignored.o", "x")
    write(place / "nested/x", "x")
    call("init", "--quiet", directory=place / "nested")
    write(shop.bare.path / "worktrees/g1--agent/index.lock", "")
    (place / "run.sh").chmod(0)
    (place / "source/deep").chmod(0)
    (place / "source").chmod(0)
    shop.reset(place, shop.user.tree)
    assert files(place) == fresh
    (place / ".git").unlink()
    shutil.rmtree(shop.bare.path / "worktrees")
    shop.reset(place, shop.user.tree)
    assert files(place) == fresh
    shutil.rmtree(place)
    shop.reset(place, shop.user.tree)
    assert files(place) == fresh
    assert call("status", "--porcelain", "--ignored", directory=place) == ""


def test_a_reset_undoes_whatever_was_done_to_files_and_links(shop: Workshop, tmp_path: Path) -> None:
    call("config", "filter.case.clean", "tr a-z A-Z", directory=shop.user.top)
    call("config", "filter.case.smudge", "tr A-Z a-z", directory=shop.user.top)
    write(shop.user.top / ".gitattributes", "low filter=case\n*.md text\n")
    write(shop.user.top / "low", "lower\n")
    user = commit(shop.user.top, "filtered")
    place = shop.open_worktree("g1", "gates", user.tree, user.commit)
    fresh = files(place)
    assert fresh["low"].startswith(b"lower\n")
    kept = (place / "source/b.txt").stat().st_ino
    write(tmp_path / "outside/b.txt", "b\n")
    write(place / "readme.md", b"hello\r\n")
    write(place / "low", "LOWER\n")
    status = (place / "source/deep/a.txt").stat()
    write(place / "source/deep/a.txt", "z\n")
    os.utime(place / "source/deep/a.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    (place / "run.sh").chmod(0o644)
    (place / "link").unlink()
    (place / "link").symlink_to("elsewhere")
    (place / "source/more").mkdir()
    shop.reset(place, user.tree)
    assert files(place) == fresh
    assert (place / "link").readlink() == Path("readme.md")
    assert not (place / "source/more").exists()
    assert (place / "source/b.txt").stat().st_ino == kept
    shutil.rmtree(place / "source")
    (place / "source").symlink_to(tmp_path / "outside")
    shop.reset(place, user.tree)
    assert files(place) == fresh
    assert files(tmp_path / "outside").keys() == {"b.txt"}
    assert call("status", "--porcelain", "--ignored", directory=place) == ""


def test_closing_leaves_nothing_registered_and_nothing_on_disk(shop: Workshop, tmp_path: Path) -> None:
    agent, gates, gone = opened(shop), opened(shop, "gates"), opened(shop, "gone")
    call("worktree", "add", "--quiet", "--detach", "../beside", directory=agent)
    shutil.rmtree(gone)
    (agent / "source").chmod(0o500)
    (agent / "source/b.txt").chmod(0o400)
    shop.close_worktree(gates)
    assert shop.worktrees("g1") == (agent, agent.with_name("beside"), gone)
    shop.close_all("g1")
    shop.close_all("g1")
    assert shop.worktrees("g1") == ()
    assert [path for path in (tmp_path / "state").rglob("*") if path.is_file()] == []
    assert git("worktree", "list", git_dir=shop.bare.path).count(b"\n") == 1


def test_the_store_is_for_its_owner_alone(shop: Workshop) -> None:
    place = opened(shop)
    for folder in (shop.user.store_folder, shop.bare.path, place):
        assert folder.stat().st_mode & 0o777 == 0o700


# --- Comparing, merging ---


def test_two_trees_are_compared_and_shown_as_a_patch(shop: Workshop) -> None:
    call("config", "diff.external", "false", directory=shop.user.top)
    call("config", "diff.noprefix", "true", directory=shop.user.top)
    new_tree = shop.tree_of(proposed(shop, "readme.md", "bye\n"))
    (change,) = shop.changes(shop.user.tree, new_tree)
    assert (change.path, change.operation) == ("readme.md", "modified")
    assert change.new is not None
    assert shop.read_blobs([change.new]) == {change.new: b"bye\n"}
    patch = shop.diff(shop.user.tree, new_tree)
    assert b"--- a/readme.md\n+++ b/readme.md\n@@ -1 +1 @@\n-hello\n+bye\n" in patch
    assert shop.read_path(new_tree, "nothing") is None


def test_work_is_merged_into_a_branch_that_moved(shop: Workshop) -> None:
    their_tree = shop.tree_of(proposed(shop))
    write(shop.user.top / "readme.md", "moved on\n")
    later = commit(shop.user.top, "later")
    merged = shop.merge_trees(shop.user.commit, later.commit, their_tree)
    assert merged.conflicts == ()
    assert merged.tree is not None
    assert shop.read_path(merged.tree, "new.txt") == b"new\n"
    assert shop.read_path(merged.tree, "readme.md") == b"moved on\n"


def test_a_conflict_is_named_by_its_paths(shop: Workshop) -> None:
    their_tree = shop.tree_of(proposed(shop, "readme.md", "theirs\n"))
    write(shop.user.top / "readme.md", "ours\n")
    later = commit(shop.user.top, "later")
    assert shop.merge_trees(shop.user.commit, later.commit, their_tree) == (None, ("readme.md",))


def test_a_commit_is_by_the_configured_person_or_by_omk(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(shop.state_home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(shop.state_home))
    name = "--format=%an <%ae>, %cn"
    by_omk = shop.commit_tree(shop.user.tree, [shop.user.commit], "empty")
    assert git("show", "-s", name, by_omk, git_dir=shop.bare.path) == b"omk <omk@localhost>, omk\n"
    call("config", "user.name", "Ann", directory=shop.user.top)
    call("config", "user.email", "ann@example.org", directory=shop.user.top)
    by_ann = Workshop(shop.user, shop.state_home).commit_tree(shop.user.tree, [shop.user.commit], "empty")
    assert git("show", "-s", name, by_ann, git_dir=shop.bare.path) == b"Ann <ann@example.org>, Ann\n"
