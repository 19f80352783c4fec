"""Configuration, read once from the base commit: what an agent edits later changes nothing in its own run.

The nearest file wins, from the goal's directory up to the root; in one directory `omk.toml` comes before
`[tool.omk]` of `pyproject.toml`. Gates of 0.5.0 (`.omk/gates.toml`) count when neither names any. All keys:

    agent = "acp:kimi acp"          # any agent spec
    accept = "manual"               # manual, auto
    merge = "manual"                # disabled, manual, gated
    max_attempts = 3                # a whole number, at least 1
    remote = "origin"               # where branches are pushed
    kind = "bugfix"                 # a kind of goal, instead of the classification

    [gates.tests]
    run = "pytest -q"               # a line for /bin/sh -c, or argv: ["pytest", "-q"]
    timeout = "10m"                 # or seconds; default 10m, at most 1d
    required = true                 # default true
    skip = false                    # a skipped gate is not run and never passes
    proves = ["smoke"]              # oracle checks that a pass proves

    [worktree]
    setup = ["npm ci"]              # lines for /bin/sh -c, run before gates
    share = [".venv"]               # paths borrowed from the checkout

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
from omk.domain.values import GateDefinition
from omk.errors import Refused, Unusable
from omk.runtime.gates.definition import DEFAULT_TIMEOUT, NAME, NOTHING, Surroundings, define, timeout_from

ReadFile = Callable[[str], bytes | None]
Shape = TypeVar("Shape", bound=Struct)
Words = Annotated[str, Meta(pattern=r"\S")]


class Settings(Value):
    """What the base commit says about how to run a goal; None or empty where it says nothing.

    `source` is the file the settings came from; `gates` are in the file's order.
    """

    source: str | None = None
    agent: str | None = None
    accept: Literal["manual", "auto"] | None = None
    merge: Literal["disabled", "manual", "gated"] | None = None
    max_attempts: int | None = None
    remote: str | None = None
    kind: Kind | None = None
    gates: tuple[GateDefinition, ...] = ()
    around: Surroundings = NOTHING
    write: tuple[str, ...] = ()


class GateTable(Struct, forbid_unknown_fields=True):
    """`[gates.NAME]` of omk.toml."""

    run: Words | Annotated[list[Words], Meta(min_length=1)]
    timeout: str | int = "10m"
    required: bool = True
    skip: bool = False
    proves: list[str] = []


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
    remote: Words | None = None
    kind: Kind | None = None
    gates: dict[str, dict[str, Any]] = {}
    worktree: WorktreeTable = field(default_factory=WorktreeTable)
    scope: ScopeTable = field(default_factory=ScopeTable)


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
    circuit_breaker: dict[str, Any] | None = None


ALLOWED = {
    "accept": "manual, auto",
    "merge": "disabled, manual, gated",
    "kind": ", ".join(KINDS),
    "max_attempts": "a whole number, at least 1",
    "run": 'a shell line or argv, like "pytest -q" or ["pytest", "-q"]',
    "timeout": 'a duration like "10m", or seconds',
    "remote": 'the name of a remote, like "origin"',
    "agent": 'an agent spec, like "acp:kimi acp"',
    "gates": "tables like [gates.tests]",
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
            return msgspec.structs.replace(
                settings, source=settings.source or path, gates=old_gates(content, path, settings.around)
            )
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
    return Settings(
        source=path,
        agent=read.agent,
        accept=read.accept,
        merge=read.merge,
        max_attempts=read.max_attempts,
        remote=read.remote,
        kind=read.kind,
        gates=tuple(gate_of(name, gate, path, around) for name, gate in read.gates.items()),
        around=around,
        write=checked_paths(read.scope.write, path, "write"),
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


def old_gates(content: bytes, path: str, around: Surroundings) -> tuple[GateDefinition, ...]:
    """The gates of a 0.5.0 file; a gate that may fail or is skipped is optional there."""
    table = parsed(content, path)
    strange = [key for key in table if key != "gates"]
    listed = table.get("gates", [])
    if strange or not isinstance(listed, list):
        raise Unusable(f"{path}: unknown key '{strange[0] if strange else 'gates'}'. Allowed: [[gates]] tables.")
    gates: dict[str, GateDefinition] = {}
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
        gates[read.name] = define(
            read.name, (read.command, *read.args), source=path, around=around, skipped=skipped, timeout_ms=timeout,
            required=read.required and not (read.allow_fail or read.allow_fail_dashed or skipped),
        )  # fmt: skip
    return tuple(gates.values())


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
            inner = {".worktree": WorktreeTable, ".scope": ScopeTable}.get(place.rstrip("`"), shape)
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
