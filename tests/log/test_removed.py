"""A log that somebody removes or replaces while omk has it open: nothing is recorded where nobody finds it."""

from contextlib import closing
from pathlib import Path

import pytest

from omk.errors import Unusable
from omk.log import recorder
from omk.log.recorder import Writer
from omk.log.sqlite import SqliteLog
from tests.log.records import GOAL, many


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with three records."""
    path = tmp_path / "store" / "log.sqlite"
    recorder.create(path)
    with closing(SqliteLog(path)) as log:
        log.append(GOAL, many(3), after=0)
    return path


@pytest.mark.parametrize("has_written", [False, True])
def test_a_log_that_was_removed_takes_no_more_records(path, has_written):
    with closing(SqliteLog(path)) as log:
        if has_written:
            log.append(GOAL, many(4)[3:], after=3)
        path.unlink()
        with pytest.raises(Unusable, match="was removed or replaced while omk used it"):
            log.append(GOAL, many(5)[-1:] if has_written else many(4)[3:], after=4 if has_written else 3)
    assert not path.exists()


def test_a_log_that_was_replaced_takes_no_more_records(path):
    with closing(SqliteLog(path)) as log:
        path.rename(path.with_name("old"))
        recorder.create(path)
        with pytest.raises(Unusable, match="Restore it from a copy"):
            log.append(GOAL, many(4)[3:], after=3)
    with closing(SqliteLog(path)) as fresh:
        assert fresh.heads() == []


def test_a_log_that_is_removed_during_an_append_has_not_recorded_it(path, monkeypatch):
    append = Writer.append

    def append_and_remove(self, *arguments, **options):
        append(self, *arguments, **options)
        path.unlink()

    monkeypatch.setattr(Writer, "append", append_and_remove)
    with closing(SqliteLog(path)) as log, pytest.raises(Unusable, match="nothing more can be recorded"):
        log.append(GOAL, many(4)[3:], after=3)
