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
