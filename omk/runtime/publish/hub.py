"""GitHub, through `gh`: every call a list of words with a time limit, every answer read as JSON (behaviour 7.4)."""

import os
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from omk.runtime.git import Finished, clean_environment
from omk.runtime.publish.call import TimedOut, call
from omk.runtime.publish.trouble import CHECKS, HUB, Trouble

Shape = TypeVar("Shape")
ACT_SECONDS, ASK_SECONDS, LOOK_SECONDS = 120, 60, 20
NOT_LOGGED_IN = 4
"""The exit status by which gh says so (gh help exit-codes)."""
QUIET = {"GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1", "NO_COLOR": "1", "CLICOLOR_FORCE": "0"}
ADDRESS = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^/@]*@)?|(?:[^/@:]+@)(?=[^/:]+:))(?P<host>[^/:]+)(?::\d+)?[:/]+"
    r"(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?/?"
)


class Oid(msgspec.Struct, frozen=True):
    """A commit, as gh names it."""

    oid: str


class View(msgspec.Struct, frozen=True, rename="camel"):
    """What gh says of a pull request; `mergeable` and the rest are words, unknown until GitHub has made up its mind."""

    url: str
    state: str
    is_draft: bool = False
    head_ref_oid: str = ""
    base_ref_name: str = ""
    mergeable: str = "UNKNOWN"
    merge_state_status: str = "UNKNOWN"
    review_decision: str | None = None
    merge_commit: Oid | None = None


class CheckView(msgspec.Struct, frozen=True):
    """What gh says of a check; `bucket` is `pass`, `fail`, `pending`, `skipping` or `cancel`."""

    name: str
    bucket: str


LISTED = "url,state,isDraft,headRefOid,baseRefName"
SHOWN = f"{LISTED},mergeable,mergeStateStatus,reviewDecision,mergeCommit"


class Hub:
    """The pull requests of the repository *address* names, as whoever is logged in with gh. Raises `Trouble`."""

    def __init__(self, directory: Path, address: str, stop: threading.Event, *, seconds: int = ASK_SECONDS) -> None:
        self.directory, self.stop, self.seconds = directory, stop, seconds
        named = repository_of(address)
        self.where: tuple[str, ...] = ("--repo", named) if named else ()

    def find(self, head: str) -> tuple[View, ...]:
        """The pull requests for the branch *head*, whatever became of them."""
        listed = self._ask("list", "--head", head, "--state", "all", "--limit", "30", "--json", LISTED, where=self.where)
        return decoded(listed.stdout, tuple[View, ...], "pr list")

    def create(self, *, title: str, body: str, head: str, into: str, draft: bool) -> str | None:
        """Open a pull request; its address, null if gh did not say."""
        words = ("--title", title, "--body-file", "-", "--head", head, "--base", into, *(("--draft",) if draft else ()))
        ended = self._act("create", *words, where=self.where, stdin=body)
        lines = ended.stdout.decode(errors="replace").splitlines()
        return next((line.strip() for line in lines if line.startswith(("https://", "http://"))), None)

    def edit(self, known: View, *, title: str, body: str, into: str, draft: bool) -> None:
        """Let a pull request say this, and be a draft or not."""
        self._act("edit", known.url, "--title", title, "--body-file", "-", "--base", into, stdin=body)
        if known.is_draft != draft:
            self._act("ready", known.url, *(("--undo",) if draft else ()))

    def view(self, url: str) -> View:
        """What is known of a pull request."""
        return decoded(self._ask("view", url, "--json", SHOWN).stdout, View, "pr view")

    def checks(self, url: str) -> tuple[CheckView, ...]:
        """The checks of a pull request; gh exits as if it had failed while one is pending or red."""
        ended = self._run("checks", url, "--json", "name,bucket", seconds=self.seconds)
        if ended.status and not ended.stdout.strip():
            if "no checks reported" in ended.stderr:
                return ()
            raise failed("checks", ended)
        return decoded(ended.stdout, tuple[CheckView, ...], "pr checks", code=CHECKS)

    def merge(self, url: str, commit: str) -> None:
        """Squash the pull request into its base, provided that it is at *commit*."""
        self._act("merge", url, "--squash", "--match-head-commit", commit)

    def _ask(self, verb: str, *words: str, where: Sequence[str] = ()) -> Finished:
        return good(verb, self._run(verb, *words, *where, seconds=self.seconds))

    def _act(self, verb: str, *words: str, where: Sequence[str] = (), stdin: str = "") -> Finished:
        return good(verb, self._run(verb, *words, *where, seconds=ACT_SECONDS, stdin=stdin))

    def _run(self, verb: str, *words: str, seconds: int, stdin: str = "") -> Finished:
        try:
            return call(
                ("gh", "pr", verb, *words),
                directory=self.directory,
                environment={**clean_environment(), **QUIET},
                seconds=seconds,
                stop=self.stop,
                stdin=stdin.encode(errors="replace"),
            )
        except TimedOut:
            raise Trouble(HUB, f"gh pr {verb} had no answer within {seconds} s. Check the network.") from None
        except FileNotFoundError:
            text = "gh is not installed or not on PATH. Install it (https://cli.github.com) and run `gh auth login`."
            raise Trouble(HUB, text) from None
        except OSError as error:
            raise Trouble(HUB, f"gh cannot be run: {error.strerror or os.strerror(error.errno or 0)}.") from error


def good(verb: str, ended: Finished) -> Finished:
    """A call that ended well. Raises `Trouble` for any other."""
    if ended.status:
        raise failed(verb, ended)
    return ended


def failed(verb: str, ended: Finished) -> Trouble:
    """Why gh failed, in a line."""
    if ended.status == NOT_LOGGED_IN or "gh auth login" in ended.stderr:
        return Trouble(HUB, "gh is not logged in. Run `gh auth login`.")
    said = [line.strip() for line in ended.stderr.splitlines() if line.strip()]
    return Trouble(HUB, f"gh pr {verb} failed (exit {ended.status}): {said[0] if said else 'it gave no reason.'}")


def decoded(content: bytes, shape: type[Shape], verb: str, *, code: str = HUB) -> Shape:
    """What gh printed as JSON."""
    try:
        return msgspec.json.decode(content, type=shape)
    except msgspec.DecodeError as error:
        raise Trouble(code, f"gh {verb} answered with what omk does not understand ({error}). Upgrade gh.") from error


def repository_of(address: str) -> str | None:
    """`HOST/OWNER/NAME` of a remote's address, null if it is no address of a forge (https, http, ssh, `git@host:`)."""
    found = ADDRESS.fullmatch(address)
    return f"{found['host']}/{found['owner']}/{found['name']}" if found else None
