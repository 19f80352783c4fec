"""Gates that a repository implies, and the files that guard them."""

import json
import subprocess

import pytest

from omk.errors import Unusable
from omk.runtime.gates.detection import GO, detect
from omk.runtime.gates.guards import broken, guards

LINT, TEST = {"lint": "eslint ."}, {"test": "node check.js"}


def found(files: dict[str, str], subdirectory: str = "") -> dict[str, str]:
    """Name and command of each gate detected in a base commit with these files."""
    content = {path: text.encode() for path, text in files.items()}
    return {gate.name: " ".join(gate.command) for gate in detect(content, content.get, subdirectory)}


def package(scripts: dict[str, str], **more: str) -> str:
    """A package.json with these scripts."""
    return json.dumps({"scripts": scripts, **more})


@pytest.mark.parametrize(
    ("files", "gates"),
    [
        ({}, {}),
        ({"README.md": "x", "src/Cargo.toml": ""}, {}),
        (
            {"Cargo.toml": ""},
            {
                "format": "cargo fmt --check",
                "check": "cargo check --all-targets",
                "lint": "cargo clippy -- -D warnings",
                "tests": "cargo test",
            },
        ),
        ({"package.json": package(TEST)}, {"tests": "npm test"}),
        ({"package.json": package(LINT)}, {"lint": "npm run lint"}),
        ({"package.json": package({"test": 'echo "Error: no test specified" && exit 1'})}, {}),
        ({"package.json": "{}"}, {}),
        ({"package.json": package(TEST | LINT), "pnpm-lock.yaml": ""}, {"tests": "pnpm test", "lint": "pnpm run lint"}),
        ({"package.json": package(TEST), "yarn.lock": ""}, {"tests": "yarn test"}),
        ({"package.json": package(TEST), "bun.lockb": ""}, {"tests": "bun run test"}),
        ({"package.json": package(TEST, packageManager="pnpm@9.1.0"), "yarn.lock": ""}, {"tests": "pnpm test"}),
        ({"pyproject.toml": "[project]\nname='x'", "x.py": ""}, {}),
        ({"pyproject.toml": "", "tests/test_x.py": ""}, {"tests": "python3 -m pytest"}),
        ({"requirements.txt": "", "x_test.py": ""}, {"tests": "python3 -m pytest"}),
        (
            {"pyproject.toml": "[tool.pytest.ini_options]\n[tool.ruff]"},
            {"tests": "python3 -m pytest", "lint": "ruff check ."},
        ),
        ({"setup.py": "", "setup.cfg": "[flake8]\nmax-line-length=1"}, {"lint": "python3 -m flake8 ."}),
        ({"package.json": "{}", "pyproject.toml": "", "test_x.py": ""}, {"tests": "python3 -m pytest"}),
    ],
)
def test_only_what_the_base_commit_has_becomes_a_gate(files, gates):
    assert found(files) == gates


def test_every_detected_gate_is_required_and_says_where_it_comes_from():
    files = {"package.json": package(TEST).encode()}
    (gate,) = detect(files, files.get)
    assert (gate.required, gate.skipped, gate.shell, gate.source) == (True, False, False, "detected:package.json")


def test_gates_of_a_directory_above_are_run_there():
    assert found({"Cargo.toml": ""}, "src/bin")["tests"] == "cd ../.. && { cargo test; }"
    assert found({"Cargo.toml": "", "web/package.json": package(TEST)}, "web") == {"tests": "npm test"}


@pytest.mark.parametrize(("name", "text"), [("package.json", "{"), ("pyproject.toml", "[")])
def test_a_manifest_that_cannot_be_read_is_refused_by_name(name, text):
    with pytest.raises(Unusable, match=name):
        found({name: text})


@pytest.mark.parametrize(("gofmt", "status"), [("exit 0", 0), ("echo main.go", 1), ("echo oops >&2; exit 2", 1)])
def test_the_format_gate_of_go_fails_when_gofmt_lists_a_file(tmp_path, gofmt, status):
    tool = tmp_path / "gofmt"
    tool.write_text(f"#!/bin/sh\n{gofmt}\n")
    tool.chmod(0o755)
    ran = subprocess.run(["/bin/sh", "-c", str(GO["format"])], env={"PATH": f"{tmp_path}:/bin:/usr/bin"}, check=False)
    assert (ran.returncode != 0) is (status != 0)


def held(line: str, files: dict[str, str], subdirectory: str = "") -> set[str]:
    """The guarded files of the base commit, beyond omk's own configuration, for a gate that runs *line*."""
    from omk.runtime.gates.definition import gates_from_flags

    content = {path: text.encode() for path, text in files.items()}
    blobs = {path: str(hash(text)) for path, text in files.items()}
    kept = guards(gates_from_flags([f"g={line}"]), blobs, content.get, subdirectory)
    return {f"{each.path}{'#' + each.part if each.part else ''}" for each in kept if each.blob is not None}


FILES = {
    "check.sh": "", "bin/run": "", "tests/a.py": "", "tests/b.py": "", "conf.toml": "", "pkg/mod.py": "", "Makefile": "",
    "package.json": package(TEST),
}  # fmt: skip


