"""Write `events/`: the published contract, one JSON Schema per kind of event, with a real example.

A kind is frozen once a recorded run in `replays/` contains it: from then on a change of its shape is refused.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from omk.domain.catalogue import EVENTS
from omk.domain.event import Event
from omk.domain.text import commitment, text_shape
from tools.examples import EXAMPLES

ROOT = Path(__file__).parent.parent
DIALECT = "https://json-schema.org/draft/2020-12/schema"
FREE_TEXT = "free text; sealed: its commitment"
COMMITMENT = {"type": "string", "pattern": "^b2:[0-9a-f]{64}$", "description": FREE_TEXT}


def recorded(replays: Path) -> dict[str, dict[str, Any]]:
    """The first sealed event of each kind that the recorded runs contain, as plain values."""
    found: dict[str, dict[str, Any]] = {}
    for log in sorted(replays.glob("*/log.jsonl")):
        for line in log.read_text(encoding="utf-8").splitlines():
            event = json.loads(line).get("sealed", {}).get("event", {})
            if "kind" in event:
                found.setdefault(event["kind"], event)
    return found


def sealed(event: Event) -> dict[str, Any]:
    """The event as a record holds it: commitments in place of its free text (with a salt made from the kind)."""
    content = msgspec.to_builtins(event)
    salt = hashlib.blake2b(content["kind"].encode(), digest_size=16).digest()

    def walk(value: Any, shape: Any) -> Any:
        match value:
            case str() if shape == "text":
                return commitment(salt, value)
            case dict():
                return {key: walk(item, _below(shape, key)) for key, item in value.items()}
            case list() | tuple():
                return [walk(item, _below(shape, place)) for place, item in enumerate(value)]
            case _:
                return value

    return dict(walk(content, text_shape(type(event))))


def _below(shape: Any, key: str | int) -> Any:
    return shape.get(key, shape.get(-1)) if isinstance(shape, dict) else None


def schema(kind: type[Event]) -> dict[str, Any]:
    """The JSON Schema of the sealed form of a kind, self-contained."""
    document = msgspec.json.schema(kind)
    definitions = document.pop("$defs", {})
    name = document.pop("$ref").rsplit("/", 1)[-1]
    own = definitions.pop(name)
    return {**_sealed_texts(own), **({"$defs": _sealed_texts(definitions)} if definitions else {})}


def _sealed_texts(document: Any) -> Any:
    """The schema with every free text narrowed to a commitment, and its prose on one line."""
    match document:
        case {"type": "string", "description": text} if text == FREE_TEXT:
            return COMMITMENT
        case str():
            return " ".join(document.split())
        case dict():
            return {key: _sealed_texts(item) for key, item in document.items()}
        case list():
            return [_sealed_texts(item) for item in document]
        case _:
            return document


def document(tag: str, runs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What the published file of a kind says."""
    kind = EVENTS[tag]
    return {
        "$schema": DIALECT,
        **schema(kind),
        "title": tag,
        "description": " ".join((kind.__doc__ or "").split()),
        "status": "frozen" if tag in runs else "draft",
        "examples": [runs.get(tag) or sealed(EXAMPLES[tag])],
    }


def written(content: dict[str, Any]) -> str:
    """The text of a published file."""
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def shape(content: dict[str, Any]) -> dict[str, Any]:
    """What a frozen file promises: its schema, without prose, status and examples."""

    def bare(value: Any) -> Any:
        match value:
            case dict():
                return {key: bare(item) for key, item in value.items() if not (key in PROSE and isinstance(item, str))}
            case list():
                return [bare(item) for item in value]
            case _:
                return value

    return dict(bare({key: item for key, item in content.items() if key not in {"status", "examples"}}))


PROSE = frozenset({"description", "title"})


def differences(folder: Path, replays: Path) -> Iterator[tuple[Path, str, bool]]:
    """The files that are out of date: path, the text it should have, and whether it is frozen against that."""
    runs = recorded(replays)
    for tag in sorted(EVENTS):
        path, wanted = folder / f"{tag}.json", document(tag, runs)
        if not path.exists():
            yield path, written(wanted), False
            continue
        published = json.loads(path.read_text(encoding="utf-8"))
        is_frozen = published.get("status") == "frozen" or tag in runs
        if is_frozen and shape(published) != shape(wanted):
            yield path, written(wanted), True
        elif is_frozen and published.get("status") == "frozen":
            kept = {**wanted, "status": "frozen", "examples": published["examples"]}
            if published != kept:
                yield path, written(kept), False
        elif published != wanted:
            yield path, written(wanted), False
    for path in sorted(folder.glob("*.json")):
        if path.stem not in EVENTS:
            frozen = json.loads(path.read_text(encoding="utf-8")).get("status") == "frozen"
            yield path, "", frozen


def main(arguments: list[str], folder: Path = ROOT / "events", replays: Path = ROOT / "replays") -> int:
    """Write the files, or with `--check` only compare; 1 when a frozen one would change, or a compared one differs."""
    found = list(differences(folder, replays))
    frozen = [path.name for path, _, is_frozen in found if is_frozen]
    if frozen:
        sys.stderr.write(
            f"Frozen by a recorded run, and no longer what the code says: {', '.join(frozen)}. "
            "Undo the change, or add the next version of the event beside it.\n"
        )
        return 1
    if "--check" in arguments:
        for path, _, _ in found:
            sys.stderr.write(f"{path.name} is out of date. Run: make schemas\n")
        return 1 if found else 0
    folder.mkdir(exist_ok=True)
    for path, text, _ in found:
        if text:
            path.write_text(text, encoding="utf-8")
        else:
            path.unlink()
        print(f"{path.name} {'written' if text else 'removed'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
