"""Shell lines: their words and simple commands, the variables they assign, and paths as seen from a folder."""

import fnmatch
import re
import shlex
from collections.abc import Iterable, Iterator

PUNCTUATION = ";&|()<>`{}$"
SEPARATORS = frozenset(";&|(){}`")
MOST_VARIANTS = 4
LONGEST_VALUE = 500  # characters

HERE = re.compile(r"\$\{?PWD\b\}?|\$\(\s*pwd(?: -P)?\s*\)|\$\(CURDIR\)")
SCRIPT_FOLDER = re.compile(
    r"\$\(\s*dirname\s+(?:-- )?\"?\$\{?(?:0|BASH_SOURCE(?:\[0\])?)\}?\"?\s*\)|\$\{(?:0|BASH_SOURCE(?:\[0\])?)%/\*\}"
)
SETTLED = re.compile(r"\$\(\s*cd\s+(?:-- )?\"?([^\"()&;]*)\"?\s*&&\s*pwd(?: -P)?\s*\)")
ASSIGNED = re.compile(
    r"(?:^|(?<=[\s;&|(]))([A-Za-z_]\w*)(?:[ \t]*[:?]=[ \t]*|=)(\"[^\"\n]*\"|'[^'\n]*'|[^\s;&|()]*)", re.MULTILINE
)
REFERENCE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|\((\w+)\)|(\w+))|\{\{\s*(\w+)\s*\}\}")


def expanded(text: str) -> tuple[str, ...]:
    """The text with its own variables in place, once for each value when one is assigned several times."""
    plain = SETTLED.sub(r"\1", SCRIPT_FOLDER.sub(".", HERE.sub(".", text)))
    values: dict[str, list[str]] = {}
    for name, value in ASSIGNED.findall(plain):
        if name != "PATH" and len(value) < LONGEST_VALUE:
            values.setdefault(name, []).append(value.strip("\"'"))
    most = min(max(map(len, values.values()), default=1), MOST_VARIANTS)
    variants = ({name: each[min(index, len(each) - 1)] for name, each in values.items()} for index in range(most))
    return tuple(dict.fromkeys(replaced(plain, known) for known in variants))


def replaced(text: str, values: dict[str, str]) -> str:
    """The text with the known variables replaced, also where one names another."""

    def value(found: re.Match[str]) -> str:
        name = next(each for each in (found[1], found[3], found[4], found[5]) if each)
        return values.get(name, found[2] if found[2] is not None else found[0])

    complete = {name: REFERENCE.sub(value, kept) for name, kept in values.items()}
    return REFERENCE.sub(lambda found: complete.get(found[1] or found[3] or found[4] or found[5], value(found)), text)


def simple_commands(line: Iterable[str]) -> Iterator[list[str]]:
    """The words of a line, parted at what ends a simple command."""
    command: list[str] = []
    for word in line:
        if word and set(word) <= set(PUNCTUATION) and set(word) & SEPARATORS:
            yield command
            command = []
        else:
            command.append(word)
    yield command


def words(line: str) -> Iterator[str]:
    """The words of a shell line, also those within quoted lines and substitutions."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=PUNCTUATION)
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


def statements(script: str) -> Iterator[str]:
    """The lines of a script, continued ones joined, without comments."""
    for line in script.replace("\\\n", " ").splitlines():
        code = line.strip()
        before, mark, _ = code.partition(" #")
        if mark and before.count('"') % 2 == 0 and before.count("'") % 2 == 0:
            code = before
        if code and not code.startswith("#"):
            yield code


def above(directory: str) -> tuple[str, ...]:
    """The directory and those above it, as prefixes; the last is the root, ""."""
    parts = directory.split("/")[:-1]
    return tuple("".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts), -1, -1))


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
