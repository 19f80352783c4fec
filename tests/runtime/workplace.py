"""A real repository of a user's, and what an agent might do in its worktree."""

import os
import subprocess
from pathlib import Path

from omk.runtime.repository import UserRepository
from omk.runtime.workshop import Workshop

USER = {"GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.org"}
USER |= {"GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@example.org"}


def call(*arguments: str, directory: Path) -> str:
    """Git as a person or an agent calls it, with everything it may do by itself."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), **USER}
    command = ("git", "-c", "init.defaultBranch=main", *arguments)
    ended = subprocess.run(command, cwd=directory, env=environment, capture_output=True, check=False)
    assert ended.returncode == 0, f"git {' '.join(arguments)}: {ended.stderr.decode()}"
    return ended.stdout.decode(errors="surrogateescape").strip()


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def repository(top: Path, *, object_format: str = "sha1") -> UserRepository:
    """A repository with one commit: a file, an executable, a link, a folder, and rules that hide `*.log`."""
    top.mkdir(parents=True)
    call("init", "--quiet", f"--object-format={object_format}", directory=top)
    write(top / "readme.md", "hello\n")
    write(top / "run.sh", "#!/bin/sh\n")
    (top / "run.sh").chmod(0o755)
    (top / "link").symlink_to("readme.md")
    write(top / "source/deep/a.txt", "a\n")
    write(top / "source/b.txt", "b\n")
    write(top / ".gitignore", "*.log\nbuild/\n")
    return commit(top, "first")


def commit(top: Path, message: str) -> UserRepository:
    call("add", "--all", directory=top)
    call("commit", "--quiet", "--message", message, directory=top)
    return UserRepository.find(top)


def workshop(user: UserRepository, state_home: Path) -> Workshop:
    user.ensure_identity("repo-1")
    return Workshop(user, state_home)


def files(top: Path) -> dict[str, bytes]:
    """Every file below a folder with its content and mode."""
    return {
        str(path.relative_to(top)): path.read_bytes() + b" %o" % path.stat().st_mode
        for path in sorted(top.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def user_state(user: UserRepository) -> dict[str, bytes]:
    """Everything of the user's that must stay byte for byte: checkout, HEAD, index, refs, logs, configuration."""
    checkout = files(user.top)
    return {name: content for name, content in checkout.items() if not name.startswith((".git/omk/", ".git/refs/omk/"))}


def opened(shop: Workshop, name: str = "agent") -> Path:
    return shop.open_worktree("g1", name, shop.user.tree, shop.user.commit)


def proposed(shop: Workshop, path: str = "new.txt", content: str = "new\n") -> str:
    """A commit of ours on top of the base that changes one file."""
    place = opened(shop)
    write(place / path, content)
    tree = shop.snapshot(place, shop.user.tree).tree
    shop.close_all("g1")
    return shop.commit_tree(tree, [shop.user.commit], "omk: the goal")
