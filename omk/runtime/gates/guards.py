"""Guards: the files of the base commit that decide what verification means. A tree that changes one needs a person.

Guarded are omk's own configuration, CI files, every file of the base commit that a gate's command names, and what the
tool of a gate reads to decide what to run (`TOOLS`). Files that would take effect as soon as they are added are guarded
by their absence, among them `pytest.py`, which `python -m pytest` would run instead of pytest. Not guarded: tests and
`conftest.py`, which goals rightly change (the test review looks at them), and CI files that are new.
"""

import configparser
import fnmatch
import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

from omk.domain.values import GateDefinition, Guard
from omk.runtime.gates.definition import definition_digest

ReadFile = Callable[[str], bytes | None]
ReadNew = Callable[[str], tuple[str | None, bytes | None]]

# `file#part`: only that part counts. All of these also take effect when they are added.
OWN = ("omk.toml", "pyproject.toml#tool.omk", ".omk/gates.toml")
CI = re.compile(
    r"(\.github/(workflows|actions)/.*|\.gitlab-ci\.yml|\.circleci/.*|(.*/)?Jenkinsfile|azure-pipelines\.ya?ml|\.ci/.*)"
)
NODE = ("package.json#scripts", "package.json#jest", "package.json#mocha", "package.json#ava", ".npmrc")
PYTEST = ("pytest.ini", ".pytest.ini", "pyproject.toml#tool.pytest", "setup.cfg#tool:pytest", "tox.ini#pytest")
CARGO = (".cargo/config.toml", ".cargo/config", "clippy.toml", ".clippy.toml", "rustfmt.toml", ".rustfmt.toml")
TOOLS = {
    **dict.fromkeys(("npm", "npx", "yarn", "pnpm", "bun", "bunx"), NODE),
    "make": ("GNUmakefile", "makefile", "Makefile"),
    "just": ("justfile", "Justfile", ".justfile"),
    "pytest": PYTEST,
    "tox": ("tox.ini", "setup.cfg#tox:tox", "pyproject.toml#tool.tox", *PYTEST),
    "nox": ("noxfile.py", *PYTEST),
    "ruff": ("ruff.toml", ".ruff.toml", "pyproject.toml#tool.ruff"),
    "flake8": (".flake8", "setup.cfg#flake8", "tox.ini#flake8"),
    "mypy": ("mypy.ini", ".mypy.ini", "setup.cfg#mypy", "pyproject.toml#tool.mypy"),
    "cargo": CARGO,
}
SCRIPT_RUNNERS = frozenset(("npm", "npx", "yarn", "pnpm", "bun", "bunx"))
CONFIGS = ("jest.config.*", "vitest.config.*", ".mocharc*", ".eslintrc*", "eslint.config.*", "biome.json*")


def guards(
    gates: Sequence[GateDefinition], files: Mapping[str, str], read: ReadFile, subdirectory: str = ""
) -> tuple[Guard, ...]:
    """The guards of the base commit, by path; *files* maps its paths to blob ids, *read* gives bytes."""
    directory = f"{subdirectory.strip('/')}/" if subdirectory.strip("/.") else ""
    own = (joined(place, name) for place in above(directory) for name in OWN)
    commands = chain.from_iterable(named(gate, files, directory) for gate in gates if not gate.skipped)
    wanted = dict.fromkeys(chain(own, filter(CI.fullmatch, files), commands))
    found = (guard(target, files, read) for target in sorted(wanted))
    return tuple(each for each in found if each.part is None or each.path not in wanted)


def broken(held: Sequence[Guard], read_new: ReadNew) -> tuple[str, ...]:
    """The paths whose guarded part differs in a new tree; *read_new* gives blob id and bytes, None when absent."""
    return tuple(dict.fromkeys(each.path for each in held if differs(each, *read_new(each.path))))


def differs(held: Guard, blob: str | None, content: bytes | None) -> bool:
    """Whether what the guard holds has changed."""
    if blob == held.blob:
        return False
    return held.part is None or part_digest(held.path, content, held.part) != held.digest


