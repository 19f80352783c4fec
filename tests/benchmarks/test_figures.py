"""What a figure says of itself, and what is known of a process that was measured."""

import subprocess
import sys

import pytest

from benchmarks.figure import Figure
from benchmarks.processes import ran


@pytest.mark.parametrize(
    ("figure", "line"),
    [
        (Figure("fold.proof", 1.5, "x bare", 2.0), "fold.proof\t1.50\tx bare\t2.0\tok"),
        (Figure("fold.proof", 2.5, "x bare", 2.0), "fold.proof\t2.50\tx bare\t2.0\tshort"),
        (Figure("fold.bare", 0.01234, "s", 0), "fold.bare\t0.0123\ts\t-\tok"),
        (Figure("lake.sync", 90_000, "events/s", 80_000, is_least=True), "lake.sync\t90000.00\tevents/s\t>= 80000\tok"),
        (Figure("lake.sync", 70_000, "events/s", 80_000, is_least=True), "lake.sync\t70000.00\tevents/s\t>= 80000\tshort"),
    ],
)
def test_a_figure_is_ok_up_to_its_goal_or_from_it_on(figure: Figure, line: str) -> None:
    assert figure.line == line


def test_a_process_is_measured_with_what_it_printed() -> None:
    measured = ran(sys.executable, "-c", "print('said')")
    assert measured.out == "said\n"
    assert measured.seconds > 0


def test_a_process_that_fails_gives_no_figure() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        ran(sys.executable, "-c", "raise SystemExit(3)")
