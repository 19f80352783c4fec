"""The performance pass, and the wall as a whole."""

import pytest

from omk.domain.values import PASSES
from omk.errors import Refused
from omk.runtime.reviews.material import GateEvidence
from omk.runtime.reviews.wall import WALL, review
from tests.runtime.reviews.diffs import diff


def gate(name, outcome="passed", *, required=False, fresh=True, proves=()):
    """The evidence of a gate."""
    return GateEvidence(name=name, required=required, outcome=outcome, fresh=fresh, proves=proves)


@pytest.mark.parametrize(
    ("gates", "kind", "outcome"),
    [
        ((gate("perf"),), "bugfix", "passed"),
        ((gate("parser-bench"),), "performance", "passed"),
        ((gate("speed", proves=("performance",)),), "performance", "passed"),
        ((gate("perfect"),), "performance", "blocked"),
        ((gate("tests"),), "performance", "blocked"),
        ((gate("perf", "failed"),), "performance", "blocked"),
        ((gate("perf", fresh=False),), "performance", "blocked"),
        ((gate("perf", "skipped"),), "performance", "blocked"),
        ((gate("perf", "failed", required=True),), "bugfix", "blocked"),
        ((gate("perf", "failed"),), "bugfix", "not_applicable"),
        ((gate("tests"),), "bugfix", "not_applicable"),
        ((), "docs", "not_applicable"),
    ],
)
def test_performance_is_measured_when_the_goal_is_about_it(gates, kind, outcome):
    verdict = review("performance", diff({}, {"a": "x"}, gates=gates, kind=kind))
    assert verdict.outcome == outcome
    assert verdict.summary


def test_the_wall_has_the_six_passes_and_no_other():
    assert tuple(WALL) == PASSES
    with pytest.raises(Refused, match="'style' is no review pass"):
        review("style", diff({}, {}))


def test_a_small_honest_change_passes_the_whole_wall():
    outcomes = {name: review(name, diff({}, {"cli.py": "print(1)\n"})).outcome for name in PASSES}
    assert outcomes == dict.fromkeys(PASSES, "passed") | {"performance": "not_applicable"}
