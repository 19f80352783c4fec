"""What import-linter cannot see: built-in I/O in pure packages, and heavy imports at start."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import omk

PACKAGE = Path(omk.__file__).parent
PURE = ("errors.py", "domain", "replay", "views")
DOES_IO = {"open", "print", "input", "breakpoint", "__import__", "exec", "eval"}
HEAVY = ("detect_secrets", "duckdb", "eventsourcing", "pydantic", "rich", "sqlite3", "zstandard")


def modules_of(*names):
    for name in names:
        place = PACKAGE / name
        yield from [place] if place.is_file() else sorted(place.rglob("*.py"))


@pytest.mark.parametrize("path", [pytest.param(p, id=str(p.relative_to(PACKAGE))) for p in modules_of(*PURE)])
def test_a_pure_module_calls_no_built_in_that_does_io(path):
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    assert not DOES_IO & {call.id for call in calls if isinstance(call, ast.Name)}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]], ids=" ".join)
def test_starting_omk_imports_nothing_heavy(arguments, tmp_path):
    command = [sys.executable, "-X", "importtime", "-m", "omk", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = {line.rsplit("|", 1)[-1].strip().partition(".")[0] for line in done.stderr.splitlines()}
    heavy = set(HEAVY) - ({"rich"} if "--help" in arguments else set())  # typer draws its help with rich
    assert not heavy & loaded


def test_importing_omk_imports_nothing_heavy(tmp_path):
    script = f"import sys, omk, omk.__main__; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
