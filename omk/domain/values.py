"""Values that several subjects speak of: a changed path, a gate's definition, a finding, a repository, what is spent."""

from typing import Literal

from omk.domain.event import Digest, Tree, Value

Operation = Literal["added", "modified", "deleted"]
GateOutcome = Literal["passed", "failed", "timed_out", "errored", "skipped", "inconclusive"]
ReviewPass = Literal["architect", "code", "test", "security", "performance", "anti-slop"]
PASSES: tuple[ReviewPass, ...] = ("architect", "code", "test", "security", "performance", "anti-slop")


class Change(Value):
    """One path that differs between two trees.

    `path` is `/`-separated, with `%` and bytes that are not UTF-8 as `%XX`; `old` and `new` are blob ids (null: absent);
    `old_mode` and `mode` are the git file modes (`100644`, `100755`, `120000` link) before and after, null where absent.
    """

    path: str
    operation: Operation
    old_mode: str | None
    mode: str | None
    old: str | None
    new: str | None


class Unreadable(Value):
    """A path of a worktree that could not be recorded, and the reason in a word (`permission`, `fifo`, `socket`, …)."""

    path: str
    reason: str


class GateDefinition(Value):
    """One verification gate as configured: what runs, for how long, and what a pass of it proves.

    `command` is a line for `/bin/sh -c` when `shell` is true, else argv; `timeout_ms` in milliseconds; `proves` names oracle
    checks; `source` is where it came from (`flag`, `omk.toml`, `pyproject.toml`, `.omk/gates.toml`, `detected:<file>`);
    `digest` covers everything that changes what is run (name, command, shell, timeout, setup, share, environment).
    """

    name: str
    command: tuple[str, ...]
    shell: bool
    required: bool
    skipped: bool
    timeout_ms: int
    proves: tuple[str, ...]
    source: str
    digest: Digest


class Guard(Value):
    """A file of the base commit that decides what verification means; `blob` is its id there (null: absent there).

    `part` limits the guard to a part of the file (`scripts` of package.json, `tool.omk` of pyproject.toml); `digest` is the
    digest of that part in the base commit.
    """

    path: str
    blob: str | None
    part: str | None = None
    digest: Digest | None = None


class Finding(Value):
    """Something a review pass objects to: where, a stable code, and never the offending content."""

    path: str
    line: int | None
    code: str


class Repository(Value):
    """The repository a goal works on: `id` is kept in its common git directory; `origin` has no credentials."""

    id: str
    origin: str | None
    subdirectory: str


class Base(Value):
    """Where a goal started: the branch (null: detached HEAD), its commit and that commit's tree."""

    branch: str | None
    commit: str
    tree: Tree


class Limits(Value):
    """What may be spent: active milliseconds, tokens, micro-dollars; null is no limit."""

    time_ms: int | None = None
    tokens: int | None = None
    micro_usd: int | None = None

    def over(self, other: "Limits") -> "Limits":
        """These, and where they say nothing the *other* ones."""
        pairs = {name: (getattr(self, name), getattr(other, name)) for name in self.__struct_fields__}
        return Limits(**{name: theirs if own is None else own for name, (own, theirs) in pairs.items()})


class Spent(Value):
    """What was spent, in milliseconds, tokens of three sorts, and micro-dollars."""

    time_ms: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    micro_usd: int = 0

    @property
    def tokens(self) -> int:
        """Tokens of all sorts."""
        return self.tokens_in + self.tokens_out + self.tokens_cached
