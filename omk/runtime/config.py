"""Configuration, read once from the base commit: what an agent edits later changes nothing in its own run.

The nearest file wins, from the goal's directory up to the root; in one directory `omk.toml` comes before
`[tool.omk]` of `pyproject.toml`. Gates of 0.5.0 (`.omk/gates.toml`) count when neither names any. All keys:

    agent = "acp:kimi acp"          # any agent spec
    accept = "manual"               # manual, auto
    merge = "manual"                # disabled, manual, gated
    max_attempts = 3                # a whole number, at least 1
    kind = "bugfix"                 # a kind of goal, instead of the classification
    gates_at_once = 4               # gates that run beside each other at most; default 1
    rerun_failed = 1                # a red gate runs again so often on the same tree; default 0
    flaky = "inconclusive"          # what a pass counts as then: inconclusive, passed

    [gates.tests]
    run = "pytest -q"               # a line for /bin/sh -c, or argv: ["pytest", "-q"]
    timeout = "10m"                 # or seconds; default 10m, at most 1d
    required = true                 # default true
    skip = false                    # a skipped gate is not run and never passes
    proves = ["smoke"]              # oracle checks that a pass proves
    needs = ["build"]               # gates that have to pass before it is run

    [breaker]
    failures = 5                    # in a row, after which a gate rests; 0: it never does
    recovery = "30s"                # or seconds; how long it rests
    probes = 1                      # runs that may begin then

    [worktree]
    setup = ["npm ci"]              # lines for /bin/sh -c, run before gates
    share = [".venv"]               # paths borrowed from the checkout

    [stagnation]
    warmup = 3                      # iterations of a loop before it is judged, default 3
    window = 5                      # iterations that are looked at, 0 (never stop for it) to 10, default 5
    metrics = 3                     # metrics that stand still at least, 1 to 5, default 3

    [scope]
    write = ["src", "tests"]        # what the implementing task may change

In `[tool.omk]` the same keys stand below `tool.omk`. An unknown key or a wrong value refuses; nothing is guessed.
"""

import tomllib
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from omk.domain.event import Value
from omk.domain.oracle import ALL_CHECKS, KINDS, Kind
from omk.domain.paths import unsafe
from omk.domain.subjects.policy import Flaky, Needs
from omk.domain.values import GateDefinition
from omk.errors import Refused, Unusable
from omk.runtime.gates.conduct import (
    UNSAID,
    AtOnce,
    BreakerTable,
    Conduct,
    OldBreaker,
    Reruns,
    old_conduct,
    recovery_from,
    wrong_needs,
)
from omk.runtime.gates.definition import DEFAULT_TIMEOUT, NAME, NOTHING, Surroundings, define, timeout_from

ReadFile = Callable[[str], bytes | None]
Shape = TypeVar("Shape", bound=Struct)
Words = Annotated[str, Meta(pattern=r"\S")]


class StagnationTable(Struct, forbid_unknown_fields=True, frozen=True):
    """`[stagnation]` of omk.toml: when a loop counts as standing still."""

    warmup: Annotated[int, Meta(ge=0, le=1_000)] = 3
    window: Annotated[int, Meta(ge=0, le=10)] = 5
    metrics: Annotated[int, Meta(ge=1, le=5)] = 3


class Settings(Value):
    """What the base commit says about how to run a goal; None or empty where it says nothing.

    `source` is the file the settings came from; `gates` are in the file's order.
    """

    source: str | None = None
    agent: str | None = None
    accept: Literal["manual", "auto"] | None = None
    merge: Literal["disabled", "manual", "gated"] | None = None
    max_attempts: int | None = None
    kind: Kind | None = None
    gates: tuple[GateDefinition, ...] = ()
    around: Surroundings = NOTHING
    write: tuple[str, ...] = ()
    conduct: Conduct = UNSAID
    stagnation: StagnationTable = StagnationTable()


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


