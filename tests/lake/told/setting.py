"""What a told goal is about: its repository, its people, its agent, its gates."""

import random
from typing import Any

from msgspec import Struct

from omk.domain.digest import digest_of
from omk.domain.oracle import CHECKS
from omk.domain.values import Base, GateDefinition, Guard, Repository
from tests.lake.told.words import MODULES, PACKAGES

DRIVERS = {
    "acp:kimi acp": (0.25, 2.1), "acp:opencode acp": (0.35, 1.2), "acp:gemini --experimental-acp": (0.45, 0.8),
    "command:aider --yes-always": (0.5, 0.6), "command:sh agent.sh": (0.6, 0.1),
}  # fmt: skip
"""How often an agent leaves a gate red, and what a thousand tokens cost it in thousandths of a dollar."""
PEOPLE = ("person:ann", "person:bob", "person:carla", "person:dmitri")
KINDS = ("bugfix", "bugfix", "bugfix", "greenfield", "greenfield", "refactor", "docs", "performance", "migration", "audit")
COMMANDS = {
    "lint": "ruff check .", "types": "mypy", "tests": "python3 -m pytest -q", "build": "python3 -m build",
    "smoke": "sh smoke.sh", "docs": "make -C docs html", "bench": "python3 -m bench --quick",
}  # fmt: skip
USUAL = (
    ("lint", "types", "tests"), ("lint", "tests", "smoke"), ("tests", "build"), ("lint", "types", "tests", "build"),
    ("tests",), ("lint", "tests", "docs"),
)  # fmt: skip
"""The gates of each repository."""


class Setting(Struct, frozen=True):
    """Where and by whom a goal is worked on; `size` is about how many events it shall have."""

    number: int
    kind: str
    driver: str
    person: str
    size: int

    @property
    def package(self) -> str:
        """The package that is worked on."""
        return PACKAGES[self.number]

    @property
    def repository(self) -> Repository:
        """The repository, by number."""
        name = self.package
        known = digest_of(name.encode())[3:35]
        return Repository(id=f"repository-{known}", origin=f"https://example.org/{name}.git", subdirectory="")

    @property
    def modules(self) -> tuple[str, ...]:
        """The paths that are changed in it."""
        return tuple(path for path in MODULES if path.startswith(f"src/{self.package}/"))

    @property
    def fragile(self) -> tuple[str, ...]:
        """A few of them, which break gates more often than others."""
        return self.modules[3:6]

    def gates(self, *, version: int = 1, flaky: bool = False, proving: bool = True) -> tuple[GateDefinition, ...]:
        """The gates of the repository; with *flaky* one more, which nothing depends on."""
        names = (*USUAL[self.number], *(("bench",) if self.kind == "performance" else ()))
        checks = CHECKS.get(self.kind, ()) if proving else ()  # type: ignore[call-overload]
        made = [_gate(name, checks if name == "tests" else (), self, version) for name in names]
        if flaky and "smoke" not in names:
            made.append(_gate("smoke", (), self, version, required=False))
        return tuple(made)

    @property
    def guards(self) -> tuple[Guard, ...]:
        """The files that decide what its gates mean."""
        blob = digest_of(f"{self.package} omk.toml".encode())[3:43]
        return (Guard(path=".omk/gates.toml", blob=None), Guard(path="omk.toml", blob=blob), Guard(path="smoke.sh", blob=None))


def _gate(name: str, proves: Any, of: Setting, version: int, *, required: bool = True) -> GateDefinition:
    command = COMMANDS[name] + (" --strict" if version > 1 else "")
    return GateDefinition(
        name=name, command=(command,), shell=True, required=required, skipped=False, timeout_ms=600_000, proves=tuple(proves),
        source="omk.toml", digest=digest_of(f"{of.package} {name} {command}".encode()),
    )  # fmt: skip


def drawn(dice: random.Random, size: int) -> Setting:
    """A setting at random."""
    return Setting(
        number=dice.randrange(len(PACKAGES)), kind=dice.choice(KINDS), driver=dice.choice(tuple(DRIVERS)),
        person=dice.choice(PEOPLE), size=size,
    )  # fmt: skip


def base(dice: random.Random) -> Base:
    """Where the goal starts."""
    return Base(branch="main", commit=f"{dice.getrandbits(160):040x}", tree=f"{dice.getrandbits(160):040x}")
