"""The oracle: what kind of goal this is, which checks would prove it, and whether its text can be tested at all.

Words are compared as whole tokens: "support" is not a port, "perfect" is not perf, "prefix" is not a fix.
"""

import re
from itertools import chain
from typing import Literal, get_args

from omk.domain.event import Value
from omk.domain.values import GateDefinition
from omk.errors import Refused

Kind = Literal["greenfield", "rewrite", "migration", "refactor", "audit", "bugfix", "performance", "docs", "mixed"]
KINDS: tuple[Kind, ...] = get_args(Kind)

CHECKS: dict[Kind, tuple[str, ...]] = {
    "greenfield": ("acceptance", "smoke", "demo"),
    "rewrite": ("compatibility", "golden"),
    "migration": ("compatibility", "golden"),
    "refactor": ("compatibility", "golden"),
    "audit": ("audit",),
    "bugfix": ("regression",),
    "performance": ("performance",),
    "docs": ("docs",),
    "mixed": ("acceptance", "compatibility"),
}
ALL_CHECKS: tuple[str, ...] = tuple(dict.fromkeys(chain.from_iterable(CHECKS.values())))

# Phrases, as tokens, that name a kind. "build", "create", "implement", "add" name none: without a hit it is greenfield.
# No "ports" and no "fixed": those are nouns and adjectives far more often than orders.
WORDS: dict[Kind, tuple[str, ...]] = {
    "greenfield": ("greenfield",),
    "rewrite": ("rewrite", "rewrites", "rewriting", "port", "porting"),
    "migration": ("migrate", "migrates", "migrating", "migration", "migrations"),
    "refactor": ("refactor", "refactors", "refactoring", "refactored"),
    "audit": ("audit", "audits", "auditing"),
    "bugfix": ("bugfix", "bugfixes", "bug fix", "bug fixes", "fix", "fixes", "fixing"),
    "performance": ("performance", "benchmark", "benchmarks", "benchmarking", "perf"),
    "docs": ("docs", "documentation", "readme"),
}
VAGUE = (
    "make it awesome",
    "make this awesome",
    "make it better",
    "make this better",
    "make better",
    "improve it",
    "improve this",
    "do magic",
    "state of art",
    "state of the art",
)
SIGNALS = (
    "acceptance", "api", "audit", "benchmark", "build", "cli", "compile", "coverage", "fix", "gate",
    "harden", "implement", "migrate", "performance", "proof", "refactor", "rewrite", "security", "test", "verify",
)  # fmt: skip
MEASURES = frozenset(("perf", "bench", "benchmark", "benchmarks", "performance"))
FEWEST_WORDS = 3
WORD = r"[^\W_]+"
IDEOGRAPH = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]"


class Assessment(Value):
    """What the goal's text says before any work: its kind, whether it can be tested (else why not), what must be shown.

    `checks` are the oracle checks that passed gates have to prove; `signals` the testable words found in the text.
    """

    kind: Kind
    testable: bool
    reason: str | None
    checks: tuple[str, ...]
    signals: tuple[str, ...]


def tokens(name: str) -> tuple[str, ...]:
    """The alphanumeric tokens of a name or text, in lower case: `cli-smoke` gives `cli`, `smoke`."""
    return tuple(re.findall(WORD, name.lower()))


def says(words: tuple[str, ...], phrase: str) -> bool:
    """Whether the tokens of *phrase* stand in *words* one after the other."""
    wanted = tokens(phrase)
    return any(words[start : start + len(wanted)] == wanted for start in range(len(words) - len(wanted) + 1))


def inflections(word: str) -> frozenset[str]:
    """The word and its simple forms: tests, tested, testing, tester; compiling; verifies, verified."""
    stem = word[:-1] if word.endswith(("e", "y")) else word
    forms = {word, f"{word}s", f"{word}es", f"{word}ing", f"{stem}ed", f"{stem}ing", f"{stem}er"}
    return frozenset(forms | ({f"{stem}ies", f"{stem}ied", f"{stem}ier"} if word.endswith("y") else set()))


def classify(text: str) -> Kind:
    """The kind of goal its words name; several kinds are `mixed`, none is `greenfield`."""
    words = tokens(re.sub(r"(?i)\bport\s*[:#=]?\s*\d+", " ", text))  # port 8080 is a number, not an order
    hits = [kind for kind, phrases in WORDS.items() if any(says(words, phrase) for phrase in phrases)]
    return "greenfield" if not hits else hits[0] if len(hits) == 1 else "mixed"


def word_count(text: str) -> int:
    """Words between blanks; scripts written without blanks count each ideograph or syllable."""
    spread = re.sub(IDEOGRAPH, r" \g<0> ", text)
    return sum(1 for word in spread.split() if re.search(WORD, word))


def untestable(text: str, signals: tuple[str, ...]) -> str | None:
    """Why nobody could tell whether this goal was reached; None when somebody could."""
    if not text.strip():
        return "The goal is empty. Say what should be true when it is done."
    if word_count(text) < FEWEST_WORDS:
        return f"The goal has fewer than {FEWEST_WORDS} words. Say what should be true when it is done."
    vague = next((phrase for phrase in VAGUE if says(tokens(text), phrase)), None)
    if vague is not None and not signals:
        return f"'{vague}' cannot be tested. Say what should be true when it is done: a behaviour, a test, a measure."
    return None


def assess(text: str, kind: str | None = None) -> Assessment:
    """Judge a goal's text; *kind* overrules the classification. Raises `Refused` for a kind that does not exist."""
    if kind is not None and kind not in KINDS:
        raise Refused(f"'{kind}' is no kind of goal. Use one of: {', '.join(KINDS)}.")
    chosen = next((known for known in KINDS if known == kind), None) or classify(text)
    words = frozenset(tokens(text))
    signals = tuple(signal for signal in SIGNALS if words & inflections(signal))
    reason = untestable(text, signals)
    return Assessment(kind=chosen, testable=reason is None, reason=reason, checks=CHECKS[chosen], signals=signals)


def measures(name: str, declared: tuple[str, ...]) -> bool:
    """Whether a gate of that name that *declared* to prove these checks is about performance."""
    return "performance" in declared or bool(MEASURES & set(tokens(name)))


def is_about_performance(kind: str, *, is_required: bool) -> bool:
    """Whether performance has to be shown: by the kind of the goal, or because a gate that measures it is required."""
    return kind == "performance" or is_required


def proves(gate: GateDefinition, check: str) -> bool:
    """Whether a pass of this gate would prove the check: declared, or the check's word is one token of its name."""
    return check in gate.proves or check in tokens(gate.name)
