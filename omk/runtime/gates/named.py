"""What a gate's command leads to: the files of the base commit it names, through links and scripts, and its tools' files.

A shell script, Makefile or justfile that a gate runs is read as well, three deep. In there only what decides the verdict
counts: further scripts, and files that look like checks. `python3 total.py` in a `check.sh` is the code under test, and
so is all that a Python script imports.
"""

import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import chain, pairwise

import msgspec

from omk.domain.values import GateDefinition
from omk.runtime.gates.lines import above, argument, expanded, joined, matches, simple_commands, statements, words
from omk.runtime.gates.tools import CONFIGS, SCRIPT_RUNNERS, TOOLS
from omk.runtime.reviews.material import is_test, suffix

ReadFile = Callable[[str], bytes | None]

MOST_HOPS = 10
DEEPEST = 3
LARGEST_SCRIPT = 1 << 17  # bytes

SHELLS = frozenset(("sh", "bash", "dash", "zsh", "ksh", ".", "source"))
MAKES = frozenset(("make", "gmake", "MAKE", "just", "include", "-include", "sinclude", "import"))
INTERPRETERS = frozenset(("python", "python3", "node", "perl", "ruby", *SHELLS - {".", "source"}))
CHECKERS = frozenset(("coverage", "black", "isort", "pylint", "pyright", "bandit", *TOOLS, *sys.stdlib_module_names))
PLACED = frozenset(("make", "gmake", "MAKE", "git", "just", "ninja", "cargo", "uv", *SCRIPT_RUNNERS))
PLACES = ("-C", "--directory", "--prefix", "--cwd", "--dir", "--working-directory", "--manifest-path")
BEFORE = frozenset(("env", "exec", "time", "command", "!", "if", "then", "else", "elif", "while", "do"))
QUIET = frozenset(("echo", "printf", ".PHONY:"))
SCRIPTS = frozenset(("sh", "bash", "dash", "zsh", "ksh", "mk", "mak", "just"))
RECIPES = frozenset(("makefile", "gnumakefile", "justfile", ".justfile"))
CHECKING = re.compile(
    r"(?i)(^|[/_.-])(tests?|checks?|checker|verify|lint|ci|tools?|scripts?|specs?|qa|expected|golden)(?=[/_.-]|$)"
)


class Base(msgspec.Struct, frozen=True):
    """The base commit: its paths and their blob ids, which paths are links (a link's content is its target), a reader."""

    files: Mapping[str, str]
    read: ReadFile
    links: Collection[str] = ()

    def led(self, path: str) -> Iterator[str]:
        """The links on the way that *path* names, and last where it ends; nothing when it leaves the repository."""
        ahead, done, hops = path.split("/"), list[str](), 0
        while ahead:
            segment, *ahead = ahead
            here = "/".join((*done, segment))
            if segment == "..":
                done = done[:-1]
            elif segment not in ("", ".") and here in self.links:
                yield here
                target, hops = (self.read(here) or b"").decode("utf-8", "replace"), hops + 1
                if target.startswith("/") or hops > MOST_HOPS:
                    return
                ahead = [*target.split("/"), *ahead]
            elif segment not in ("", "."):
                done.append(segment)
        yield "/".join(done)


class Named(msgspec.Struct, frozen=True):
    """A `file` or `file#part` named from *place*; *run* as a script; *firm* if it counts in whatever names it."""

    target: str
    place: str
    run: bool = False
    firm: bool = False


def named(gate: GateDefinition, base: Base, directory: str) -> Iterator[str]:
    """Everything a gate's command leads to, as `file` or `file#part`."""
    parts = words if gate.shell else argument
    line = [word for text in gate.command for variant in expanded(text) for word in parts(variant)]
    ahead = [(each, 0) for each in mentions(line, base, (directory,), deep=False)]
    seen: set[str] = set()
    while ahead:
        each, depth = ahead.pop(0)
        path, _, part = each.target.partition("#")
        *links, end = list(base.led(path)) or [path]
        yield from (each.target, *links)
        if end in base.files:
            yield f"{end}#{part}" if part else end
        if depth < DEEPEST and end not in seen and is_script(end, base, run=each.run):
            seen.add(end)
            ahead.extend((inner, depth + 1) for inner in inside(end, base, each.place, directory))


def inside(path: str, base: Base, place: str, directory: str) -> Iterator[Named]:
    """What a script of the base commit names, as seen from where it is run and from its own folder."""
    text = (base.read(path) or b"").decode("utf-8", "replace")
    places = tuple(dict.fromkeys((place, above(path)[0], directory)))
    lines = dict.fromkeys(chain.from_iterable(map(statements, expanded(text))))
    line = list(chain.from_iterable((*words(each), ";") for each in lines))
    for each in mentions(line, base, places, deep=True):
        path = each.target
        if each.firm or path not in base.files or is_script(path, base, run=each.run) or is_check(path):
            yield each


def is_check(path: str) -> bool:
    """Whether a file that a script names decides the verdict, rather than being what is checked; tests may change."""
    return CHECKING.search(path) is not None and not is_test(path)


