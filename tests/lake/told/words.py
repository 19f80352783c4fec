"""What people, agents and tools say in a population: sentences drawn phrase by phrase, so that no two goals say the same.

All of it is plain ASCII without quotation marks and backslashes: a text stands in JSON as it is.
"""

import random
from collections.abc import Callable

_OPENINGS = (
    "Let me look at", "Now I change", "I see that", "The reason is", "First I read", "It fails because of", "I moved",
    "This depends on", "I am going to rename", "The caller of", "Before that I checked", "Nothing else uses", "I removed",
    "What is left is", "As expected,", "There is a second copy of",
)  # fmt: skip
_VERBS = (
    "parse", "load", "merge", "split", "render", "resolve", "encode", "decode", "walk", "collect", "trim", "order", "join",
    "open", "close", "count", "wrap", "unwrap", "find", "drop", "copy", "move", "read", "write", "send", "fetch", "store",
    "index", "match", "group", "sort", "apply",
)  # fmt: skip
_NOUNS = (
    "row", "rows", "header", "quote", "field", "path", "token", "node", "edge", "frame", "chunk", "cursor", "page", "cache",
    "entry", "record", "table", "column", "option", "flag", "label", "window", "lease", "queue", "batch", "route", "handler",
    "session", "cookie", "locale", "zone", "price", "total", "invoice", "order", "basket", "report", "filter", "layout",
    "theme", "widget", "socket", "stream", "buffer", "offset", "digest", "schema", "version",
)  # fmt: skip
_LINKS = (
    "in", "which is called from", "next to", "and its counterpart in", "as used by", "behind", "together with",
    "instead of the one in",
)  # fmt: skip
_TAILS = (
    "so the empty case is covered", "and keeps the old behaviour", "without touching the public names", "for both branches",
    "which was off by one", "so that it no longer blocks", "and raises on bad input", "only when the flag is set",
    "because the order matters there", "to match what the callers expect", "after the last one is done", "twice in a row",
    "on the slow path", "with a default that is safe", "and nothing more", "as the comment says",
)  # fmt: skip
IDENTIFIERS = tuple(f"{verb}_{noun}" for verb in _VERBS for noun in _NOUNS)
PACKAGES = ("shop", "mail", "ledger", "atlas", "relay", "press")
MODULES = tuple(f"src/{package}/{noun}.py" for package in PACKAGES for noun in _NOUNS[:24])

Maker = Callable[[random.Random], str]


def sentence(dice: random.Random) -> str:
    """Something an agent may say about code."""
    bits = dice.getrandbits(96)
    return (
        f"{_OPENINGS[bits & 15]} {IDENTIFIERS[(bits >> 4) % 1536]} {_LINKS[(bits >> 20) & 7]} "
        f"{MODULES[(bits >> 24) % 144]} (line {(bits >> 40) % 900}), {_VERBS[(bits >> 52) & 31]} the "
        f"{_NOUNS[(bits >> 58) % 48]} of {IDENTIFIERS[(bits >> 66) % 1536]} {_TAILS[(bits >> 84) & 15]}."
    )


def said(dice: random.Random) -> str:
    """A message of an agent: one to four sentences."""
    return " ".join([sentence(dice) for _ in range(1 + (dice.getrandbits(4) + 2) // 6)])


def shell(dice: random.Random) -> str:
    """The title of a command."""
    bits = dice.getrandbits(40)
    tool = ("pytest -q -k", "ruff check", "git diff --stat", "grep -rn", "python -m", "make", "sed -n 1,80p", "ls -l")
    return f"{tool[bits & 7]} {IDENTIFIERS[(bits >> 3) % 1536]} {MODULES[(bits >> 16) % 144]}"


def edit(dice: random.Random) -> str:
    """The title of an edit."""
    return f"Edit {dice.choice(MODULES)} at line {dice.getrandbits(9)}"


def read(dice: random.Random) -> str:
    """The title of a look into a file."""
    return f"Read {dice.choice(MODULES)} from {dice.getrandbits(9)}"


def find(dice: random.Random) -> str:
    """The title of a search."""
    return f"Search {dice.choice(IDENTIFIERS)} in {dice.choice(PACKAGES)}"


def fetch(dice: random.Random) -> str:
    """The title of a look into the documentation."""
    return f"Fetch docs of {dice.choice(_NOUNS)} {dice.getrandbits(4)}.{dice.getrandbits(4)}"


def passed(dice: random.Random) -> str:
    """The last line of a check that passed."""
    return f"{dice.getrandbits(9) + 3} passed, {dice.getrandbits(3)} skipped in {dice.getrandbits(13) / 100:.2f}s"


def failed(dice: random.Random) -> str:
    """The last line of a check that failed."""
    name, wrong = dice.choice(IDENTIFIERS), f"{dice.getrandbits(7)} != {dice.getrandbits(7)}"
    return f"FAILED tests/test_{dice.choice(_NOUNS)}.py::test_{name} - AssertionError: {wrong}"


def printed(dice: random.Random) -> str:
    """The last line of a tool."""
    bits = dice.getrandbits(40)
    return f"{MODULES[bits % 144]}:{(bits >> 9) % 900}: {IDENTIFIERS[(bits >> 20) % 1536]}({_NOUNS[(bits >> 34) % 48]})"


def summary(dice: random.Random) -> str:
    """What a review pass, or a person, has to say."""
    return f"Looked at {dice.choice(IDENTIFIERS)} and {dice.getrandbits(5) + 2} other places, {dice.choice(_TAILS)}."


PROMPTS = {
    "bugfix": "Fix {0} so that it no longer loses the last {1} of a {2}",
    "greenfield": "Build a small {1} that can {3} every {2} of a {0}",
    "refactor": "Refactor {0} and its callers so that the {1} is known in one place",
    "docs": "Write the readme page on {0}: every {1} with an example of a {2}",
    "performance": "Improve performance of {0} on a long {1} by a half",
    "migration": "Migrate {0} from the old {1} to the new {2}",
    "audit": "Audit {0} for every {1} that a {2} lets through",
    "mixed": "Fix {0}, then rewrite the {1} beside it",
    "vague": "Make it better",
}


def prompt(kind: str) -> Maker:
    """What a goal of that kind is asked for."""
    words = PROMPTS[kind]
    return lambda dice: words.format(dice.choice(IDENTIFIERS), dice.choice(_NOUNS), dice.choice(_NOUNS), dice.choice(_VERBS))


MAKERS: dict[str, Maker] = {
    "said": said, "shell": shell, "edit": edit, "read": read, "search": find, "fetch": fetch,
    "passed": passed, "failed": failed, "printed": printed, "summary": summary,
    **{f"prompt {kind}": prompt(kind) for kind in PROMPTS if kind != "vague"},
}  # fmt: skip
"""What draws a text, by name: a copy of a story draws its own texts anew."""
