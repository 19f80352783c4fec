"""What is printed while it happens, and what is held back until all of it is sound."""

import json

from omk.cli import spool
from omk.cli.spool import Spool
from omk.domain.subjects.controller import ControllerStopped
from omk.log.codec import seal
from omk.log.sqlite import SqliteLog
from tests.cli.calling import begin, end
from tests.history import STORIES, stored
from tests.scenario import GOAL


def test_replay_follows_a_controller_at_work_and_ends_when_it_has_stopped(tmp_path):
    path = stored(tmp_path, STORIES["at work"])
    before = len(STORIES["at work"].records) + 1
    watching = begin("replay", "--follow", "--json", "--store", f"sqlite://{tmp_path}", at=tmp_path)
    assert watching.stdout is not None
    first = [json.loads(watching.stdout.readline()) for _ in range(before)]
    log = SqliteLog(path)
    last = list(log.read(GOAL))[-1]
    stop = seal(
        ControllerStopped(controller="c-1", reason="done"),
        goal=GOAL,
        seq=before + 1,
        at=last.at,
        actor="controller:c-1",
        causes=(before,),
        prev=last.digest,
        salt=lambda: b"salt",
    )
    log.append(GOAL, [stop], after=before)
    log.close()
    answer = end(watching)
    assert answer.code == 0
    assert [one["seq"] for one in first] == list(range(1, before + 1))
    assert json.loads(answer.out)["kind"] == "controller_stopped.v1"


def test_much_output_waits_on_disk_and_comes_back_in_order(monkeypatch):
    monkeypatch.setattr(spool, "ENOUGH", 10)
    held = Spool()
    poured: list[bytes] = []
    for number in range(50):
        held.add(b"%d," % number)
    held.drop_last()
    held.pour(poured.append)
    assert b"".join(poured) == b",".join(b"%d" % number for number in range(50))


def test_nothing_held_is_nothing_poured():
    held = Spool()
    poured: list[bytes] = []
    held.drop_last()
    held.pour(poured.append)
    assert b"".join(poured) == b""
