"""A goal of three tasks, two agents, four gates and a retry comes out the same wherever it is killed: a sample of `make soak`."""

import sys

import pytest

from tools.soak.matrix import tried
from tools.soak.room import Kill

pytestmark = [
    pytest.mark.leaves_processes,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only /proc tells what is left"),
]


@pytest.mark.parametrize(
    "kills",
    [
        (Kill("append", "after", 9), Kill("append", "before", 3)),
        (Kill("child", "amid", 3), Kill("git", "all", 9)),
        (Kill("slice", "before", 1), Kill("close", "before", 1)),
        (Kill("gate", "before", 3), Kill("registration", "after", 1)),
    ],
    ids=lambda kills: ", then ".join(map(str, kills)),
)
def test_a_goal_comes_out_as_if_it_had_not_been_killed(kills, tmp_path):
    assert tried(tmp_path / "room", kills[0], kills[1:]).wrongs == []
