"""The tables of omk.toml: which keys there are, and what each may be."""

import tomllib
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from omk.domain.approval import Approve
from omk.domain.oracle import KINDS, Kind
from omk.domain.subjects.policy import Flaky
from omk.errors import Unusable
from omk.runtime.config_budget import LIMITS_ALLOWED, BudgetTable
from omk.runtime.gates.conduct import AtOnce, BreakerTable, Reruns

Shape = TypeVar("Shape", bound=Struct)
Words = Annotated[str, Meta(pattern=r"\S")]


class StagnationTable(Struct, forbid_unknown_fields=True, frozen=True):
    """`[stagnation]` of omk.toml: when a loop counts as standing still."""

    warmup: Annotated[int, Meta(ge=0, le=1_000)] = 3
    window: Annotated[int, Meta(ge=0, le=10)] = 5
    metrics: Annotated[int, Meta(ge=1, le=5)] = 3


class GateTable(Struct, forbid_unknown_fields=True):
    """`[gates.NAME]` of omk.toml."""

    run: Words | Annotated[list[Words], Meta(min_length=1)]
    timeout: str | int = "10m"
    required: bool = True
    skip: bool = False
    proves: list[str] = []
    needs: list[Words] = []


class WorktreeTable(Struct, forbid_unknown_fields=True):
    """`[worktree]` of omk.toml."""

    setup: list[Words] = []
    share: list[Words] = []


class ScopeTable(Struct, forbid_unknown_fields=True):
    """`[scope]` of omk.toml."""

    write: list[Words] = []


class ApproveTable(Struct, forbid_unknown_fields=True):
    """`[approve]` of omk.toml."""

    policy: Approve | None = None
    allow: list[Words] = []


class OmkTable(Struct, forbid_unknown_fields=True):
    """The whole of omk.toml, or `[tool.omk]`."""

    agent: Words | None = None
    planner: Words | None = None
    accept: Literal["manual", "auto"] | None = None
    merge: Literal["disabled", "manual", "gated"] | None = None
    max_attempts: Annotated[int, Meta(ge=1)] | None = None
    remote: Words | None = None
    kind: Kind | None = None
    gates_at_once: AtOnce | None = None
    rerun_failed: Reruns | None = None
    flaky: Flaky | None = None
    gates: dict[str, dict[str, Any]] = {}
    breaker: BreakerTable = field(default_factory=BreakerTable)
    worktree: WorktreeTable = field(default_factory=WorktreeTable)
    scope: ScopeTable = field(default_factory=ScopeTable)
    stagnation: StagnationTable = field(default_factory=StagnationTable)
    budget: BudgetTable = field(default_factory=BudgetTable)
    approve: ApproveTable = field(default_factory=ApproveTable)


TABLES: dict[str, type[Struct]] = {
    ".worktree": WorktreeTable,
    ".scope": ScopeTable,
    ".breaker": BreakerTable,
    ".stagnation": StagnationTable,
    ".budget": BudgetTable,
    ".approve": ApproveTable,
}
ALLOWED = {
    "accept": "manual, auto",
    "merge": "disabled, manual, gated",
    "kind": ", ".join(KINDS),
    "max_attempts": "a whole number, at least 1",
    "run": 'a shell line or argv, like "pytest -q" or ["pytest", "-q"]',
    "timeout": 'a duration like "10m", or seconds',
    "remote": 'the name of a remote, like "origin"',
    "agent": 'an agent spec, like "acp:kimi acp"',
    "planner": 'an agent spec, like "acp:kimi acp"',
    "gates": "tables like [gates.tests]",
    "gates_at_once": "a whole number from 1 to 64",
    "rerun_failed": "a whole number from 0 to 100",
    "flaky": "inconclusive, passed",
    "needs": 'names of gates, like ["build"]',
    "failures": "a whole number, 0 for never",
    "recovery": 'a duration like "30s", or seconds',
    "probes": "a whole number, at least 1",
    "warmup": "a whole number, at least 0",
    "window": "a whole number from 0 (never) to 10",
    "metrics": "a whole number from 1 to 5",
    **LIMITS_ALLOWED,
    "policy": "ask, safe, yolo, never, pattern",
    "allow": 'patterns like "git status*"',
}  # keys whose message from msgspec does not say what would do


def parsed(content: bytes, path: str) -> dict[str, Any]:
    """The TOML of a file of the base commit."""
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Unusable(f"{path} of the base commit is not TOML: {error}. Mend it and commit.") from error


def converted(table: object, shape: type[Shape], path: str, key: str) -> Shape:
    """*table* in its declared shape; the message of a failure names the file, the key and what is allowed."""
    try:
        return msgspec.convert(table, shape)
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `$")
        where = (key + place.rstrip("`")).lstrip(".") or "the file"
        leaf = place.rstrip("`").removesuffix("[...]").rpartition(".")[2]
        if "unknown field" in text:
            inner = TABLES.get(place.rstrip("`"), shape)
            allowed = ", ".join(inner.__struct_encode_fields__)
        else:
            allowed = ALLOWED.get(leaf, "see the reference of omk.toml")
        raise Unusable(f"{path}: {where}: {text}. Allowed: {allowed}.") from error
