"""The timeline: a short, harmless line for every kind of event."""

import msgspec
import pytest
from msgspec.structs import replace

from omk.domain.catalogue import EVENTS
from omk.domain.event import Unknown
from omk.domain.state import INITIAL
from omk.domain.subjects.slice import OutsideTouched
from omk.log.codec import decode, erased, seal
from omk.replay.pace import Pace
from omk.replay.printable import LIMIT, printable, shortened
from omk.replay.timeline import SUMMARIES, timeline_entry, touched_text
from tests.scenario import record, time
from tools.examples import EXAMPLES

TRICK = "\x1b[2J\x1b]0;owned\x07evil\u202egnp.exe\x9b31m\r\nsecond line\x00"


def sealed(event):
    return seal(event, goal="g", seq=1, at=time(1), actor="person:ann", causes=(), prev="", salt=lambda: b"0123456789abcdef")


@pytest.mark.parametrize("tag", sorted(EVENTS))
def test_every_kind_has_a_line_of_its_own(tag):
    assert EVENTS[tag] in SUMMARIES
    entry = timeline_entry(sealed(EXAMPLES[tag]).record)
    assert entry.kind == tag
    assert 0 < len(entry.summary) <= LIMIT
    assert "b2:" not in entry.summary


@pytest.mark.parametrize("tag", sorted(EVENTS))
def test_an_erased_text_reads_erased_and_never_as_its_commitment(tag):
    record = decode(erased(sealed(EXAMPLES[tag]).body))
    assert "b2:" not in timeline_entry(record).summary


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "1 gate at once, breaker after 1 failure, red gates again 1 time"),
        (2, "2 gates at once, breaker after 2 failures, red gates again 2 times"),
    ],
)
def test_one_is_told_as_one(number, words):
    event = replace(EXAMPLES["policy_configured.v1"], gates_at_once=number, breaker_failures=number, rerun_failed=number)
    assert words in timeline_entry(sealed(event).record).summary


def test_an_unknown_kind_is_shown_too():
    odd = record(Unknown("tea_made.v7", b'{"kind":"tea_made.v7"}'), INITIAL)
    assert timeline_entry(odd).kind == "tea_made.v7"


@pytest.mark.parametrize("tag", ["agent_said.v1", "goal_paused.v1"])
def test_what_an_agent_says_cannot_draw_on_the_terminal(tag):
    event = EXAMPLES[tag]
    hostile = msgspec.structs.replace(event, **({"text": TRICK} if tag == "agent_said.v1" else {"reason": TRICK}))
    summary = timeline_entry(sealed(hostile).record).summary
    assert "evilgnp.exe second line" in summary
    assert summary.isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("größe – 数字", "größe – 数字"),
        ("a\tb\nc", "a b c"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jx", "x"),
        ("a\u202eb\u2066c\u200b", "abc"),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_text_is_made_printable(text, shown):
    assert printable(text) == shown


def test_a_long_text_is_cut_with_a_sign():
    assert shortened("x" * 1_000) == "x" * (LIMIT - 1) + "…"
    assert len(shortened(" \n" * 10_000 + "x")) <= LIMIT


def test_the_pace_says_how_long_what_was_announced_took():
    pace = Pace()
    started = record(EXAMPLES["gate_started.v1"], INITIAL, at=time(1))
    ran = msgspec.structs.replace(record(EXAMPLES["gate_ran.v1"], INITIAL, at=time(1)), at=time(3.5))
    assert pace.of(started) == (0, None)
    assert pace.of(ran) == (2_500, 2_500)


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("checkout", "checkout changed while one:1, two:1 ran: a.txt"),
        ("git", "git folder changed while one:1, two:1 ran: a.txt"),
        ("agent-one", "beyond the scope of its task, worktree agent-one changed while one:1, two:1 ran: a.txt"),
    ],
)
def test_what_changed_beside_the_work_says_where_and_accuses_nobody(where, told):
    assert touched_text(OutsideTouched(agents=("one:1", "two:1"), where=where, paths=("a.txt",), total=1)) == told
