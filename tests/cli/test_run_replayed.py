"""The same log gives the same bytes, wherever, whenever and by whomever it is read; and it can be read at every event."""

import json
import os
import shutil

import pytest
from freezegun import freeze_time

from tests.cli.calling import omk, process, run_goal


@pytest.fixture
def goal(repository):
    """A goal that was red, tried again, became green and was accepted."""
    agent = "command:if test -f cli.py; then printf 'print(1)\n' > cli.py; else printf 'oops größe\n' > cli.py; fi"
    proof = run_goal("--until-ready", "--accept", "auto", at=repository, agent=agent).document
    assert proof["status"] == "ready"
    return proof["goal"]


def test_a_replay_is_the_same_bytes_under_any_zone_locale_hash_seed_place_and_clock(goal, repository, tmp_path, home):
    first = process("replay", goal, "--json", at=repository)
    assert first.code == 0
    (repository / "below").mkdir()
    for environment in (
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "0"},
        {"TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "4242"},
    ):
        again = process("replay", goal, "--json", at=repository / "below", environment=environment)
        assert again.out == first.out
    for clock in ("1999-12-31T23:59:59Z", "2099-01-01T00:00:00Z"):
        with freeze_time(clock):
            assert omk("replay", goal, "--json", at=repository).out == first.out


def test_a_copy_of_the_log_in_another_store_replays_the_same(goal, repository, tmp_path):
    first = omk("replay", goal, "--json", at=repository).out
    moved = tmp_path / "moved elsewhere" / "copy"
    shutil.copytree(repository, moved, symlinks=True)
    assert omk("replay", goal, "--json", at=moved).out == first
    assert omk("fsck", "--json", at=moved).document["ok"] is True
    shutil.copy(repository / ".git" / "omk" / "log.sqlite", tmp_path / "alone.sqlite")
    outside = tmp_path / "outside"
    outside.mkdir()
    url = f"sqlite:///{tmp_path}/alone.sqlite"
    assert omk("replay", goal, "--store", url, "--json", at=outside).out == first
    repository.rename(tmp_path / "gone")
    assert omk("replay", goal, "--json", at=moved).out == first


def test_every_position_gives_the_state_and_the_proof_after_it(goal, repository):
    whole = omk("replay", goal, "--json", at=repository).document
    for seq in range(whole["at"]["seq"] + 1):
        answer = omk("replay", f"{goal}@{seq}", "--json", at=repository)
        assert answer.code == 0, answer.err
        document = answer.document
        assert document["at"]["seq"] == seq
        assert document["timeline"] == whole["timeline"][:seq]
        assert document["proof"]["seq"] == seq
        assert (document["proof"]["status"] == "ready") == (document["proof"]["gaps"] == [])
        if seq % 20 == 7:
            assert document["proof"] == omk("proof", f"{goal}@{seq}", "--json", at=repository).document
            codes = [gap["code"] for gap in omk("why", f"{goal}@{seq}", "--json", at=repository).document["blocking"]]
            assert codes == [gap["code"] for gap in document["proof"]["gaps"]]


def test_the_addresses_of_the_story_lead_to_its_moments(goal, repository):
    red = omk("replay", f"{goal}@gate:demo#1", "--json", at=repository).document
    green = omk("replay", f"{goal}@gate:demo#2", "--json", at=repository).document
    assert [gate["outcome"] for gate in red["proof"]["gates"] if gate["name"] == "demo"] == ["failed"]
    assert [gate["outcome"] for gate in green["proof"]["gates"] if gate["name"] == "demo"] == ["passed"]
    ready = omk("proof", f"{goal}@ready", "--json", at=repository).document
    assert ready["status"] == "ready"
    before = omk("proof", f"{goal}@{ready['seq'] - 1}", "--json", at=repository).document
    assert before["status"] == "running"
    assert omk("proof", f"{goal}@0", "--json", at=repository).document["gaps"] != []


def test_reading_writes_nothing(goal, repository):
    def store():
        folder = repository / ".git" / "omk"
        return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and "sqlite-" not in path.name}

    before = store()
    for order in ("list", "status", "show", "proof", "why", "replay", "fsck"):
        assert omk(order, at=repository).code == 0, order
    assert store() == before


def test_no_secret_of_the_surroundings_reaches_the_store(repository, monkeypatch):
    secret = "ghp_" + "Zx81kQ" * 6
    monkeypatch.setenv("MY_TOKEN", secret)
    gates = ("--gate", "acceptance=echo token $MY_TOKEN", "--gate", "smoke=env", "--gate", "demo=true")
    answer = run_goal(*gates, at=repository, agent="command:echo $MY_TOKEN; printf 'print(1)\n' > cli.py")
    assert secret not in answer.out + answer.err
    replayed = omk("replay", "--json", at=repository).out
    assert secret not in replayed
    for path in (repository / ".git" / "omk").rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes()
    assert "MY_TOKEN" in json.dumps([name for name in os.environ if name in replayed])
