"""Asking the person: in turn, with patience, and only where one is."""

import os
import pty

from omk.cli import question
from omk.cli.progress import Progress
from omk.cli.question import Questions, is_attended


def test_without_a_terminal_nobody_is_there():
    assert not is_attended()
    assert Questions(Progress()).ask("May it?", lambda: False) is None


def test_who_waits_for_their_turn_gives_up_when_it_does_not_matter_any_more():
    questions = Questions(Progress())
    with questions._turn:
        assert questions.ask("May it?", lambda: True) is None


def test_patience_has_an_end(monkeypatch, capsys):
    controller, terminal = pty.openpty()
    monkeypatch.setattr(question, "is_attended", lambda: True)
    with os.fdopen(terminal, "rb", buffering=0) as typed:
        monkeypatch.setattr("sys.stdin", typed)
        assert Questions(Progress(), patience_seconds=0).ask("May it?", lambda: False) is None
    os.close(controller)
    assert "May it?" in capsys.readouterr().err
