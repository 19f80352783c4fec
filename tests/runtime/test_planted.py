"""An object whose content is not what its name says is never judged, read or merged, whoever wrote it."""

import hashlib
import os
import zlib
from pathlib import Path

import pytest

from omk.domain.ending import ALL_STEPS
from omk.domain.subjects.gate import GateRan
from omk.domain.subjects.review import ReviewErrored
from omk.domain.text import texts
from omk.errors import Unusable
from omk.runtime import planted
from omk.runtime.controller import drive
from omk.runtime.merge import merge_change
from omk.runtime.planted import Objects, is_sound
from omk.runtime.workshop import Workshop
from tests.runtime.sessions import again, begun
from tests.runtime.workplace import call, opened, repository, workshop, write

PLANTS = """
import hashlib, os, sys, zlib
def plant(shown, real):
    name = hashlib.sha1(b"blob %d\\0" % len(real) + real).hexdigest()
    folder = os.popen("git rev-parse --git-common-dir").read().strip() + "/objects/" + name[:2]
    os.makedirs(folder, exist_ok=True)
    place = folder + "/" + name[2:]
    if os.path.exists(place): os.unlink(place)
    open(place, "wb").write(zlib.compress(b"blob %d\\0" % len(shown) + shown))
"""
CHECK = "#!/bin/sh\ngrep -q right cli.py\n"
OTHER_GATES = ("smoke=true", "demo=true")


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    shop = workshop(repository(tmp_path / "user"), tmp_path / "state")
    shop.user.hold("g1", shop.user.commit)
    return shop


@pytest.fixture
def plants(tmp_path: Path) -> Path:
    """A script with the function that plants one content under the name of another."""
    write(tmp_path / "plants.py", PLANTS)
    return tmp_path


def plant(objects: Path, shown: bytes, real: bytes) -> Path:
    name = hashlib.sha1(b"blob %d\0" % len(real) + real, usedforsecurity=False).hexdigest()
    place = objects / name[:2] / name[2:]
    place.unlink(missing_ok=True)
    write(place, zlib.compress(b"blob %d\0" % len(shown) + shown))
    return place


