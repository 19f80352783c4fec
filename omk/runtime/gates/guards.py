"""Guards: the files of the base commit that decide what verification means. A tree that changes one needs a person.

Guarded are omk's own configuration, CI files, every file of the base commit that a gate's command leads to (see
`omk.runtime.gates.named`), and what the tool of a gate reads to decide what to run. Files that would take effect as soon
as they are added are guarded by their absence, among them `pytest.py`, which `python -m pytest` would run instead of
pytest. Not guarded: tests and `conftest.py`, which goals rightly change (the test review looks at them), and CI files
that are new.
"""

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain

from omk.domain.values import GateDefinition, Guard
from omk.runtime.gates.definition import definition_digest
from omk.runtime.gates.lines import above, joined
from omk.runtime.gates.named import Base, ReadFile, named

ReadNew = Callable[[str], tuple[str | None, bytes | None]]

# `file#part`: only that part counts. All of these also take effect when they are added.
OWN = ("omk.toml", "pyproject.toml#tool.omk", ".omk/gates.toml", ".gitattributes")
CI = re.compile(
    r"(\.github/(workflows|actions)/.*|\.gitlab-ci\.yml|\.circleci/.*|(.*/)?Jenkinsfile|azure-pipelines\.ya?ml|\.ci/.*|"
    r"(.*/)?\.gitattributes)"  # a filter there changes what a checkout holds
)


def guards(
    gates: Sequence[GateDefinition],
    files: Mapping[str, str],
    read: ReadFile,
    subdirectory: str = "",
    links: Collection[str] = (),
) -> tuple[Guard, ...]:
    """The guards of the base commit, by path; *files* maps its paths to blob ids, *links* says which are links."""
    base = Base(files=files, read=read, links=frozenset(links))
    directory = f"{subdirectory.strip('/')}/" if subdirectory.strip("/.") else ""
    own = (joined(place, name) for place in above(directory) for name in OWN)
    commands = chain.from_iterable(named(gate, base, directory) for gate in gates if not gate.skipped)
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
