"""The test pass."""

import pytest

from omk.runtime.reviews.material import GateEvidence
from tests.runtime.reviews.diffs import diff, objections

TEST = "def test_a():\n    assert f() == 1\n"


def gate(outcome=None, *, required=True, fresh=True):
    """The evidence of a gate named tests."""
    return GateEvidence(name="tests", required=required, outcome=outcome, fresh=fresh)


@pytest.mark.parametrize(
    ("gates", "found"),
    [
        ((gate("passed"),), []),
        ((gate("passed"), gate("failed", required=False)), []),
        ((), ["gate::None no_required_gate"]),
        ((gate("passed", required=False),), ["gate::None no_required_gate"]),
        ((gate(),), ["gate:tests:None gate_never"]),
        ((gate("passed", fresh=False),), ["gate:tests:None gate_stale"]),
        ((gate("failed"),), ["gate:tests:None gate_failed"]),
        ((gate("skipped"),), ["gate:tests:None gate_skipped"]),
        ((gate("passed"), gate("timed_out")), ["gate:tests:None gate_timed_out"]),
        ((gate("errored"),), ["gate:tests:None gate_errored"]),
        ((gate("inconclusive"),), ["gate:tests:None gate_inconclusive"]),
    ],
)
def test_every_required_gate_passed_on_this_tree(gates, found):
    assert objections("test", diff({}, {"a.py": "x"}, gates=gates)) == found


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({}, {"tests/test_a.py": TEST}, []),
        ({"tests/test_a.py": TEST}, {}, ["tests/test_a.py:None test_deleted"]),
        ({"src/a.py": "x"}, {}, []),
        ({"tests/test_a.py": TEST}, {"tests/test_b.py": TEST}, []),
        ({"tests/test_a.py": TEST}, {"tests/unit/test_a.py": TEST + "# more\n"}, []),
        ({"tests/data.txt": "x"}, {}, []),
        (
            {"tests/test_a.py": TEST},
            {"tests/test_a.py": "def test_a():\n    f()\n"},
            ["tests/test_a.py:None assertions_removed"],
        ),
        ({"tests/test_a.py": TEST}, {"tests/test_a.py": "# assert\n"}, ["tests/test_a.py:None assertions_removed"]),
        ({"tests/test_a.py": TEST * 2}, {"tests/test_a.py": TEST}, []),
        ({"tests/test_a.py": "import a\n"}, {"tests/test_a.py": "import b\n"}, []),
    ],
)
def test_a_test_that_was_there_still_tests(old, new, found):
    assert objections("test", diff(old, new)) == found


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("tests/test_a.py", "@pytest.mark.skip(reason='later')"),
        ("tests/test_a.py", "pytestmark = pytest.mark.xfail"),
        ("tests/test_a.py", "@pytest.mark.skipif(True, reason='x')"),
        ("tests/test_a.py", "    pytest.skip('x')"),
        ("tests/test_a.py", "@unittest.skip('x')"),
        ("tests/test_a.py", "        self.skipTest('x')"),
        ("tests/conftest.py", "    item.add_marker(pytest.mark.skip)"),
        ("src/lib.rs", "    #[ignore]"),
        ("a_test.go", "\tt.Skip()"),
        ("a.test.ts", "it.only('x', () => {"),
        ("a.spec.js", "  xit('x', () => {"),
        ("__tests__/a.js", "describe.skip('x', () => {"),
    ],
)
def test_switching_a_test_off_is_objected_to(path, line):
    assert objections("test", diff({path: "assert\n"}, {path: f"assert\n{line}\n"})) == [f"{path}:2 test_switched_off"]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("tests/test_a.py", "# pytest.skip('x') would hide it"),
        ("tests/test_a.py", "@pytest.mark.skipif(sys.platform == 'win32', reason='x')"),
        ("tests/test_a.py", "def test_skip_is_an_option():"),
        ("src/a.py", "pytest.skip('x')"),
        ("src/main.go", "scanner.Skip()"),
        ("a.test.ts", "// it.only('x')"),
        ("a.test.ts", "await list.skip(3).only()"),
    ],
)
def test_what_only_resembles_a_switch_is_not_objected_to(path, line):
    assert objections("test", diff({path: "assert\n"}, {path: f"assert\n{line}\n"})) == []


def test_a_switch_that_was_there_before_is_not_this_changes_doing():
    off = f"@pytest.mark.skip\n{TEST}"
    assert objections("test", diff({"tests/test_a.py": off}, {"tests/test_a.py": f"{off}\n\n{TEST}"})) == []


def test_a_conftest_that_leaves_tests_out_is_objected_to():
    hook = "def pytest_collection_modifyitems(items):\n    items.clear()\n"
    assert objections("test", diff({}, {"conftest.py": hook})) == ["conftest.py:1 collection_changed"]
    assert objections("test", diff({}, {"conftest.py": "@pytest.fixture\ndef a():\n    return 1\n"})) == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("tests/__init__.py", "def load_tests(loader, tests, pattern):"),
        ("tests/test_b.py", "load_tests = none"),
        ("tests/__init__.py", "from tests.choice import load_tests"),
        ("plugin.py", "def pytest_collection_modifyitems(items):"),
        ("src/plugin.py", "def pytest_ignore_collect(collection_path):"),
        ("tests/__init__.py", "collect_ignore = ['test_a.py']"),
    ],
)
def test_a_hook_that_chooses_the_tests_is_objected_to_wherever_it_is(path, line):
    assert objections("test", diff({}, {path: f"import a\n{line}\n"})) == [f"{path}:2 hides_tests"]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("src/loader.py", "def load_tests(path):"),
        ("tests/test_b.py", "    def load_tests(self):"),
        ("tests/test_b.py", "suite = load_tests(path)"),
        ("notes.md", "def pytest_ignore_collect():"),
    ],
)
def test_what_only_resembles_a_hook_is_not_objected_to(path, line):
    assert objections("test", diff({}, {path: f"assert\n{line}\n"})) == []


def runs(*command):
    """The evidence of a green gate that runs *command*."""
    return (GateEvidence(name="g", required=True, outcome="passed", fresh=True, command=command),)


@pytest.mark.parametrize(
    ("path", "command", "shadows"),
    [
        ("json.py", "true", True),
        ("json/__init__.py", "true", True),
        ("sitecustomize.py", "true", True),
        ("cli.py", "python3 cli.py", False),
        ("json.txt", "true", False),
        ("app/types.py", "python3 -m pytest", False),
        ("tools/random.py", "python3 tools/check.py", True),
        ("tools/random.py", "cd tools && python3 check.py", True),
        ("tools/random.py", "d=tools; python3 $d/check.py", True),
        ("tools/deep/random.py", "python3 tools/check.py", False),
    ],
)
def test_a_module_that_hides_the_standard_library_from_a_gate_is_objected_to(path, command, shadows):
    found = objections("test", diff({}, {path: "x = 1\n"}, gates=runs(command)))
    assert found == ([f"{path}:None shadows_stdlib"] if shadows else [])


def test_a_module_that_hid_the_standard_library_before_may_change():
    assert objections("test", diff({"json.py": "x = 1\n"}, {"json.py": "x = 2\n"})) == []
