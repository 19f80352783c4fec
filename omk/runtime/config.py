"""Configuration, read once from the base commit: what an agent edits later changes nothing in its own run.

The nearest file wins, from the goal's directory up to the root; in one directory `omk.toml` comes before
`[tool.omk]` of `pyproject.toml`. Gates of 0.5.0 (`.omk/gates.toml`) count when neither names any. All keys:

    agent = "acp:kimi acp"          # any agent spec
    planner = "acp:kimi acp"        # the agent that proposes the tasks; none: the built-in plan
    accept = "manual"               # manual, auto
    merge = "manual"                # disabled, manual, gated
    max_attempts = 3                # a whole number, at least 1
    remote = "origin"               # where branches are pushed
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

    [budget]
    time = "2h"                     # agents' time, or seconds
    tokens = 2_000_000
    usd = "10.00"                   # dollars, as text or a whole number
    task_time = "30m"               # the same for each task: task_time, task_tokens, task_usd
    [approve]
    policy = "pattern"              # ask, safe, yolo, never, pattern
    allow = ["git status*"]         # what "pattern" allows: all of what the agent asks, * and ? stand for anything

In `[tool.omk]` the same keys stand below `tool.omk`. An unknown key or a wrong value refuses; nothing is guessed.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from omk.domain.approval import Approve
from omk.domain.event import Value
from omk.domain.oracle import Kind
from omk.domain.paths import unfit
from omk.domain.values import GateDefinition, Limits
from omk.errors import Unusable
from omk.runtime.config_budget import goal_limits, task_limits
from omk.runtime.config_gates import conduct_of, gate_of, old_gates
from omk.runtime.config_tables import OmkTable, StagnationTable, converted, parsed
from omk.runtime.gates.conduct import UNSAID, Conduct
from omk.runtime.gates.definition import NOTHING, Surroundings

ReadFile = Callable[[str], bytes | None]


class Settings(Value):
    """What the base commit says about how to run a goal; None or empty where it says nothing.

    `source` is the file the settings came from; `gates` are in the file's order; `each` limits what each task may spend.
    """

    source: str | None = None
    agent: str | None = None
    planner: str | None = None
    accept: Literal["manual", "auto"] | None = None
    merge: Literal["disabled", "manual", "gated"] | None = None
    max_attempts: int | None = None
    remote: str | None = None
    kind: Kind | None = None
    gates: tuple[GateDefinition, ...] = ()
    around: Surroundings = NOTHING
    write: tuple[str, ...] = ()
    conduct: Conduct = UNSAID
    stagnation: StagnationTable = StagnationTable()
    budget: Limits = Limits()
    each: Limits = Limits()
    approve: Approve | None = None
    allow: tuple[str, ...] = ()


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
        planner=read.planner,
        accept=read.accept,
        merge=read.merge,
        max_attempts=read.max_attempts,
        remote=read.remote,
        kind=read.kind,
        gates=gates,
        around=around,
        write=checked_paths(read.scope.write, path, "write"),
        conduct=conduct_of(read, gates, path),
        stagnation=read.stagnation,
        budget=goal_limits(read.budget, path),
        each=task_limits(read.budget, path),
        approve=read.approve.policy,
        allow=tuple(read.approve.allow),
    )


def checked_paths(paths: Sequence[str], path: str, key: str) -> tuple[str, ...]:
    """Refuse paths outside the goal's directory, and patterns, which nothing here would expand."""
    for listed in paths:
        reason = unfit(listed)
        if reason is not None:
            raise Unusable(f"{path}: {key}: '{listed}' will not do, {reason}. Allowed: paths inside the project.")
    return tuple(paths)
