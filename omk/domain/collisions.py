"""When two tasks are in each other's way: one may write what the other reads or writes."""

from omk.domain.paths import PROJECT_FILES, conflict
from omk.domain.subjects.task import Task


def collide(task: Task, other: Task) -> bool:
    """Whether one may write what the other reads or writes; an empty write set may write any path."""
    return task.id == other.id or collision(task, other) is not None


def collision(task: Task, other: Task) -> tuple[str, str] | None:
    """What of the one is in the way of which of the other (`write-set`, `write/read`, `read/write`), and the path of *task*."""
    writes, theirs = task.write_set or (PROJECT_FILES,), other.write_set or (PROJECT_FILES,)
    sorts = (("write-set", writes, theirs), ("read/write", task.read_set, theirs), ("write/read", writes, other.read_set))
    found = ((sort, left) for sort, mine, used in sorts for left in mine for right in used if conflict(left, right))
    return next(found, None)
