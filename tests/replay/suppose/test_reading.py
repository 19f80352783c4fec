"""Events as they are written down: lines, arrays, values one after another, records of a log."""

import json

import pytest

from omk.domain.proof.gaps import Missing
from omk.errors import Refused
from omk.replay.suppose.reading import read_events

RAN = {"kind": "gate_ran", "gate": "tests"}
RAN_MISSING = Missing(kind="gate_ran", where={"gate": "tests"})
PAUSED = Missing(kind="goal_paused.v1", where={"reason": None})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (json.dumps(RAN), [RAN_MISSING]),
        ('{"kind": "gate_ran", "where": {"gate": "tests"}, "owner": "controller"}', [RAN_MISSING]),
        (f"{json.dumps(RAN)}\n\n{json.dumps(RAN)}\n", [RAN_MISSING, RAN_MISSING]),
        (json.dumps([RAN, RAN]), [RAN_MISSING, RAN_MISSING]),
        (json.dumps([RAN, RAN], indent=2), [RAN_MISSING, RAN_MISSING]),
        (f"{json.dumps(RAN, indent=2)}\n{json.dumps([RAN])}", [RAN_MISSING, RAN_MISSING]),
        (f"\ufeff{json.dumps(RAN)}", [RAN_MISSING]),
        ('{"open":{},"sealed":{"actor":"a","event":{"kind":"goal_paused.v1","reason":null},"seq":3}}', [PAUSED]),
        ('{"kind": "goal_resumed"}', [Missing(kind="goal_resumed")]),
    ],
)
def test_events_are_read_however_they_are_written(text, found):
    assert read_events(text, "events.json") == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no event"),
        ("[]", "holds no event"),
        ("{", "no JSON from line 1 on"),
        (f"{json.dumps(RAN)}\n{{", "no JSON from line 2 on"),
        ("gate_ran", "no JSON from line 1 on"),
        ("3", "Value 1 of events.json is no event"),
        (f"[{json.dumps(RAN)}, []]", "Value 2 of events.json is no event"),
        ('{"kind": 3}', "is no event"),
        ('{"gate": "tests"}', "is no event"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_what_is_no_event_is_refused_in_one_line(text, words):
    with pytest.raises(Refused) as refusal:
        read_events(text, "events.json")
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
