"""A moment as one flat table."""

from typing import Any

from omk.replay.moment import Moment
from omk.replay.query.difference import leaves
from omk.replay.query.values import path_text


def flat(moment: Moment) -> dict[str, Any]:
    """Every leaf that `leaves` tells, by its path."""
    return {path_text(path): leaf for path, leaf in leaves(moment).items()}
