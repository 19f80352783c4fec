"""What nobody expects in a log: it becomes rows that can be asked, or one clear error that names goal and seq."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from omk.domain.event import Unknown
from omk.domain.subjects.agent import AgentSaid
from omk.domain.subjects.gate import GateRan
from omk.errors import Damaged
from omk.lake.lane import Lane
from omk.lake.session import Lake
from omk.lake.store import Store
from omk.log.codec import Entry
from omk.log.memory import MemoryLog
from tests.lake.logs import mixed, projected, rows_of, sealed
from tests.scenario import some, time
from tools.examples import EXAMPLES

CREATED = EXAMPLES["goal_created.v1"]
ODD = (
    b'{"kind":"tea_made.v7","task":5,"agent":"a","attempt":"x","tree":null}',
    b'{"kind":"tea_made.v7","attempt":1234567890123456789012345678901234567890}',
    b'{"kind":"tea_made.v7","attempt":' + b"9" * 6000 + b"}",
    b'{"kind":"tea_made.v7","cups":1e999}',
    b'{"kind":"tea_made.v7","agent":"nul \\u0000 and \\u001b"}',
    b'{"kind":"tea_made.v7","event":{"goal":"g-z"},"goal":"g-y"}',
    b'{"kind":"tea_made.v7","deep":' + b"[" * 100 + b"]" * 100 + b"}",
)


def log_of(*events: Any, goal: str = "g-a") -> MemoryLog:
    return mixed([sealed(events, goal)])


@pytest.mark.parametrize("raw", ODD)
def test_an_event_of_an_unknown_kind_can_be_asked(raw: bytes, tmp_path: Path):
    with Lake(Store(log_of(CREATED, Unknown("tea_made.v7", raw)), None, tmp_path, None)) as lake:
        (row,) = lake.sql("SELECT payload, kind, payload->>'kind' FROM events WHERE seq = 2").fetchall()
        assert row == (raw.decode(), "tea_made.v7", "tea_made.v7")
        assert lake.sql("SELECT count(*) FROM goals").fetchall() == [(1,)]


def test_only_what_a_column_can_hold_is_taken_from_an_unknown_kind():
    (_, first), (_, second) = (
        (row["seq"], row) for row in rows_of(log_of(*(Unknown("tea_made.v7", raw) for raw in ODD[:2])))["events"]
    )
    assert (first["task"], first["agent"], first["attempt"], first["tree"]) == (None, "a", None, None)
    assert second["attempt"] is None


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 2**64 - 1, -(2**63)])
def test_a_number_beyond_64_bits_is_null_and_the_event_has_it(number: int, tmp_path: Path):
    ran = some(GateRan, gate="tests", duration_ms=number, output=None)
    log = log_of(CREATED, EXAMPLES["gates_configured.v1"], ran)
    with Lake(Store(log, None, tmp_path, None)) as lake:
        rows = lake.sql("SELECT duration_ms, payload->>'duration_ms' FROM events WHERE seq = 3").fetchall()
        assert rows == [(number if number < 2**63 else None, str(number))]
        assert lake.sql("SELECT duration_ms FROM gates").fetchall() == [(number if number < 2**63 else None,)]


@pytest.mark.parametrize("text", ["", "\0", "\x1b[31m red", "a\nb\tc", "\u2028 \U0001f600", '"\\"', "§1:b2:"])
def test_words_of_all_sorts_come_back_as_they_were(text: str, tmp_path: Path):
    said = some(AgentSaid, text=text)
    with Lake(Store(log_of(CREATED, said), None, tmp_path, None)) as lake:
        assert lake.sql("SELECT texts->>'text' FROM events WHERE seq = 2").fetchall() == [(text,)]


def test_a_goal_without_a_name_is_a_goal(tmp_path: Path):
    log = mixed([sealed([CREATED, EXAMPLES["agent_said.v1"]], ""), sealed([CREATED], "g-a")])
    with Lake(Store(log, None, tmp_path, None)) as lake:
        assert lake.sql("SELECT goal, events FROM goals ORDER BY goal").fetchall() == [("", 2), ("g-a", 1)]


def test_paths_and_names_of_all_sorts_are_told(tmp_path: Path):
    change = EXAMPLES["files_changed.v1"].changes[0]  # type: ignore[attr-defined]
    paths = ["", ".", "a.b", 'quo"te', "new\nline", "\0", "ü/é", "['x']"]
    changed = some(type(EXAMPLES["files_changed.v1"]), changes=tuple(msgspec.structs.replace(change, path=one) for one in paths))
    rows = rows_of(log_of(CREATED, changed))
    assert [row["path"] for row in rows["files"]] == paths
    told = {row["path"] for row in rows["state_changes"] if row["path"].startswith("files") and row["new"] is not None}
    assert len({one.rpartition(".")[0] for one in told}) == len(paths)


# --- Damage ---


class Swapped(MemoryLog):
    """A log in which somebody put other bytes in the place of a record, or took it away."""

    def __init__(self, entries: list[Entry], position: int, body: bytes | None) -> None:
        super().__init__()
        for before, after in pairwise([None, *entries]):
            assert after is not None
            self.append(after.record.goal, [after], after=before.record.seq if before else 0)
        if body is None:
            del self._log[position - 1]
        else:
            self._log[position - 1] = body

    def stretch(self, after: int, upto: int, *, share: tuple[int, int] = (0, 1)) -> Any:
        return ((place, "g-a", body) for place, body in enumerate(self._log, 1) if after < place <= upto and share[0] == 0)


TOLD = sealed([CREATED, *(EXAMPLES[name] for name in ("oracle_assessed.v1", "agent_said.v1", "goal_paused.v1"))], "g-a")
BODY = TOLD[2].body
DAMAGES: dict[str, tuple[bytes | None, int, str]] = {
    "torn": (BODY[:-20], 3, "body.unreadable"),
    "empty": (b"", 3, "body.unreadable"),
    "half a character": (BODY.replace(b"controller:c-1", b"controller:\\ud800", 1), 3, "body.unreadable"),
    "other fields": (BODY.replace(b'"number":', b'"numbre":', 1), 3, "body.unreadable"),
    "another word": (BODY.replace(b"controller:c-1", b"controller:c-2", 1), 4, "chain.broken"),
    "another text": (BODY.replace(b'"open":{"text":["', b'"open":{"text":["00', 1), 3, "text.commitment"),
    "no hexadecimal digits": (BODY.replace(b'"open":{"text":["', b'"open":{"text":["zz', 1), 3, "text.commitment"),
    "of another goal": (sealed([CREATED], "g-b")[0].body, 3, "seq.hole"),
    "gone": (None, 3, "seq.hole"),
}


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("window", [2, 100])
def test_damage_is_named_and_nothing_of_its_window_is_told(name: str, window: int):
    body, seq, code = DAMAGES[name]
    log = Swapped(TOLD, 3, body)
    ends = list[int]()
    with pytest.raises(Damaged) as damage:
        ends.extend(end for end, made in Lane(log, 0, 0, None, window=window).windows(4, count=1) if made.tables())
    assert (damage.value.goal, damage.value.seq, damage.value.code) == ("g-a", seq, code)
    assert ends == ([2] if window == 2 else [])


def test_times_are_utc_with_all_six_decimals():
    (row,) = rows_of(log_of(CREATED))["events"]
    assert row["recorded_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ") == time(1)
    assert projected(log_of(CREATED))[0][1]["events"].schema.field("recorded_at").type.tz == "UTC"
