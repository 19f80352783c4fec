"""Which log a store URL means."""

from pathlib import Path

import pytest

from omk.errors import Unusable
from omk.log.jsonl import JsonlLog
from omk.log.open import open_log, store_folder
from omk.log.sqlite import SqliteLog


@pytest.mark.parametrize(
    ("url", "file", "kind"),
    [
        (None, "own/log.sqlite", SqliteLog),
        ("", "own/log.sqlite", SqliteLog),
        ("sqlite://{}/shared", "shared/log.sqlite", SqliteLog),
        ("sqlite://{}/with%20space", "with space/log.sqlite", SqliteLog),
        ("sqlite://{}/team.db", "team.db", SqliteLog),
        ("{}/runs.sqlite", "runs.sqlite", SqliteLog),
        ("{}/what?is#this%", "what?is#this%/log.sqlite", SqliteLog),
        ("jsonl://{}/run", "run", JsonlLog),
        ("{}/run.jsonl", "run.jsonl", JsonlLog),
        ("sqlite://{}/run.jsonl", "run.jsonl", JsonlLog),
    ],
)
def test_a_url_names_a_log(tmp_path, url, file, kind):
    url = url and url.format(tmp_path)
    folder = tmp_path / "own"
    assert open_log(url, folder=folder, create=False) is None
    assert list(tmp_path.iterdir()) == []
    for create in (True, False):
        log = open_log(url, folder=folder, create=create)
        assert log is not None
        assert type(log) is kind
        assert log.heads() == []
        log.close()
    assert (tmp_path / file).is_file()
    assert store_folder(url, folder) == (tmp_path / file).parent


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:pw1@h/db",
        "mysql://u:pw1@h/x",
        "sqlite://",
        "sqlite:///",
        "sqlite://relative/path",
        "jsonl://host/x",
    ],
)
def test_a_url_of_something_else_is_refused_in_one_line(tmp_path, url):
    with pytest.raises(Unusable) as caught:
        open_log(url, folder=tmp_path, create=True)
    assert "sqlite:///path" in str(caught.value)
    assert "pw1" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_named_like_a_file_is_a_folder(tmp_path):
    Path(tmp_path / "store.db").mkdir()
    assert store_folder(str(tmp_path / "store.db"), tmp_path) == tmp_path / "store.db"
