"""The review wall: six passes, each a function from the material to a verdict."""

from collections.abc import Callable

from omk.domain.values import PASSES, ReviewPass
from omk.errors import Refused
from omk.runtime.reviews.architect import architect
from omk.runtime.reviews.code import code
from omk.runtime.reviews.material import Material, Verdict
from omk.runtime.reviews.performance import performance
from omk.runtime.reviews.security import security
from omk.runtime.reviews.slop import anti_slop
from omk.runtime.reviews.test import test

WALL: dict[ReviewPass, Callable[[Material], Verdict]] = {
    "architect": architect,
    "code": code,
    "test": test,
    "security": security,
    "performance": performance,
    "anti-slop": anti_slop,
}


def review(name: str, material: Material) -> Verdict:
    """The verdict of one pass. What a pass raises is the caller's to record as a review that errored."""
    known = next((known for known in PASSES if known == name), None)
    if known is None:
        raise Refused(f"'{name}' is no review pass. Passes: {', '.join(PASSES)}.")
    return WALL[known](material)
