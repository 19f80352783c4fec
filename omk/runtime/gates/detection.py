"""Gates that a repository implies when it configures none: one table per language, the first that yields a gate wins.

Only what the base commit really has becomes a gate: scripts and tests that exist, a linter that is configured.
"""

import configparser
import json
import tomllib
from collections.abc import Callable, Collection
from typing import Any

from omk.domain.values import GateDefinition
from omk.errors import Unusable
from omk.runtime.gates.definition import NOTHING, Surroundings, define

ReadFile = Callable[[str], bytes | None]
Commands = dict[str, tuple[str, ...] | str]

CARGO: Commands = {
    "format": ("cargo", "fmt", "--check"),
    "check": ("cargo", "check", "--all-targets"),
    "lint": ("cargo", "clippy", "--", "-D", "warnings"),
    "tests": ("cargo", "test"),
}
GO: Commands = {
    "format": 'files="$(gofmt -l .)" && test -z "$files" || { echo "$files"; exit 1; }',  # gofmt -l exits 0
    "vet": ("go", "vet", "./..."),
    "tests": ("go", "test", "./..."),
}
LOCKS = {
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
}
PYTHON_FILES = ("pyproject.toml", "setup.py", "requirements.txt", "setup.cfg", "pytest.ini", "tox.ini")


class Folder:
    """The base commit as seen from one directory: which files are there, and what they say."""

    def __init__(self, files: Collection[str], read: ReadFile, directory: str) -> None:
        self.directory = directory
        self.files = frozenset(path[len(directory) :] for path in files if path.startswith(directory))
        self.read = read

    def text(self, name: str) -> str:
        """The file's text, "" when there is none; bytes that are not UTF-8 are replaced."""
        content = self.read(f"{self.directory}{name}") if name in self.files else None
        return (content or b"").decode("utf-8", "replace")

    def toml(self, name: str) -> dict[str, Any]:
        """The file as TOML, empty when there is none."""
        try:
            return tomllib.loads(self.text(name))
        except tomllib.TOMLDecodeError as error:
            place = f"{self.directory}{name}"
            raise Unusable(f"{place} of the base commit is not TOML: {error}. Mend it and commit.") from error

    def sections(self, name: str) -> frozenset[str]:
        """The section names of an INI file; none when it cannot be read, because tools ignore it then, too."""
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(self.text(name))
        except configparser.Error:
            return frozenset()
        return frozenset(parser.sections())


def detect(
    files: Collection[str], read: ReadFile, subdirectory: str = "", *, around: Surroundings = NOTHING
) -> tuple[GateDefinition, ...]:
    """The gates implied by the nearest directory that implies any, from the goal's directory up; all are required.

    Gates run in the goal's directory: those found further up start with `cd ..`. Empty when nothing is implied. Raises
    `Unusable` when a manifest of the base commit cannot be read.
    """
    parts = [part for part in subdirectory.split("/") if part not in ("", ".")]
    for up in range(len(parts) + 1):
        directory = "".join(f"{part}/" for part in parts[: len(parts) - up])
        folder = Folder(files, read, directory)
        for trigger, gates in languages(folder):
            if gates:
                source = f"detected:{directory}{trigger}"
                return tuple(define(name, reached(run, up), source=source, around=around) for name, run in gates.items())
    return ()


def languages(folder: Folder) -> tuple[tuple[str, Commands], ...]:
    """The trigger file and the gates of each language the folder has, in the order of preference."""
    python = next((name for name in PYTHON_FILES if name in folder.files), None)
    return (
        ("Cargo.toml", CARGO if "Cargo.toml" in folder.files else {}),
        ("package.json", node(folder) if "package.json" in folder.files else {}),
        ("go.mod", GO if "go.mod" in folder.files else {}),
        (python or "", python_gates(folder) if python is not None else {}),
    )


def reached(run: tuple[str, ...] | str, up: int) -> tuple[str, ...] | str:
    """The command as run from *up* directories below the one it belongs to."""
    if up == 0:
        return run
    line = run if isinstance(run, str) else " ".join(run)
    return f"cd {'/'.join(['..'] * up)} && {{ {line}; }}"


def node(folder: Folder) -> Commands:
    """Gates of the scripts that package.json really has, run by the package manager whose lock file is there."""
    try:
        manifest = json.loads(folder.text("package.json"))
    except ValueError as error:
        place = f"{folder.directory}package.json"
        raise Unusable(f"{place} of the base commit is not JSON: {error}. Mend it, or use --gate.") from error
    scripts = manifest.get("scripts") if isinstance(manifest, dict) else None
    if not isinstance(scripts, dict):
        return {}
    manager = package_manager(folder, manifest)
    test, lint = scripts.get("test"), scripts.get("lint")
    gates: Commands = {}
    if isinstance(test, str) and test.strip() and "no test specified" not in test:
        # `bun test` is bun's own runner, not the script
        gates["tests"] = (manager, "run", "test") if manager == "bun" else (manager, "test")
    if isinstance(lint, str) and lint.strip():
        gates["lint"] = (manager, "run", "lint")
    return gates


def package_manager(folder: Folder, manifest: dict[str, Any]) -> str:
    """The manager that package.json names, else the one whose lock file is there, else npm."""
    named = str(manifest.get("packageManager", "")).partition("@")[0]
    return named if named in LOCKS.values() else next((LOCKS[name] for name in LOCKS if name in folder.files), "npm")


def python_gates(folder: Folder) -> Commands:
    """Run pytest when there are tests or it is configured; the linter that is configured, and no other."""
    tool = folder.toml("pyproject.toml").get("tool", {})
    setup, tox = folder.sections("setup.cfg"), folder.sections("tox.ini")
    configured = "pytest" in tool or "pytest.ini" in folder.files or "tool:pytest" in setup or "pytest" in tox
    gates: Commands = {}
    if configured or any(is_python_test(path) for path in folder.files):
        gates["tests"] = ("python3", "-m", "pytest")
    if "ruff" in tool or folder.files & {"ruff.toml", ".ruff.toml"}:
        gates["lint"] = ("ruff", "check", ".")
    elif ".flake8" in folder.files or "flake8" in setup | tox:
        gates["lint"] = ("python3", "-m", "flake8", ".")
    return gates


def is_python_test(path: str) -> bool:
    """Whether pytest would collect this file by its name."""
    name = path.rpartition("/")[2]
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))
