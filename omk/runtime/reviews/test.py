"""The test pass: did the required gates pass on this very tree, and do the tests still test?"""

import re
from collections.abc import Iterator

from omk.domain.values import Change, Finding
from omk.domain.words import counted
from omk.runtime.reviews.material import Material, Verdict, is_test, judged, lines, suffix
from omk.runtime.reviews.shadows import shadowing

JAVASCRIPT = re.compile(r"\b(describe|it|test|suite|context)\.(only|skip|todo)\b|\b(xit|xdescribe|xtest|fit|fdescribe)\(")
SCRIPTS = ("js", "jsx", "ts", "tsx", "mjs", "cjs")
SWITCHED_OFF = {
    "py": re.compile(
        r"\bpytest\.mark\.(skip|xfail)\b|\bpytest\.mark\.skipif\(\s*(True|1)\b|\bpytest\.(skip|xfail)\(|"
        r"@(unittest\.)?(skip|expectedFailure)\b(?!If|Unless)|\.skipTest\(|\braise (unittest\.)?SkipTest\b"
    ),
    "rs": re.compile(r"#\[ignore\b"),
    "go": re.compile(r"\b[tb]\.(Skip|Skipf|SkipNow)\("),
    **dict.fromkeys(SCRIPTS, JAVASCRIPT),
}
COMMENT = {"py": re.compile(r"\s*#"), **dict.fromkeys(("rs", "go", *SCRIPTS), re.compile(r"\s*(//|\*)"))}
COLLECTION = re.compile(
    r"\bpytest_(collection_modifyitems|ignore_collect|deselected|pyfunc_call|runtest_\w+|sessionfinish)\b|"
    r"\bcollect_ignore(_glob)?\b|\b(pytest|os|sys)\._?exit\("
)  # a conftest.py that leaves tests out turns a red suite green
HOOK = r"(pytest_collection_modifyitems|pytest_ignore_collect|collect_ignore(_glob)?)"
HIDING = re.compile(rf"\s*(async\s+)?def\s+{HOOK}\b|\s*{HOOK}\s*[:=]|\s*(from|import)\b.*\b{HOOK}\b")  # in a plugin
LOADING = re.compile(r"\s*(async\s+)?def\s+load_tests\s*\((?!\s*self)|\s*load_tests\s*[:=]|\s*from\b.*\bload_tests\b")
ASSERTION = re.compile(
    r"\bassert\w*\b|\bexpect\w*\s*\(|\bpytest\.(raises|warns|fail)\b|\.should\b|\b[tb]\.(Error|Fatal|Fail)\w*\(|"
    r"\brequire\.\w+\(|\bself\.fail\w*\(|\bfrom hypothesis\b|\b(check|verify|ok|equal|is)\w*\("
)


def test(material: Material) -> Verdict:
    """Block when no required gate is there, when one did not pass on this tree, or when tests were weakened."""
    found = [*unproven(material)]
    for change in material.changes:
        found.extend(weakened(material, change))
        found.extend(hidden(material, change))
    found.extend(shadowing(material))
    passed = sum(1 for gate in material.gates if gate.required)
    return judged(found, f"Passed on this tree: {counted(passed, 'required gate')}; no test is weaker.", "Tests do not hold")


def unproven(material: Material) -> Iterator[Finding]:
    """The required gates without a pass on this tree; `gate:` in place of a path."""
    required = [gate for gate in material.gates if gate.required]
    if not required:
        yield Finding(path="gate:", line=None, code="no_required_gate")
    for gate in required:
        if not gate.good:
            state = "never" if gate.outcome is None else "stale" if gate.outcome == "passed" else gate.outcome
            yield Finding(path=f"gate:{gate.name}", line=None, code=f"gate_{state}")


def weakened(material: Material, change: Change) -> Iterator[Finding]:
    """Where one change deletes a test, switches one off, leaves it without assertions, or changes what is collected."""
    if change.operation == "deleted":
        if is_test(change.path) and not reappears(material, change):
            yield Finding(path=change.path, line=None, code="test_deleted")
        return
    if change not in material.files:
        return
    language = suffix(change.path)
    conftest = change.path.rpartition("/")[2] == "conftest.py"
    looks = SWITCHED_OFF.get(language) if is_test(change.path) or conftest or language == "rs" else None
    comment = COMMENT.get(language)
    for number, line in material.added(change) if looks is not None else ():
        if comment is not None and comment.match(line):
            continue
        if looks is not None and looks.search(line):
            yield Finding(path=change.path, line=number, code="test_switched_off")
        if conftest and COLLECTION.search(line):
            yield Finding(path=change.path, line=number, code="collection_changed")
    if is_test(change.path) and change.old is not None and emptied(material, change):
        yield Finding(path=change.path, line=None, code="assertions_removed")


def hidden(material: Material, change: Change) -> Iterator[Finding]:
    """Where one change defines, outside of `conftest.py`, what chooses the tests that are run."""
    name = change.path.rpartition("/")[2]
    if change not in material.files or suffix(name) != "py" or name == "conftest.py":
        return
    loads = is_test(change.path) or name == "__init__.py"
    for number, line in material.added(change):
        if HIDING.match(line) or (loads and LOADING.match(line)):
            yield Finding(path=change.path, line=number, code="hides_tests")


def reappears(material: Material, deleted: Change) -> bool:
    """Whether the deleted test is there again: the same content, or the same name in another folder."""
    name = deleted.path.rpartition("/")[2]
    kept = (change for change in material.changes if change.operation == "added" and is_test(change.path))
    return any(change.new == deleted.old or change.path.rpartition("/")[2] == name for change in kept)


def emptied(material: Material, change: Change) -> bool:
    """Whether the test file had assertions and has none left."""
    return asserts(material.old(change.path)) and not asserts(material.new(change.path))


def asserts(content: bytes | None) -> bool:
    """Whether any line outside comments asserts something."""
    return any(ASSERTION.search(line) and not line.lstrip().startswith(("#", "//", "*")) for line in lines(content))