@pytest.mark.parametrize(
    ("line", "guarded"),
    [
        ("true", set()),
        ("./check.sh", {"check.sh"}),
        ("sh check.sh && test -f tests", {"check.sh"}),
        ("sh <check.sh>out", {"check.sh"}),
        ("X=1 bin/run; echo done", {"bin/run"}),
        ("cd bin && ./run", {"bin/run"}),
        ("cd bin && ../check.sh", {"check.sh"}),
        ("pytest tests/a.py::test_it --config=conf.toml", {"tests/a.py", "conf.toml"}),
        ("python3 -m pkg.mod", {"pkg/mod.py"}),
        ("sh -c 'sh ./check.sh | cat'", {"check.sh"}),
        ('test "$(cat conf.toml)" = x', {"conf.toml"}),
        ("cat tests/*.py", {"tests/a.py", "tests/b.py"}),
        ("make test", {"Makefile"}),
        ("npm test", {"package.json#scripts", "package.json#jest", "package.json#mocha", "package.json#ava"}),
        ("cat package.json; npm test", {"package.json"}),
        ("echo 'unbalanced check.sh", {"check.sh"}),
    ],
)
def test_a_file_of_the_base_commit_that_a_gate_names_is_guarded(line, guarded):
    assert held(line, FILES) == guarded


def test_configuration_and_ci_files_of_the_base_commit_are_guarded():
    files = {
        "omk.toml": "",
        ".omk/gates.toml": "",
        ".github/workflows/ci.yml": "",
        ".gitlab-ci.yml": "",
        "ci.py": "",
        "sub/omk.toml": "",
    }
    assert held("true", files, "sub") == set(files) - {"ci.py"}
    assert held("true", {"pyproject.toml": "[project]"}) == {"pyproject.toml#tool.omk"}
    assert held("./check.sh", {"check.sh": "", "sub/check.sh": ""}, "sub") == {"sub/check.sh"}


def changed(line: str, before: dict[str, str], after: dict[str, str]) -> tuple[str, ...]:
    """The guarded paths that a change from *before* to *after* breaks, for a gate that runs *line*."""
    from omk.runtime.gates.definition import gates_from_flags

    blobs = {path: f"blob {text}" for path, text in before.items()}
    kept = guards(gates_from_flags([f"g={line}"]), blobs, lambda path: before[path].encode() if path in before else None)
    return broken(kept, lambda path: (f"blob {after[path]}", after[path].encode()) if path in after else (None, None))


SCRIPTS = {"package.json": package(TEST, version="1")}


@pytest.mark.parametrize(
    ("line", "before", "after", "paths"),
    [
        ("true", {}, {"main.py": "x"}, ()),
        ("true", {}, {"omk.toml": "accept='auto'"}, ("omk.toml",)),
        ("true", {}, {".omk/gates.toml": ""}, (".omk/gates.toml",)),
        ("true", {"omk.toml": "a"}, {}, ("omk.toml",)),
        ("true", {"pyproject.toml": "[project]\nname='a'"}, {"pyproject.toml": "[project]\nname='b'"}, ()),
        (
            "true",
            {"pyproject.toml": "[tool.omk]\nkind='docs'"},
            {"pyproject.toml": "[tool.omk] # x\nkind = 'docs'"},
            (),
        ),
        ("true", {"pyproject.toml": "[tool.omk]\nkind='docs'"}, {"pyproject.toml": ""}, ("pyproject.toml",)),
        ("true", {}, {"pyproject.toml": "[tool.omk]\nkind='docs'"}, ("pyproject.toml",)),
        ("true", {"pyproject.toml": ""}, {"pyproject.toml": "[tool"}, ("pyproject.toml",)),
        ("python3 -m pytest", {}, {"pytest.ini": "[pytest]"}, ("pytest.ini",)),
        ("python3 -m pytest", {}, {"pytest.py": "print(1)"}, ("pytest.py",)),
        ("pytest", {"setup.cfg": "[metadata]\nname=a"}, {"setup.cfg": "[metadata]\nname=b"}, ()),
        ("pytest", {"setup.cfg": ""}, {"setup.cfg": "[tool:pytest]\naddopts=--co"}, ("setup.cfg",)),
        ("pytest", {}, {"tests/conftest.py": "", "tests/test_a.py": ""}, ()),
        ("npm test", SCRIPTS, {"package.json": package(TEST, version="2")}, ()),
        ("npm test", SCRIPTS, {"package.json": package({"test": "true"}, version="1")}, ("package.json",)),
        ("true", SCRIPTS, {"package.json": package({"test": "true"})}, ()),
        ("make test", {"Makefile": "test:"}, {"Makefile": "test:", "GNUmakefile": "test:"}, ("GNUmakefile",)),
        ("python3 cli.py", {}, {"cli.py": "print(1)"}, ()),
        ("python3 cli.py", {"cli.py": "1"}, {"cli.py": "2"}, ("cli.py",)),
        ("cargo test", {}, {".cargo/config.toml": "[target]"}, (".cargo/config.toml",)),
    ],
)
def test_a_tree_that_changes_what_verification_means_breaks_a_guard(line, before, after, paths):
    assert changed(line, before, after) == paths
