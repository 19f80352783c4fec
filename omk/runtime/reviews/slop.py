"""The anti-slop pass: was work left behind that only looks finished? Only added lines count; any finding blocks."""

import re
from collections.abc import Iterator

from omk.domain.values import Change, Finding
from omk.domain.words import counted
from omk.runtime.reviews.architect import LONGEST_FILE, grew_too_long
from omk.runtime.reviews.material import Material, Verdict, is_binary, is_test, judged, lines, suffix

SCANNED = frozenset(("rs", "js", "jsx", "ts", "tsx", "py", "go", "md"))
WEIGHTS = {"file_too_long": 0.15, "unchecked_failure": 0.20, "left_for_later": 0.10, "placeholder": 0.20}
LATER = re.compile(r"\b(TODO|FIXME|HACK)\b")
PANICS = re.compile(r"\.unwrap\(\)|\.expect\(|\bpanic!\(")
UNFINISHED = {
    "py": re.compile(r"^\s*raise NotImplementedError\b"),
    "rs": re.compile(r"\b(unimplemented|todo)!\("),
    "go": re.compile(r"\bpanic\(\s*[\"`](?i:todo|not (yet )?implemented|unimplemented)"),
    **dict.fromkeys(("js", "jsx", "ts", "tsx"), re.compile(r"throw new Error\(\s*[\"'`](?i:todo|not (yet )?implemented)")),
}
FILLER = re.compile(r"(?i)\blorem ipsum\b")
STRING = r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'"""
COMMENTS = {
    "py": re.compile(rf"{STRING}|(#.*)"),
    "md": re.compile(r"(<!--.*)"),
    **dict.fromkeys(("rs", "js", "jsx", "ts", "tsx", "go"), re.compile(rf"{STRING}|(//.*|/\*.*|^\s*\*.*)")),
}
RUST_TESTS = re.compile(r"(^|/)(tests|benches|examples|build\.rs)(/|$)")
ABSTRACT = re.compile(r"@(\w+\.)?(abstract\w*|overload)\b")


def anti_slop(material: Material) -> Verdict:
    """Block overlong files, unchecked failures in Rust, work left for later, and placeholders in what was added."""
    if not material.changes:
        return Verdict("not_applicable", "Nothing changed.")
    scanned = [change for change in material.files if suffix(change.path) in SCANNED]
    found = [finding for change in scanned for finding in slop(material, change)]
    confidence = min(sum(WEIGHTS[finding.code] for finding in found) / max(len(scanned), 1), 1.0)
    clean = f"No slop in {counted(len(scanned), 'source file')}, confidence {confidence:.2f}."
    return judged(
        found,
        clean if scanned else "No changed file is of a kind that is searched for slop.",
        f"Slop with confidence {confidence:.2f}",
    )


def slop(material: Material, change: Change) -> Iterator[Finding]:
    """The slop that one change adds."""
    content = material.new(change.path) or b""
    if is_binary(content):
        return
    if grew_too_long(material, change, content) and not change.path.rpartition("/")[2].startswith("CHANGELOG"):
        yield Finding(path=change.path, line=LONGEST_FILE + 1, code="file_too_long")
    text = lines(content)
    tests_start = first_test_line(text) if suffix(change.path) == "rs" else len(text) + 1
    for number, line in material.added(change):
        testing = is_test(change.path) or number >= tests_start
        code = offence(line, suffix(change.path), testing=testing or RUST_TESTS.search(change.path) is not None)
        if code == "placeholder" and is_abstract(text, number):
            continue
        if code is not None:
            yield Finding(path=change.path, line=number, code=code)


def offence(line: str, language: str, *, testing: bool) -> str | None:
    """What is sloppy in one added line."""
    code, comment = halves(line, language)
    if LATER.search(comment):
        return "left_for_later"
    unfinished = UNFINISHED.get(language)
    if not testing and ((unfinished is not None and unfinished.search(code)) or FILLER.search(line)):
        return "placeholder"
    if language == "rs" and not testing and PANICS.search(code):
        return "unchecked_failure"
    return None


def halves(line: str, language: str) -> tuple[str, str]:
    """The line before and within its comment; a comment sign inside a string starts none."""
    found = next((match for match in COMMENTS[language].finditer(line) if match[1]), None)
    return (line, "") if found is None else (line[: found.start(1)], found[1])


def first_test_line(text: list[str]) -> int:
    """The line where a Rust file's own tests begin; beyond its end when it has none."""
    return next((number for number, line in enumerate(text, 1) if "#[cfg(test)]" in line), len(text) + 1)


def is_abstract(text: list[str], number: int) -> bool:
    """Whether a `raise NotImplementedError` is the body of an abstract method."""
    for above in range(number - 2, max(number - 20, -1), -1):
        if re.match(r"\s*(async )?def ", text[above]):
            return any(ABSTRACT.search(line) for line in text[max(above - 3, 0) : above])
    return False