def is_script(path: str, base: Base, *, run: bool) -> bool:
    """Whether the file is a shell script, a Makefile or a justfile; without suffix or mark, when it is *run* as one."""
    if path not in base.files:
        return False
    name, kind = path.rpartition("/")[2], suffix(path)
    known = kind in SCRIPTS or name.lower() in RECIPES
    if not known and (kind or not run):
        return False
    content = base.read(path) or b""
    first = content[:100].partition(b"\n")[0]
    shell = known or not first.startswith(b"#!") or re.search(rb"\b(ba|da|z|k)?sh\b|\b(make|just)\b", first) is not None
    return shell and len(content) < LARGEST_SCRIPT and b"\0" not in content


def mentions(line: list[str], base: Base, homes: tuple[str, ...], *, deep: bool) -> Iterator[Named]:
    """What the commands of a line name; *homes* are the folders it may run in, the likeliest first."""
    places, searched = homes, list[str]()
    for command in simple_commands(line):
        if deep and command and command[0].lstrip("@-") in QUIET:
            continue
        here = tuple(dict.fromkeys((*turned(command, places), *places, *homes)))
        for before, word in pairwise(("", *command)):
            if before == "cd":
                places = tuple(joined(place, f"{word}/") for place in places)
                here = tuple(dict.fromkeys((*places, *homes)))
            if word.startswith("PATH="):
                searched += [joined(place, f"{part}/") for part in word[5:].split(":") for place in here]
            yield from chain(tools(word, base, here[0], searched), modules(before, word, base, here, deep=deep))
        yield from paths(command, base, here)
        if searched:
            yield from (Named(path, "", run=True, firm=True) for path in base.files if f"{path.rpartition('/')[0]}/" in searched)


def turned(command: list[str], places: tuple[str, ...]) -> Iterator[str]:
    """The folder that an option like `make -C sub` turns to."""
    if not any(tool_of(word) in PLACED for word in command):
        return
    for before, word in pairwise(("", *command)):
        key, _, value = word.partition("=")
        folder = word if before in PLACES else value if key in PLACES else word[2:] if word.startswith("-C") else ""
        if folder:
            folder = folder.removesuffix("Cargo.toml")
            yield from (joined(place, f"{folder}/") for place in places)


def tool_of(word: str) -> str:
    """The tool that a word would run, without its folder and the marks of a recipe."""
    tool = word.lstrip("@-").rpartition("/")[2]
    return {"MAKE": "make", "gmake": "make"}.get(tool, tool)


def tools(word: str, base: Base, place: str, searched: list[str]) -> Iterator[Named]:
    """The configuration of the tool that a word runs, and what would run in its stead from a folder of PATH."""
    tool = tool_of(word)
    yield from (Named(joined(place, name), place, run=True, firm=True) for name in TOOLS.get(tool, ()))
    if tool in SCRIPT_RUNNERS:
        found = (path for path in base.files for name in CONFIGS if matches(path, joined(place, name)))
        yield from (Named(path, place, firm=True) for path in found)
    if tool in TOOLS or tool in INTERPRETERS:
        kept = (folder for folder in searched if folder and any(path.startswith(folder) for path in base.files))
        yield from (Named(f"{folder}{tool}", place, run=True) for folder in kept)


def modules(before: str, word: str, base: Base, places: tuple[str, ...], *, deep: bool) -> Iterator[Named]:
    """The files of `python -m module`; a checker's name is kept free as well. And of `python3 folder`."""
    stem, top = word.replace(".", "/"), word.partition(".")[0]
    checker = top in CHECKERS
    stems = dict.fromkeys((stem, top if checker else stem))
    names = [f"{each}{end}" for each in stems for end in (".py", "/__init__.py", "/__main__.py")]
    for place in places:
        if before == "-m":
            known = (joined(place, name) for name in names)
            yield from (Named(path, place) for path in known if path in base.files or (checker and place == places[0]))
        elif tool_of(before) in INTERPRETERS or (before.startswith("-") and not deep):
            for end in base.led(joined(place, f"{word}/__main__.py")):
                if end in base.files:
                    yield Named(end, place)


def paths(command: list[str], base: Base, places: tuple[str, ...]) -> Iterator[Named]:
    """The files of the base commit that a command names."""
    scripted = any(word.lstrip("@") in SHELLS | MAKES for word in command)
    head = next((word for word in command if word not in BEFORE and not re.match(r"\w+=", word)), "")
    for before, word in pairwise(("", *command)):
        for place in places:
            for path in mentioned(word, base, place, cut=before.endswith("$") or word.startswith("$")):
                yield Named(path, places[0], run=scripted or (word == head and "/" in word))


def mentioned(word: str, base: Base, place: str, *, cut: bool) -> Iterator[str]:
    """The files a word names, also as `--key=path`, `path::test`, a pattern, or, when *cut*, below an unknown folder."""
    below = word.partition("/")[2] if cut else ""
    for candidate in {word, word.partition("=")[2], word.partition("::")[0], word.lstrip("<>@-"), below} - {""}:
        path = joined(place, candidate)
        if any(end in base.files for end in base.led(path)):
            yield path
        elif set(candidate) & set("*?["):
            yield from (known for known in base.files if matches(known, path))
