"""Whether two versions of a file differ in nothing that counts: line ends, blanks, comments (behaviour 3.10).

It errs on the side of a difference: where blanks before a line mean something they are compared, strings always are, and a
language that is not in the table has no comments.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

DOUBLE, SINGLE = r'"(?:\\.|[^"\\\n])*"', r"'(?:\\.|[^'\\\n])*'"
LONG = r'"""(?:\\.|[^\\])*?"""' + r"|'''(?:\\.|[^\\])*?'''"
TEMPLATE = r"`(?:\\.|[^`\\])*`"
LETTER = r"'(?:\\[^'\n]*|[^'\\\n])'"
SLASHES, BLOCK = r"(?<!\S)//(?!go:)[^\n]*", r"/\*.*?\*/"
HASH = r"(?<!\S)#(?!!)[^\n]*"
BLANKS = " \t\f\v"


class Language(NamedTuple):
    """How comments and strings are told apart; *is_free* where blanks before a line mean nothing."""

    pattern: re.Pattern[str]
    is_free: bool


def language(strings: str, comments: str, *, is_free: bool) -> Language:
    """A language by the patterns of its strings and of its comments."""
    return Language(re.compile(f"(?P<string>{strings})|(?P<comment>{comments})", re.DOTALL), is_free)


C_LIKE = language(f"{DOUBLE}|{SINGLE}|{TEMPLATE}", f"{SLASHES}|{BLOCK}", is_free=True)
LANGUAGES: Mapping[str, Language] = {
    **dict.fromkeys(("py", "pyi", "toml"), language(f"{LONG}|{DOUBLE}|{SINGLE}", HASH, is_free=False)),
    **dict.fromkeys(
        ["c", "h", "cc", "cpp", "hpp", "cs", "go", "java", "js", "jsx", "kt", "mjs", "scala", "swift", "ts", "tsx"], C_LIKE
    ),
    "rs": language(f"{DOUBLE}|{LETTER}", f"{SLASHES}|{BLOCK}", is_free=True),
    **dict.fromkeys(("css", "scss"), language(f"{DOUBLE}|{SINGLE}", BLOCK, is_free=True)),
    "sql": language(f"{DOUBLE}|'[^']*'", rf"(?<!\S)--[^\n]*|{BLOCK}", is_free=True),
    **dict.fromkeys(("html", "md", "svg", "xml"), language(DOUBLE, "<!--.*?-->", is_free=False)),
}
"""By the end of a file's name."""


def same_but_for(left: bytes, right: bytes, path: str) -> str | None:
    """What alone the two versions of the file *path* differ in: line ends, blanks or comments; null if in more."""
    kind = LANGUAGES.get(path.rpartition("/")[2].rpartition(".")[2].lower())
    one, other = unix(left), unix(right)
    if one == other:
        return "line ends"
    if plain(one, kind, comments=True) == plain(other, kind, comments=True):
        return "blanks"
    is_same = kind is not None and plain(one, kind, comments=False) == plain(other, kind, comments=False)
    return "comments" if is_same else None


def unix(content: bytes) -> str:
    """The content as characters that stand for its bytes, each line ended alike."""
    return content.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def plain(text: str, kind: Language | None, *, comments: bool) -> tuple[list[str], list[str]]:
    """The lines of code without blanks that mean nothing, and the strings (with *comments*, also these) as they are."""
    if kind is None:
        return [line.rstrip(BLANKS) for line in text.split("\n") if line.strip(BLANKS)], []
    kept: list[str] = []

    def cut(found: re.Match[str]) -> str:
        if found["string"] is None and not comments:
            return " "
        kept.append(found[0] if found["string"] else " ".join(found[0].split()))
        return "\0"

    code = kind.pattern.sub(cut, text)
    return [squeezed(line, kind) for line in code.split("\n") if line.strip(BLANKS)], kept


def squeezed(line: str, kind: Language) -> str:
    """A line with one blank wherever there are some, and those before it only where they mean something."""
    words = re.sub(f"[{BLANKS}]+", " ", line.strip(BLANKS))
    return words if kind.is_free else line[: len(line) - len(line.lstrip(BLANKS))] + words
