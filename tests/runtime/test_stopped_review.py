"""A review that is no longer wanted is not waited for, and is no evidence."""

import threading

from omk.domain.ending import ALL_STEPS, left_over
from omk.domain.subjects.goal import PauseGoal, ResumeGoal
from omk.runtime.controller import drive
from omk.runtime.reviews import wall
from tests.runtime.sessions import again, begun, kinds

ANN = "person:ann"


def test_a_pause_stops_a_review_which_is_made_again_after_it(repository, monkeypatch):
    session, go_on = begun(repository), threading.Event()
    real = wall.WALL["code"]

    def slow(material):
        again(session).handle(PauseGoal(actor=ANN))
        go_on.wait()
        return real(material)

    monkeypatch.setitem(wall.WALL, "code", slow)
    try:
        assert drive(session, ALL_STEPS).status == "paused"
    finally:
        go_on.set()
    assert dict(session.state.obligation) == {}
    assert kinds(session).count("review_started") == 2
    assert kinds(session).count("review_passed") == 1
    monkeypatch.setitem(wall.WALL, "code", real)
    later = again(session)
    later.handle(ResumeGoal(actor=ANN))
    assert drive(later, left_over(later.state), resume=True).status == "ready"
