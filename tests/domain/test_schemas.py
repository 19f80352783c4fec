"""The published contract: every kind of event has a schema and an example that fits it."""

import json

import jsonschema
import msgspec
import pytest

from omk.domain.catalogue import EVENTS, AnyEvent
from omk.domain.event import kind_of
from tools import schemas
from tools.examples import EXAMPLES

PUBLISHED = schemas.ROOT / "events"
decode = msgspec.json.Decoder(AnyEvent).decode


@pytest.fixture
def folder(tmp_path):
    """All kinds published as drafts, and an empty folder of recorded runs beside them."""
    (tmp_path / "replays").mkdir()
    assert schemas.main([], tmp_path / "events", tmp_path / "replays") == 0
    return tmp_path / "events"


def run(folder, *arguments):
    return schemas.main(list(arguments), folder, folder.parent / "replays")


def record(folder, tag, **changes):
    """A recorded run that contains an event of a kind."""
    place = folder.parent / "replays" / "a-run"
    place.mkdir(exist_ok=True)
    event = {**schemas.sealed(EXAMPLES[tag]), **changes}
    line = {"open": {}, "sealed": {"event": event, "seq": 1}}
    (place / "log.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    return event


def test_every_kind_is_published_and_nothing_else():
    assert {path.stem for path in PUBLISHED.glob("*.json")} == set(EVENTS) == set(EXAMPLES)


def test_what_is_published_is_what_the_code_says():
    assert schemas.main(["--check"]) == 0


@pytest.mark.parametrize("tag", sorted(EVENTS))
def test_the_published_example_fits_its_schema_and_decodes(tag):
    published = json.loads((PUBLISHED / f"{tag}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(published)
    assert published["title"] == tag
    assert published["status"] in {"draft", "frozen"}
    assert published["description"]
    for example in published["examples"]:
        jsonschema.validate(example, published, jsonschema.Draft202012Validator)
        assert kind_of(decode(msgspec.json.encode(example))) == tag


@pytest.mark.parametrize("tag", sorted(EVENTS))
def test_a_schema_takes_no_other_field_and_lacks_none(tag):
    published = json.loads((PUBLISHED / f"{tag}.json").read_text(encoding="utf-8"))
    example = published["examples"][0]
    for wrong in ({**example, "more": 1}, {**example, "kind": "tea_made.v1"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, published, jsonschema.Draft202012Validator)
    for name in set(example) & set(published["required"]):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(
                {key: value for key, value in example.items() if key != name}, published, jsonschema.Draft202012Validator
            )


def test_free_text_is_published_as_a_commitment():
    published = json.loads((PUBLISHED / "goal_created.v1.json").read_text(encoding="utf-8"))
    assert published["examples"][0]["prompt"].startswith("b2:")
    plain = {**published["examples"][0], "prompt": "my words"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain, published, jsonschema.Draft202012Validator)


def test_a_missing_a_foreign_and_an_outdated_file_are_reported_and_mended(folder, capsys):
    (folder / "goal_created.v1.json").unlink()
    (folder / "tea_made.v1.json").write_text('{"status": "draft"}')
    outdated = json.loads((folder / "goal_paused.v1.json").read_text(encoding="utf-8"))
    (folder / "goal_paused.v1.json").write_text(json.dumps({**outdated, "description": "Old words."}))
    before = sorted(path.name for path in folder.iterdir())
    assert run(folder, "--check") == 1
    said = capsys.readouterr().err
    assert all(name in said for name in ("goal_created.v1.json", "tea_made.v1.json", "goal_paused.v1.json"))
    assert sorted(path.name for path in folder.iterdir()) == before
    assert run(folder) == 0
    assert run(folder, "--check") == 0
    assert {path.stem for path in folder.iterdir()} == set(EVENTS)


def test_a_recorded_kind_is_frozen_and_shows_what_was_recorded(folder):
    event = record(folder, "gate_started.v1", gate="recorded", pid=17)
    assert run(folder) == 0
    published = json.loads((folder / "gate_started.v1.json").read_text(encoding="utf-8"))
    assert published["status"] == "frozen"
    assert published["examples"] == [event]
    assert run(folder, "--check") == 0


def test_a_frozen_schema_is_never_written_over(folder, capsys):
    record(folder, "gate_started.v1")
    assert run(folder) == 0
    path = folder / "gate_started.v1.json"
    frozen = json.loads(path.read_text(encoding="utf-8"))
    frozen["properties"]["of_old"] = {"type": "string"}
    path.write_text(schemas.written(frozen), encoding="utf-8")
    for arguments in ((), ("--check",)):
        assert run(folder, *arguments) == 1
        assert "gate_started.v1.json" in capsys.readouterr().err
    assert json.loads(path.read_text(encoding="utf-8")) == frozen


def test_a_frozen_kind_stays_frozen_without_its_run(folder):
    record(folder, "gate_started.v1", pid=17)
    assert run(folder) == 0
    (folder.parent / "replays" / "a-run" / "log.jsonl").unlink()
    assert run(folder) == 0
    published = json.loads((folder / "gate_started.v1.json").read_text(encoding="utf-8"))
    assert (published["status"], published["examples"][0]["pid"]) == ("frozen", 17)


def test_a_frozen_kind_cannot_be_given_up(folder, capsys):
    (folder / "tea_made.v1.json").write_text('{"status": "frozen"}')
    assert run(folder) == 1
    assert "tea_made.v1.json" in capsys.readouterr().err
    assert (folder / "tea_made.v1.json").exists()
