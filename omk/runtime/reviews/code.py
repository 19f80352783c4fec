"""The code pass: is there a change at all, and does every changed file still parse?"""

import ast
import json
import re
import tomllib
import warnings
from collections.abc import Callable, Iterator

from omk.domain.values import Change, Finding
from omk.domain.words import counted
from omk.runtime.reviews.material import Material, Verdict, is_binary, is_source, judged, suffix

CONFLICT = re.compile(r"(<{7}|>{7}|\|{7}) \S")
COMMENTED_JSON = re.compile(  # tools that read these allow comments in them
    r"(^|/)((tsconfig|jsconfig|deno|devcontainer|api-extractor)[^/]*|\.[^/]*|\.vscode/[^/]*)\.json$|(^|/)\.(vscode|devcontainer)/"
)
FIXTURES = re.compile(r"(^|/)(fixtures?|testdata|test_data|__fixtures__|snapshots|corpus)/")  # may be wrong on purpose


def code(material: Material) -> Verdict:
    """Block an empty change, files that do not parse, conflict markers, and zero bytes in program text."""
    if not material.changes:
        return Verdict("blocked", "There are no changes to review.")
    found = [finding for change in material.files for finding in objections(material, change)]
    return judged(found, f"Well formed: {counted(len(material.changes), 'changed file')}.", "Changed files are malformed")


def objections(material: Material, change: Change) -> Iterator[Finding]:
    """What is malformed in one changed file, as far as the change made it so."""
    content = material.new(change.path) or b""
    if is_source(change.path) and b"\0" in content:
        yield Finding(path=change.path, line=content[: content.index(b"\0")].count(b"\n") + 1, code="null_byte")
        return
    if is_binary(content):
        return
    for number, line in material.added(change):
        if CONFLICT.match(line):
            yield Finding(path=change.path, line=number, code="conflict_marker")
    parse = PARSERS.get(suffix(change.path))
    if parse is None or change.path in material.moved or skipped(change.path):
        return
    line_number = failure(parse, content)
    before = material.old(change.path) if change.old is not None else None
    if line_number is not None and (before is None or failure(parse, before) is None):
        yield Finding(path=change.path, line=line_number or None, code=f"{suffix(change.path)}_does_not_parse")


def skipped(path: str) -> bool:
    """Whether the file may rightly not parse: a fixture, or JSON whose readers allow comments."""
    return FIXTURES.search(path) is not None or COMMENTED_JSON.search(path) is not None


def failure(parse: Callable[[bytes], object], content: bytes) -> int | None:
    """The line at which parsing fails, 0 when unknown, None when it does not fail."""
    try:
        parse(content)
    except SyntaxError as error:
        return error.lineno or 0
    except json.JSONDecodeError as error:
        return error.lineno
    except (ValueError, RecursionError) as error:
        found = re.search(r"\(at line (\d+)", str(error))
        return int(found[1]) if found else 0
    return None


def parse_python(content: bytes) -> object:
    """The file's syntax tree, without the compiler's warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(content)


def parse_toml(content: bytes) -> object:
    """The file's tables."""
    return tomllib.loads(content.decode("utf-8"))


def parse_json(content: bytes) -> object:
    """The file's value."""
    return json.loads(content.decode("utf-8-sig"))


PARSERS: dict[str, Callable[[bytes], object]] = {
    "py": parse_python,
    "pyi": parse_python,
    "toml": parse_toml,
    "json": parse_json,
}
