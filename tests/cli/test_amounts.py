"""Amounts: whole numbers that every reader of our JSON can hold, or one line that says which is too much."""

import pytest

from omk.domain.amounts import MOST, micro_dollars, milliseconds, positive
from omk.errors import Refused
from tests.cli.calling import GOAL, omk


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--budget-usd", "1e99999"),
        ("--budget-usd", "1e30"),
        ("--budget-usd", "9007199255"),
        ("--budget-usd", "1e-99999"),
        ("--budget-usd", "nan"),
        ("--budget-tokens", "99999999999999999999999"),
        ("--budget-tokens", str(MOST + 1)),
        ("--budget-time", "99999999999999999999h"),
    ],
)
def test_an_amount_that_no_number_can_hold_is_refused_in_one_line(flag, value, repository):
    answer = omk("run", GOAL, flag, value, at=repository)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.count("\n") == 1
    assert flag in answer.err
    assert not (repository / ".git" / "omk").exists()


def test_the_greatest_amounts_are_taken_as_they_are():
    assert positive("--budget-tokens", MOST) == MOST
    assert micro_dollars("--budget-usd", "9007199254") == 9_007_199_254_000_000
    assert micro_dollars("--budget-usd", "0.000001") == 1
    assert milliseconds("--budget-time", "1h") == 3_600_000


def test_less_than_the_smallest_amount_is_no_amount():
    with pytest.raises(Refused, match=r"at least 0\.000001"):
        micro_dollars("--budget-usd", "0.0000009")
    for wrong in ("0", "-1", "nan", "inf", "1_000", "\uff11", " 1", ""):
        with pytest.raises(Refused, match="positive, finite number"):
            micro_dollars("--budget-usd", wrong)