class OmkTable(Struct, forbid_unknown_fields=True):
    """The whole of omk.toml, or `[tool.omk]`."""

    agent: Words | None = None
    accept: Literal["manual", "auto"] | None = None
    merge: Literal["disabled", "manual", "gated"] | None = None
    max_attempts: Annotated[int, Meta(ge=1)] | None = None
    kind: Kind | None = None
    gates_at_once: AtOnce | None = None
    rerun_failed: Reruns | None = None
    flaky: Flaky | None = None
    gates: dict[str, dict[str, Any]] = {}
    breaker: BreakerTable = field(default_factory=BreakerTable)
    worktree: WorktreeTable = field(default_factory=WorktreeTable)
    scope: ScopeTable = field(default_factory=ScopeTable)
    stagnation: StagnationTable = field(default_factory=StagnationTable)


class OldGate(Struct, forbid_unknown_fields=True):
    """One `[[gates]]` table of `.omk/gates.toml`, as omk 0.5.0 wrote it."""

    name: Words
    command: Words
    args: list[str] = []
    required: bool = True
    timeout_secs: Annotated[int, Meta(ge=0)] = 0
    allow_fail: bool = False
    allow_fail_dashed: bool = field(default=False, name="allow-fail")
    skip: bool = False
    skipped: bool = False
    circuit_breaker: OldBreaker | None = None


TABLES: dict[str, type[Struct]] = {
    ".worktree": WorktreeTable,
    ".scope": ScopeTable,
    ".breaker": BreakerTable,
    ".stagnation": StagnationTable,
}
ALLOWED = {
    "accept": "manual, auto",
    "merge": "disabled, manual, gated",
    "kind": ", ".join(KINDS),
    "max_attempts": "a whole number, at least 1",
    "run": 'a shell line or argv, like "pytest -q" or ["pytest", "-q"]',
    "timeout": 'a duration like "10m", or seconds',
    "agent": 'an agent spec, like "acp:kimi acp"',
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
}  # keys whose message from msgspec does not say what would do


def read_settings(read_file: ReadFile, subdirectory: str = "") -> Settings:
    """The settings that hold for *subdirectory*; *read_file* reads a path of the base commit. Raises `Unusable`."""
    settings = Settings()
    for directory in upwards(subdirectory):
        settings = settings_at(read_file, directory)
        if settings.source is not None:
            break
    if settings.gates:
        return settings
    for directory in upwards(subdirectory):
        path = f"{directory}.omk/gates.toml"
        content = read_file(path)
        if content is not None:
            gates, conduct = old_gates(content, path, settings.around)
            said = settings.conduct.before(conduct)
            return msgspec.structs.replace(settings, source=settings.source or path, gates=gates, conduct=said)
    return settings


def upwards(subdirectory: str) -> tuple[str, ...]:
    """The directory and those above it up to the root, as prefixes for a path: `a/b/`, `a/`, and the empty one."""
    parts = [part for part in subdirectory.split("/") if part not in ("", ".")]
    return tuple("".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts), -1, -1))


def settings_at(read_file: ReadFile, directory: str) -> Settings:
    """The settings of one directory: `omk.toml`, else `[tool.omk]`, else none."""
    own = read_file(f"{directory}omk.toml")
    if own is not None:
        return settings_of(parsed(own, f"{directory}omk.toml"), f"{directory}omk.toml")
    path = f"{directory}pyproject.toml"
    project = read_file(path)
    if project is None:
        return Settings()
    tool = parsed(project, path).get("tool")
    if not isinstance(tool, dict) or "omk" not in tool:
        return Settings()
    return settings_of(tool["omk"], path)


def settings_of(table: object, path: str) -> Settings:
    """The settings in a parsed table."""
    read = converted(table, OmkTable, path, "")
    around = Surroundings(setup=tuple(read.worktree.setup), share=checked_paths(read.worktree.share, path, "share"))
    gates = tuple(gate_of(name, gate, path, around) for name, gate in read.gates.items())
    return Settings(
        source=path,
        agent=read.agent,
        accept=read.accept,
        merge=read.merge,
        max_attempts=read.max_attempts,
        kind=read.kind,
        gates=gates,
        around=around,
        write=checked_paths(read.scope.write, path, "write"),
        conduct=conduct_of(read, gates, path),
        stagnation=read.stagnation,
    )