def guard(target: str, files: Mapping[str, str], read: ReadFile) -> Guard:
    """The guard of one `file` or `file#part` as it is in the base commit."""
    path, _, part = target.partition("#")
    blob = files.get(path)
    if not part:
        return Guard(path=path, blob=blob)
    content = read(path) if blob is not None else None
    return Guard(path=path, blob=blob, part=part, digest=part_digest(path, content, part))


def part_digest(path: str, content: bytes | None, part: str) -> str | None:
    """The digest of a part of a TOML, JSON or INI file; None when absent; of the whole file when it cannot be read."""
    if content is None:
        return None
    text = content.decode("utf-8", "replace")
    try:
        value = ini_part(text, part) if path.endswith((".cfg", ".ini")) else nested_part(path, text, part)
    except (ValueError, configparser.Error):  # both parsers' errors are ValueErrors
        return definition_digest(text)
    return None if value is None else definition_digest(value)


def nested_part(path: str, text: str, part: str) -> object:
    """The value under dotted keys of a TOML or JSON file."""
    value: object = json.loads(text) if path.endswith(".json") else tomllib.loads(text)
    for key in part.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def ini_part(text: str, part: str) -> object:
    """A section of an INI file and its subsections, like `mypy` with `mypy-tests.*`."""
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    kept = {name: parser.items(name) for name in parser.sections() if name == part or name.startswith(f"{part}-")}
    return kept or None


def above(directory: str) -> tuple[str, ...]:
    """The directory and those above it, as prefixes; the last is the root, ""."""
    parts = directory.split("/")[:-1]
    return tuple("".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts), -1, -1))


def named(gate: GateDefinition, files: Mapping[str, str], directory: str) -> Iterator[str]:
    """What a gate's command names: files of the base commit, modules, and the configuration of the tools it runs."""
    line = list(words(gate.command[0])) if gate.shell else list(chain.from_iterable(map(argument, gate.command)))
    place, before = directory, ""
    for word in line:
        if before == "cd":
            place = joined(place, f"{word}/")
        tool = word.rpartition("/")[2]
        yield from (joined(place, name) for name in TOOLS.get(tool, ()))
        if tool in SCRIPT_RUNNERS:
            yield from (path for path in files for name in CONFIGS if matches(path, joined(place, name)))
        if before == "-m":
            stem = word.replace(".", "/")
            yield from (joined(place, f"{stem}{end}") for end in (".py", "/__init__.py", "/__main__.py"))
        yield from mentioned(word, files, place)
        before = word


def mentioned(word: str, files: Mapping[str, str], place: str) -> Iterator[str]:
    """The files of the base commit that a word of a command names, also as `--key=path`, `path::test` or a pattern."""
    for candidate in {word, word.partition("=")[2], word.partition("::")[0], word.lstrip("<>@")} - {""}:
        path = joined(place, candidate)
        if path in files:
            yield path
        elif set(candidate) & set("*?["):
            yield from (known for known in files if matches(known, path))


def matches(path: str, pattern: str) -> bool:
    """Whether a shell would expand *pattern* to *path*: a star stops at `/`."""
    left, right = path.split("/"), pattern.split("/")
    return len(left) == len(right) and all(map(fnmatch.fnmatchcase, left, right))


def joined(place: str, name: str) -> str:
    """*name* as seen from *place*, with `.` and `..` resolved; a leading `/` keeps it outside the repository."""
    if name.startswith("/"):
        return name
    path, hash_, part = name.partition("#")
    kept: list[str] = []
    for segment in f"{place}{path}".split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment not in ("", "."):
            kept.append(segment)
    end = "/" if path.endswith("/") and kept else ""
    return f"{'/'.join(kept)}{end}{hash_}{part}"


def words(line: str) -> Iterator[str]:
    """The words of a shell line, also those within quoted lines and substitutions."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()<>`{}$")
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        split = list(lexer)
    except ValueError:  # unbalanced quotes: /bin/sh will complain, we still look at the words
        split = line.replace('"', " ").replace("'", " ").split()
    for word in split:
        yield from argument(word)


def argument(word: str) -> Iterator[str]:
    """A word of a command, and when it is itself a line (`sh -c "…"`), the words of that line."""
    yield word
    if len(word.split()) > 1:
        yield from words(" ".join(word.replace('"', " ").replace("'", " ").split()))
