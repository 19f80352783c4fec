"""The one place that calls git, and the repository it is called for."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omk.errors import Unusable
from omk.runtime.git import GitFailed, decode_path, encode_path, git
from omk.runtime.repository import UserRepository, without_credentials
from tests.runtime.workplace import call, commit, repository, user_state, write


@given(st.binary())
def test_a_path_comes_back_as_the_bytes_it_was(path: bytes) -> None:
    text = encode_path(path)
    assert decode_path(text) == path
    text.encode("utf-8")


@pytest.mark.parametrize(("path", "text"), [(b"a%b", "a%25b"), (b"caf\xe9", "caf%E9"), ("é/x".encode(), "é/x")])
def test_only_percent_and_bytes_that_are_not_utf8_are_escaped(path: bytes, text: str) -> None:
    assert encode_path(path) == text


def test_git_is_not_led_astray_by_inherited_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = repository(tmp_path / "user")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert UserRepository.find(user.top) == user


def test_git_runs_no_hook(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    hook = user.common_dir / "hooks" / "reference-transaction"
    write(hook, "#!/bin/sh\ntouch hooked\n")
    hook.chmod(0o755)
    user.hold("g1", user.commit)
    assert not (user.common_dir / "hooked").exists()
    assert call("rev-parse", "refs/omk/g1", directory=user.top) == user.commit


def test_a_failure_is_one_line_with_gits_own_reason(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    with pytest.raises(GitFailed) as caught:
        git("cat-file", "-t", "nonsense", directory=user.top)
    assert str(caught.value) == "git cat-file failed (exit 128): fatal: Not a valid object name nonsense"


def test_a_machine_without_git_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unusable, match="git is not installed"):
        git("version", directory=tmp_path)


def test_a_repository_is_found_from_any_folder_of_it(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    below = UserRepository.find(user.top / "source" / "deep")
    assert (user.subdirectory, below.subdirectory) == ("", "source/deep")
    assert below.top == user.top
    assert (user.branch, user.object_format) == ("main", "sha1")
    assert user.commit == call("rev-parse", "HEAD", directory=user.top)
    assert user.tree == call("rev-parse", "HEAD^{tree}", directory=user.top)


def test_a_detached_head_has_no_branch(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    call("checkout", "--quiet", "--detach", directory=user.top)
    assert UserRepository.find(user.top).branch is None


def test_a_linked_worktree_shares_the_place_of_the_log(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    call("worktree", "add", "--quiet", str(tmp_path / "linked"), directory=user.top)
    linked = UserRepository.find(tmp_path / "linked")
    assert linked.store_folder == user.store_folder
    assert linked.branch == "linked"


def test_where_one_cannot_work_one_line_says_why(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    subprocess.run(("git", "init", "--quiet", "--bare", tmp_path / "bare"), check=True)
    subprocess.run(("git", "init", "--quiet", tmp_path / "unborn"), check=True)
    user = repository(tmp_path / "user")
    for place, words in (
        (tmp_path / "plain", "is not in a git repository"),
        (tmp_path / "bare", "is a bare repository"),
        (tmp_path / "unborn", "has no commit yet"),
        (user.common_dir, "is inside a git directory"),
        (tmp_path / "missing", "is not a directory"),
    ):
        with pytest.raises(Unusable, match=words) as caught:
            UserRepository.find(place)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ann:secret@example.org/x.git", "https://example.org/x.git"),
        ("https://token@example.org/x.git", "https://example.org/x.git"),
        ("https://example.org/x.git", "https://example.org/x.git"),
        ("ssh://git:secret@example.org/x.git", "ssh://git@example.org/x.git"),
        ("git@example.org:x.git", "git@example.org:x.git"),
        ("", None),
    ],
)
def test_an_origin_has_no_credentials(url: str, shown: str | None) -> None:
    assert without_credentials(url) == shown


def test_an_identity_is_given_once_and_kept_private(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    assert user.identity() is None
    assert user.ensure_identity("one") == "one"
    assert user.ensure_identity("two") == "one"
    assert user.identity() == "one"
    assert [path.name for path in user.store_folder.iterdir()] == ["repository-id"]
    assert user.store_folder.stat().st_mode & 0o777 == 0o700
    assert (user.store_folder / "repository-id").stat().st_mode & 0o777 == 0o600


def test_what_is_not_committed_is_listed_and_nothing_is_touched(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    write(user.top / "readme.md", "changed\n")
    write(user.top / "new/file.txt", "new\n")
    write(user.top / os.fsdecode(b"caf\xe9"), "x")
    write(user.top / "hidden.log", "x")
    before = user_state(user)
    assert user.dirty() == ["caf%E9", "new/", "readme.md"]
    assert user_state(user) == before


def test_files_of_a_commit_are_read_without_a_checkout(tmp_path: Path) -> None:
    user = repository(tmp_path / "user")
    write(user.top / os.fsdecode(b"caf\xe9"), "x")
    later = commit(user.top, "second")
    assert later.read_file(later.commit, "caf%E9") == b"x"
    assert later.read_file(user.commit, "caf%E9") is None
    assert later.read_file(user.commit, "source") is None
    listed = later.list_files(later.commit)
    assert listed["run.sh"][0] == "100755"
    assert listed["link"][0] == "120000"
    assert "caf%E9" in listed
