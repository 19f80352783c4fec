"""The socket through which an agent asks: one answer for each request, and an end whoever is still waiting."""

import select
import socket
import threading
from pathlib import Path

import pytest

from omk.errors import Refused, Unusable
from omk.runtime import channel
from omk.runtime.channel import VARIABLE, Channel, Reply, ask

PATIENCE_SECONDS = 30
FILES = Path("/proc/self/fd")
YES = Reply(answer="allowed", rule="yolo")


@pytest.fixture
def folder(tmp_path):
    """A folder whose path is longer than a socket's address may be."""
    folder = tmp_path / ("long" * 40)
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def opened(folder, monkeypatch):
    """Opens a channel that this process asks through."""
    channels = []

    def opened(answer):
        channels.append(Channel(folder / "agent.socket", answer))
        monkeypatch.setenv(VARIABLE, str(channels[-1].path))
        return channels[-1]

    yield opened
    for one in channels:
        one.close()


def connected(one):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with channel._address(one.path) as address:
        connection.connect(address)
    connection.settimeout(PATIENCE_SECONDS)
    return connection


def test_who_asks_is_answered_as_often_as_they_ask(opened):
    heard = []

    def answer(request, _):
        heard.append((request.action, request.title))
        return YES

    opened(answer)
    assert [ask("edit", "a line\nand another"), ask("read", "äö")] == [YES, YES]
    assert heard == [("edit", "a line\nand another"), ("read", "äö")]


@pytest.mark.parametrize("line", [b"", b"rm -r build\n", b"{}\n", b'{"action": "dance", "title": "x"}\n', b"x" * (1 << 17)])
def test_what_is_no_request_is_refused_and_the_next_one_is_answered(line, opened):
    one = opened(lambda *_: YES)
    with connected(one) as connection:
        try:
            connection.sendall(line)
            connection.shutdown(socket.SHUT_WR)
            assert b"refused" in connection.recv(1 << 16)
        except OSError:
            assert len(line) > channel.LONGEST  # it is not even read to its end
    assert ask("read", "x") == YES


def test_who_leaves_is_not_waited_for(opened):
    asked, over = threading.Event(), threading.Event()

    def wait(_, is_over):
        asked.set()
        while not is_over():
            select.select([], [], [], 0.01)
        over.set()
        return YES

    one = opened(wait)
    with connected(one) as connection:
        connection.sendall(b'{"action": "read", "title": "x"}\n')
        assert asked.wait(PATIENCE_SECONDS)
    assert over.wait(PATIENCE_SECONDS)


def test_a_channel_closes_while_somebody_sends_nothing(folder):
    one = Channel(folder / "agent.socket", lambda *_: YES)
    with connected(one):
        one.close()
    assert not one.path.exists()


def test_a_refusal_is_an_answer_and_a_defect_is_raised_when_the_channel_closes(folder, monkeypatch):
    def answer(request, _):
        raise Refused("It is paused.") if request.title == "x" else ZeroDivisionError

    one = Channel(folder / "agent.socket", answer)
    monkeypatch.setenv(VARIABLE, str(one.path))
    assert ask("read", "x") == Reply(answer="refused", rule="It is paused.")
    with pytest.raises(Refused, match="Nobody answers"):
        ask("read", "y")
    with pytest.raises(ZeroDivisionError):
        one.close()


def test_nobody_answers_where_no_channel_is(folder, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(folder / "gone.socket"))
    with pytest.raises(Refused, match="has ended"):
        ask("read", "x")


def test_what_a_killed_omk_left_is_replaced_and_a_place_that_is_none_is_one_clear_line(folder, monkeypatch):
    (folder / "agent.socket").write_text("left")
    one = Channel(folder / "agent.socket", lambda *_: YES)
    monkeypatch.setenv(VARIABLE, str(one.path))
    assert ask("read", "x") == YES
    one.close()
    with pytest.raises(Unusable, match="No socket can be made"):
        Channel(folder / "gone" / "agent.socket", lambda *_: YES)


@pytest.mark.skipif(not FILES.is_dir(), reason="no /proc tells which files are open here")
def test_a_channel_leaves_no_file_open(folder):
    before = len(list(FILES.iterdir()))
    for _ in range(3):
        Channel(folder / "agent.socket", lambda *_: YES).close()
    assert len(list(FILES.iterdir())) == before
