"""What a worktree held is recorded as it is, or named as a gap."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from omk.domain.values import Unreadable
from omk.runtime.git import encode_path
from omk.runtime.workshop import Workshop
from tests.runtime.workplace import call, commit, repository, workshop, write


@pytest.fixture(params=["sha1", "sha256"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Workshop:
    return workshop(repository(tmp_path / "user", object_format=request.param), tmp_path / "state")


@pytest.fixture
def place(shop: Workshop) -> Iterator[Path]:
    yield shop.open_worktree("g1", "agent", shop.user.tree, shop.user.commit)
    shop.close_all("g1")


def kinds(shop: Workshop, place: Path) -> dict[str, str]:
    """Path to operation since the base tree, when nothing is unreadable."""
    taken = shop.snapshot(place, shop.user.tree)
    assert taken.unreadable == ()
    return {change.path: change.operation for change in taken.changes}


def test_a_fresh_worktree_holds_exactly_the_base_tree(shop: Workshop, place: Path) -> None:
    taken = shop.snapshot(place, shop.user.tree)
    assert (taken.tree, taken.changes, taken.unreadable) == (shop.user.tree, (), ())


def test_edits_additions_deletions_modes_and_links_are_recorded(shop: Workshop, place: Path) -> None:
    write(place / "readme.md", "changed\n")
    write(place / "new/folder/file.txt", "new\n")
    (place / "source/b.txt").unlink()
    (place / "source/deep/a.txt").chmod(0o755)
    (place / "link").unlink()
    (place / "link").symlink_to("/etc/hostname")
    taken = shop.snapshot(place, shop.user.tree)
    assert [(change.path, change.operation, change.mode) for change in taken.changes] == [
        ("link", "modified", "120000"),
        ("new/folder/file.txt", "added", "100644"),
        ("readme.md", "modified", "100644"),
        ("source/b.txt", "deleted", None),
        ("source/deep/a.txt", "modified", "100755"),
    ]
    assert shop.read_path(taken.tree, "link") == b"/etc/hostname"
    assert shop.read_path(taken.tree, "readme.md") == b"changed\n"
    mode_only = taken.changes[4]
    assert mode_only.old == mode_only.new


def test_a_link_to_a_folder_outside_is_recorded_as_a_link(shop: Workshop, place: Path, tmp_path: Path) -> None:
    write(tmp_path / "outside/secret.txt", "secret")
    (place / "out").symlink_to(tmp_path / "outside")
    assert kinds(shop, place) == {"out": "added"}


def test_ignored_files_are_not_recorded_but_tracked_ones_are(shop: Workshop, place: Path) -> None:
    write(place / "hidden.log", "x")
    write(place / "build/deep/result.o", "x")
    write(place / "source/x.log", "x")
    assert kinds(shop, place) == {}
    write(place / ".gitignore", "*\n")
    write(place / "readme.md", "changed\n")
    write(place / "new.txt", "x")
    assert kinds(shop, place) == {".gitignore": "modified", "readme.md": "modified"}


def test_an_agent_cannot_hide_files_by_rules_outside_the_tree(shop: Workshop, place: Path) -> None:
    write(shop.bare.path / "info/exclude", "*\n")
    call("config", "core.excludesFile", "/dev/stdin", directory=place)
    write(place / "new.txt", "x")
    assert kinds(shop, place) == {"new.txt": "added"}


def test_what_the_agent_does_to_its_own_index_does_not_matter(shop: Workshop, place: Path) -> None:
    write(place / "new.txt", "x")
    call("add", "--all", directory=place)
    assert kinds(shop, place) == {"new.txt": "added"}
    call("commit", "--quiet", "-m", "mine", directory=place)
    assert kinds(shop, place) == {"new.txt": "added"}
    write(place / "readme.md", "changed\n")
    call("update-index", "--assume-unchanged", "readme.md", directory=place)
    assert kinds(shop, place) == {"new.txt": "added", "readme.md": "modified"}
    call("update-index", "--no-assume-unchanged", "readme.md", directory=place)
    call("stash", directory=place)
    assert kinds(shop, place) == {"new.txt": "added"}


@pytest.mark.parametrize("left", ["removed", "a folder", "a lie"])
def test_a_worktree_whose_git_file_was_tampered_with_is_still_recorded(shop: Workshop, place: Path, left: str) -> None:
    (place / ".git").unlink()
    if left == "a folder":
        call("init", "--quiet", directory=place)
    elif left == "a lie":
        write(place / ".git", "gitdir: /nowhere\n")
    write(place / "new.txt", "x")
    assert kinds(shop, place) == {"new.txt": "added"}


def test_an_edit_of_the_same_size_and_times_is_never_missed(shop: Workshop, place: Path) -> None:
    tree, file = shop.user.tree, place / "readme.md"
    for content in (b"hallo\n", b"hullo\n", b"hillo\n", b"hollo\n"):
        status = file.stat()
        file.write_bytes(content)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        taken = shop.snapshot(place, tree)
        assert [change.path for change in taken.changes] == ["readme.md"]
        assert shop.read_path(taken.tree, "readme.md") == content
        tree = taken.tree


def test_an_embedded_repository_is_recorded_as_its_files(shop: Workshop, place: Path) -> None:
    write(place / "nested/inner.txt", "x")
    write(place / "nested/inner.log", "x")
    write(place / "nested/.gitignore", "*.tmp\n")
    write(place / "nested/inner.tmp", "x")
    call("init", "--quiet", directory=place / "nested")
    expected = {"nested/.gitignore": "added", "nested/inner.txt": "added"}
    assert kinds(shop, place) == expected
    call("add", "--all", directory=place / "nested")
    call("commit", "--quiet", "-m", "inner", directory=place / "nested")
    assert kinds(shop, place) == expected


def test_names_that_are_not_utf8_and_odd_ones_are_recorded(shop: Workshop, place: Path) -> None:
    names = [b"caf\xe9.txt", b"a\nb", b'"quoted"', b"\\back", b":(top)x", b"50%", b" lead", b"-dash", b"tab\t", b"cr\r"]
    for name in names:
        write(place / os.fsdecode(name), b"content of " + name)
    taken = shop.snapshot(place, shop.user.tree)
    assert {change.path for change in taken.changes} == {encode_path(name) for name in names}
    for name in names:
        assert shop.read_path(taken.tree, encode_path(name)) == b"content of " + name
    assert shop.snapshot(place, taken.tree).changes == ()


def test_a_file_becomes_a_folder_and_a_folder_a_file(shop: Workshop, place: Path) -> None:
    (place / "readme.md").unlink()
    write(place / "readme.md/inside.txt", "x")
    shutil.rmtree(place / "source")
    write(place / "source", "x")
    assert kinds(shop, place) == {
        "readme.md": "deleted",
        "readme.md/inside.txt": "added",
        "source": "added",
        "source/b.txt": "deleted",
        "source/deep/a.txt": "deleted",
    }


def test_a_deleted_folder_is_a_deletion_of_its_files(shop: Workshop, place: Path) -> None:
    shutil.rmtree(place / "source")
    assert kinds(shop, place) == {"source/b.txt": "deleted", "source/deep/a.txt": "deleted"}


def test_a_deleted_worktree_is_a_deletion_of_everything(shop: Workshop, place: Path) -> None:
    shutil.rmtree(place)
    assert set(kinds(shop, place).values()) == {"deleted"}
    assert set(kinds(shop, place)) == set(shop.user.list_files(shop.user.commit))


def test_a_worktree_replaced_by_a_link_is_a_gap(shop: Workshop, place: Path, tmp_path: Path) -> None:
    shutil.rmtree(place)
    place.symlink_to(tmp_path)
    taken = shop.snapshot(place, shop.user.tree)
    assert taken.tree == shop.user.tree
    assert taken.unreadable == (Unreadable(path=".", reason="not a folder"),)


def test_what_is_no_file_is_named(shop: Workshop, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(place / "pipe")
    os.mkfifo(place / "ignored.log")
    (place / "readme.md").unlink()
    os.mkfifo(place / "readme.md")
    write(place / ".GIT", "x")
    monkeypatch.chdir(place)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("plug")
        taken = shop.snapshot(place, shop.user.tree)
    reasons = [(".GIT", "name"), ("pipe", "fifo"), ("plug", "socket"), ("readme.md", "fifo")]
    assert taken.unreadable == tuple(Unreadable(path=path, reason=reason) for path, reason in reasons)
    assert taken.changes == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_named_and_stays_as_it_was(shop: Workshop, place: Path) -> None:
    (place / "source").chmod(0)
    (place / "readme.md").chmod(0)
    taken = shop.snapshot(place, shop.user.tree)
    assert taken.unreadable == (
        Unreadable(path="readme.md", reason="permission"),
        Unreadable(path="source", reason="permission"),
    )
    assert taken.tree == shop.user.tree


def test_line_endings_that_were_never_normalised_are_no_change(shop: Workshop) -> None:
    write(shop.user.top / "dos.txt", b"one\r\ntwo\r\n")
    commit(shop.user.top, "dos")
    write(shop.user.top / ".gitattributes", "* text=auto\n")
    call("add", ".gitattributes", directory=shop.user.top)
    call("commit", "--quiet", "-m", "attributes", directory=shop.user.top)
    tree = call("rev-parse", "HEAD^{tree}", directory=shop.user.top)
    place = shop.open_worktree("g1", "agent", tree, call("rev-parse", "HEAD", directory=shop.user.top))
    assert shop.snapshot(place, tree).changes == ()


def test_filters_of_the_user_apply_and_those_an_agent_plants_do_not(shop: Workshop, tmp_path: Path) -> None:
    call("config", "filter.case.clean", "tr a-z A-Z", directory=shop.user.top)
    call("config", "filter.never.clean", "false", directory=shop.user.top)
    call("config", "filter.never.required", "true", directory=shop.user.top)
    place = shop.open_worktree("g1", "agent", shop.user.tree, shop.user.commit)
    call("config", "filter.planted.clean", f"touch {tmp_path}/planted; cat", directory=place)
    call("config", "core.fsmonitor", f"touch {tmp_path}/planted", directory=place)
    write(place / ".gitattributes", "upper filter=case\nx filter=planted\nfails filter=never\n")
    for name in ("upper", "x", "fails"):
        write(place / name, "text")
    taken = shop.snapshot(place, shop.user.tree)
    assert shop.read_path(taken.tree, "upper") == b"TEXT"
    assert shop.read_path(taken.tree, "x") == b"text"
    assert taken.unreadable == (Unreadable(path="fails", reason="filter"),)
    assert not (tmp_path / "planted").exists()


def test_a_submodule_stays_as_recorded(shop: Workshop, tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", object_format=shop.user.object_format)
    top = shop.user.top
    call("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.top), "module", directory=top)
    user = commit(top, "submodule")
    place = shop.open_worktree("g1", "agent", user.tree, user.commit)
    assert shop.snapshot(place, user.tree).changes == ()
    call("clone", "--quiet", str(inner.top), "module", directory=place)
    filled = shop.snapshot(place, user.tree)
    assert (filled.tree, filled.unreadable) == (user.tree, (Unreadable(path="module", reason="submodule"),))


@pytest.mark.parametrize("hidden", [True, False])
def test_what_an_agent_proposes_is_no_content_of_the_tree(shop: Workshop, place: Path, hidden: bool) -> None:
    write(place / ".omk-proposals.jsonl", "{}\n")
    write(place / "source/.omk-proposals.jsonl", "{}\n")
    if hidden:
        write(place / ".gitignore", "*.jsonl\n")
    assert kinds(shop, place) == ({".gitignore": "modified"} if hidden else {"source/.omk-proposals.jsonl": "added"})


def test_a_tree_that_has_such_a_file_keeps_it_whatever_the_agent_does_to_it(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    write(user.top / ".omk-proposals.jsonl", "ours\n")
    shop = workshop(commit(user.top, "second"), tmp_path / "state")
    place = shop.open_worktree("g1", "agent", shop.user.tree, shop.user.commit)
    write(place / ".omk-proposals.jsonl", "theirs\n")
    assert kinds(shop, place) == {}
    (place / ".omk-proposals.jsonl").unlink()
    assert kinds(shop, place) == {}
    (place / ".omk-proposals.jsonl").mkdir()
    write(place / ".omk-proposals.jsonl/x", "x")
    assert kinds(shop, place) == {}
    shop.close_all("g1")
