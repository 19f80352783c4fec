"""A remote of the user's repository: asked, fetched from and pushed to out of omk's own repository.

Nothing is written in the user's but objects, and those only when a goal is put on a commit it does not have.
"""

import os
import threading
from pathlib import Path

from omk.runtime.bare import BareRepository
from omk.runtime.fitting import without_middle
from omk.runtime.git import FIXED, Finished, clean_environment, command_of, first_line
from omk.runtime.publish.call import TimedOut, call
from omk.runtime.publish.trouble import BASE, BRANCH, REMOTE, Trouble
from omk.runtime.repository import ask

ASK_SECONDS, MOVE_SECONDS = 60, 600
FETCHED = ("--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", "--no-recurse-submodules")
SAID, MOST_SAID = "remote:", 500
"""How git marks the remote's own words, and how many characters of them are told."""
PUSHED = ("--quiet", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no")


class Remote:
    """The remote *name*; what lasts there ends when *stop* is set. Raises `Trouble` whenever it does not answer."""

    def __init__(self, bare: BareRepository, name: str, stop: threading.Event, *, seconds: int = ASK_SECONDS) -> None:
        self.bare, self.name, self.stop, self.seconds = bare, name, stop, seconds
        self.top: Path = bare.user.top
        self.address = ask(self.top, "remote", "get-url", "--", name)
        self.target = ask(self.top, "remote", "get-url", "--push", "--", name)
        if not self.address or not self.target:
            raise Trouble(REMOTE, f"There is no remote {name}. Add it: git remote add {name} URL")

    def tip(self, branch: str) -> str | None:
        """The commit that *branch* is at there, null if it is not there."""
        listed = self._git("ls-remote", "--", self.target, f"refs/heads/{branch}", code=REMOTE, seconds=self.seconds)
        return listed.split()[0].decode() if listed.strip() else None

    def fetch(self, branch: str) -> str:
        """Have what *branch* of the remote holds in omk's repository; the commit it is at."""
        listed = self._git("ls-remote", "--", self.address, f"refs/heads/{branch}", code=REMOTE, seconds=self.seconds)
        if not listed.strip():
            raise Trouble(BASE, f"{self.name} has no branch {branch}. Push it, or name another: omk pr --base BRANCH")
        commit = listed.split()[0].decode()
        if not self.has(commit):
            self._git("fetch", *FETCHED, "--", self.address, f"refs/heads/{branch}", code=REMOTE, seconds=MOVE_SECONDS)
        return commit

    def has(self, commit: str) -> bool:
        """Whether omk's repository has a commit, or borrows it."""
        asked = self.bare.git("cat-file", "--batch-check", stdin=f"{commit}\n".encode())
        return asked.split()[1:2] == [b"commit"]

    def push(self, branch: str, commit: str, expected: str | None) -> None:
        """Make *commit* the tip of *branch*, provided that it is at *expected* (null: not there)."""
        name = f"refs/heads/{branch}"
        lease = f"--force-with-lease={name}:{expected or ''}"
        self._git("push", *PUSHED, lease, "--", self.target, f"{commit}:{name}", code=BRANCH, seconds=MOVE_SECONDS)

    def _git(self, *arguments: str, code: str, seconds: int) -> bytes:
        self.bare.settle()
        verb = arguments[0]
        try:
            ended: Finished = call(
                command_of(arguments, git_dir=self.bare.path, reads=False),
                directory=self.top,  # an address may be a path from there
                environment={**clean_environment(), **FIXED, **self._quiet_ssh()},
                seconds=seconds,
                stop=self.stop,
            )
        except TimedOut:
            text = f"git {verb} had no answer from {self.name} within {seconds} s. Check the network."
            raise Trouble(code, text) from None
        if ended.status != 0:
            raise Trouble(code, f"git {verb} failed at {self.name}: {reason_of(ended.stderr)} Mend that.")
        return ended.stdout

    def _quiet_ssh(self) -> dict[str, str]:
        """Ssh asks for no password: there is nobody to answer."""
        own = ask(self.top, "config", "--get", "core.sshCommand") or os.environ.get("GIT_SSH_COMMAND", "") or "ssh"
        return {"GIT_SSH_COMMAND": f"{own} -oBatchMode=yes" if own.split()[0].endswith("ssh") else own}


def reason_of(stderr: str) -> str:
    """The line of git's that tells why, that of a rejected branch if there is one, and what the remote itself said."""
    lines = [line.strip() for line in stderr.splitlines()]
    rejected = [line for line in lines if line.startswith("! [")]
    why = (rejected[0] if rejected else first_line(stderr)).removesuffix(".")
    said = " ".join(filter(None, (line.removeprefix(SAID).strip() for line in lines if line.startswith(SAID))))
    return f"{why}. It says: {without_middle(said, MOST_SAID).removesuffix('.')}." if said and rejected else f"{why}."