def settled(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is there now count as old."""
    monkeypatch.setattr(planted, "SETTLED_NS", -10_000_000_000)
    assert place.exists()


# --- End to end ---


def test_an_agent_that_plants_another_check_under_its_name_is_judged_by_the_real_one(repository, plants):
    write(repository / "check.sh", CHECK)
    call("add", "--all", directory=repository)
    call("commit", "--quiet", "--message", "check", directory=repository)
    script = f"from plants import plant; plant(b'exit 0\\n', {CHECK.encode()!r})"
    agent = f"command:echo wrong > cli.py; PYTHONPATH={plants} python3 {plants}/run.py"
    write(plants / "run.py", script)
    session = begun(repository, agent=agent, gates=("acceptance=sh check.sh", *OTHER_GATES))
    proof = drive(session, ALL_STEPS)
    assert proof.status == "not_ready"
    assert "gate.acceptance" in {gap.code for gap in proof.gaps}


def test_an_agent_that_plants_right_bytes_under_the_name_of_its_wrong_ones_is_judged_by_the_wrong(repository, plants):
    write(plants / "run.py", "from plants import plant; plant(b'right\\n', b'wrong\\n')")
    agent = f"command:echo wrong > cli.py; PYTHONPATH={plants} python3 {plants}/run.py"
    session = begun(repository, agent=agent, gates=("acceptance=grep -q right cli.py", *OTHER_GATES))
    proof = drive(session, ALL_STEPS)
    assert proof.status == "not_ready"
    assert "gate.acceptance" in {gap.code for gap in proof.gaps}
    assert session.workshop.read_path(session.state.worktree.tree, "cli.py") == b"wrong\n"


def test_a_gate_that_plants_makes_the_next_gates_and_the_reviews_errored(repository, plants):
    write(plants / "run.py", "from plants import plant; plant(b'right\\n', b'wrong\\n')")
    vandal = f"PYTHONPATH={plants} python3 {plants}/run.py; rm cli.py"
    agent = "command:echo wrong > cli.py"
    session = begun(repository, agent=agent, gates=(f"acceptance={vandal}", "smoke=grep -q right cli.py", "demo=true"))
    assert drive(session, ALL_STEPS).status == "not_ready"
    records = list(session.handle.log.read(session.goal))
    recorded = [one.event for one in records]
    gates = {event.gate: event for event in recorded if isinstance(event, GateRan)}
    assert (gates["smoke"].outcome, gates["demo"].outcome) == ("errored", "errored")
    assert "\n" not in str(gates["smoke"].reason)
    reasons = [text for one in records if isinstance(one.event, ReviewErrored) for text in texts(one).values()]
    assert reasons
    assert "missing from omk's repository" in reasons[0]


def test_what_was_planted_after_the_proof_is_not_merged(repository):
    session = begun(repository)
    assert drive(session, ALL_STEPS).status == "ready"
    before = session.user.tip("main")
    plant(session.workshop.bare.path / "objects", b"print(2)\n", b"print(1)\n")
    with pytest.raises(Unusable, match="tampered with") as caught:
        merge_change(again(session), None)
    assert "\n" not in str(caught.value)
    assert session.user.tip("main") == before
    assert not (repository / "cli.py").exists()


# --- The object store ---


def test_files_read_before_an_object_was_lost_are_read_again(shop: Workshop) -> None:
    place = opened(shop)
    write(place / "new.txt", "new\n")
    os.utime(place / "new.txt", (1, 1))
    shop.snapshot(place, shop.user.tree)
    plant(shop.bare.path / "objects", b"old\n", b"new\n")
    tree = shop.snapshot(place, shop.user.tree).tree
    assert shop.read_path(tree, "new.txt") == b"new\n"


def test_an_object_that_was_in_order_is_looked_at_again_once_it_changed(shop: Workshop, monkeypatch) -> None:
    place = plant(shop.bare.path / "objects", b"x\n", b"x\n")
    opened(shop)
    settled(place, monkeypatch)
    looked: list[Path] = []

    def look(path: Path, kind: str) -> bool:
        looked.append(path)
        return is_sound(path, kind)

    monkeypatch.setattr(planted, "is_sound", look)
    assert not shop.bare.purge()
    assert place in looked
    looked.clear()
    assert not shop.bare.purge()
    assert looked == []
    plant(shop.bare.path / "objects", b"y\n", b"x\n")
    assert shop.bare.purge()
    assert not place.exists()


@pytest.mark.parametrize("size", [0, 1, planted.CHUNK - 7, planted.CHUNK * 3])
def test_objects_of_any_size_are_in_order_and_torn_ones_are_not(size: int, tmp_path: Path) -> None:
    content = os.urandom(size // 2) + bytes(size - size // 2)
    place = plant(tmp_path, content, content)
    assert is_sound(place, "sha1")
    place.write_bytes(place.read_bytes()[:-5])
    assert not is_sound(place, "sha1")
    assert is_sound(tmp_path / "gone", "sha1")


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_a_pack_whose_index_lies_is_removed_and_an_honest_one_stays(object_format: str, tmp_path: Path) -> None:
    shop = workshop(repository(tmp_path / "user", object_format=object_format), tmp_path / "state")
    opened(shop)
    name = f"{shop.user.tree}\n".encode()
    shop.bare.git("pack-objects", "-q", shop.bare.path / "objects/pack/pack", stdin=name, reads=False)
    assert not shop.bare.purge()
    (index,) = (shop.bare.path / "objects/pack").glob("*.idx")
    content = bytearray(index.read_bytes())
    size = 20 if object_format == "sha1" else 32
    at = 8 + 1024
    content[at + size - 1] ^= 1
    content[-size:] = hashlib.new(object_format, bytes(content[:-size]), usedforsecurity=False).digest()
    index.chmod(0o600)
    index.write_bytes(content)
    assert shop.bare.purge()
    assert list((shop.bare.path / "objects/pack").glob("*.pack")) == []


def test_links_and_shortcuts_in_the_store_are_removed(shop: Workshop, tmp_path: Path) -> None:
    opened(shop)
    objects = shop.bare.path / "objects"
    place = plant(objects, b"x\n", b"x\n")
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    for name in ("pack/multi-pack-index", "pack/pack-1.bitmap", "info/commit-graph", "info/commit-graphs/x"):
        write(objects / name, "x")
    write(objects / "info/alternates", "/tmp\n")
    shop.bare.purge()
    assert not place.is_symlink()
    assert not [path for path in objects.rglob("*") if path.name.startswith(("multi", "commit-graph", "pack-1"))]
    assert (objects / "info/alternates").read_text() == "../../../objects\n"


def test_a_store_that_is_not_there_has_nothing_planted(tmp_path: Path) -> None:
    assert not Objects(tmp_path / "none", "sha1").purge()