def conduct_of(read: OmkTable, gates: Sequence[GateDefinition], path: str) -> Conduct:
    """How the gates of omk.toml are to be run; what is wrong with their needs is said all at once."""
    tables = ((name, table.get("needs")) for name, table in read.gates.items())
    needs = tuple(Needs(gate=name, gates=tuple(dict.fromkeys(others))) for name, others in tables if others)
    if wrong := wrong_needs(needs, gates):
        raise Unusable(f"{path}: needs: {' '.join(wrong)}")
    breaker = read.breaker
    try:
        recovery = None if breaker.recovery is None else recovery_from(breaker.recovery)
    except Refused as refused:
        raise Unusable(f"{path}: breaker.recovery: {refused}") from refused
    return Conduct(
        gates_at_once=read.gates_at_once,
        needs=needs or None,
        rerun_failed=read.rerun_failed,
        flaky=read.flaky,
        breaker_failures=breaker.failures,
        breaker_recovery_ms=recovery,
        breaker_probes=breaker.probes,
    )


def gate_of(name: str, table: dict[str, Any], path: str, around: Surroundings) -> GateDefinition:
    """One gate of omk.toml."""
    key = f"gates.{name}"
    checked_name(name, path, key)
    read = converted(table, GateTable, path, key)
    strange = [check for check in read.proves if check not in ALL_CHECKS]
    if strange:
        raise Unusable(f"{path}: {key}.proves names '{strange[0]}'. Allowed: {', '.join(ALL_CHECKS)}.")
    try:
        timeout = timeout_from(read.timeout)
    except Refused as refused:
        raise Unusable(f"{path}: {key}.timeout: {refused}") from refused
    return define(
        name, read.run, source=path, around=around, required=read.required, skipped=read.skip, timeout_ms=timeout,
        proves=read.proves,
    )  # fmt: skip


def old_gates(content: bytes, path: str, around: Surroundings) -> tuple[tuple[GateDefinition, ...], Conduct]:
    """The gates of a 0.5.0 file, and their breaker; a gate that may fail or is skipped is optional there."""
    table = parsed(content, path)
    strange = [key for key in table if key != "gates"]
    listed = table.get("gates", [])
    if strange or not isinstance(listed, list):
        raise Unusable(f"{path}: unknown key '{strange[0] if strange else 'gates'}'. Allowed: [[gates]] tables.")
    gates: dict[str, GateDefinition] = {}
    breakers: list[OldBreaker] = []
    for number, entry in enumerate(listed, start=1):
        key = f"gates[{number}]"
        read = converted(entry, OldGate, path, key)
        checked_name(read.name, path, f"{key}.name")
        if read.name in gates:
            raise Unusable(f"{path}: {key}.name: the gate '{read.name}' stands there twice. Name each gate once.")
        try:
            timeout = timeout_from(read.timeout_secs) if read.timeout_secs else DEFAULT_TIMEOUT
        except Refused as refused:
            raise Unusable(f"{path}: {key}.timeout_secs: {refused}") from refused
        skipped = read.skip or read.skipped
        breakers += [read.circuit_breaker] if read.circuit_breaker else []
        gates[read.name] = define(
            read.name, (read.command, *read.args), source=path, around=around, skipped=skipped, timeout_ms=timeout,
            required=read.required and not (read.allow_fail or read.allow_fail_dashed or skipped),
        )  # fmt: skip
    return tuple(gates.values()), old_conduct(breakers)


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


def checked_name(name: str, path: str, key: str) -> None:
    """Refuse a gate name that could not stand in a flag, an address or a file name."""
    if NAME.fullmatch(name) is None:
        raise Unusable(f"{path}: {key}: '{name}' is no gate name. Allowed: letters, digits, '.', '_' and '-'.")


def checked_paths(paths: Sequence[str], path: str, key: str) -> tuple[str, ...]:
    """Refuse paths outside the goal's directory, and patterns, which nothing here would expand."""
    for listed in paths:
        reason = unsafe(listed) or ("it is a pattern" if set(listed) & set("*?[") else None)
        if reason is not None:
            raise Unusable(f"{path}: {key}: '{listed}' will not do, {reason}. Allowed: paths inside the project.")
    return tuple(paths)
