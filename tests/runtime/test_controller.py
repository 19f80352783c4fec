"""The controller carries out what the state wants, alone on its goal, and leaves nothing behind."""

import os
import subprocess
import sys

import pytest

from omk.agents.process import started_at
from omk.domain.effects import RunAgent
from omk.domain.ending import ALL_STEPS, left_over
from omk.domain.subjects.budget import ReportUsage, UsageReported
from omk.domain.subjects.controller import ControllerStarted, StartController
from omk.domain.subjects.gate import GateStarted, StartGate
from omk.domain.subjects.goal import CancelGoal, PauseGoal, ResumeGoal
from omk.errors import Conflict, Refused, Unusable
from omk.runtime import alone as lock
from omk.runtime import controller
from omk.runtime.alone import alone
from omk.runtime.controller import drive
from omk.runtime.dispatcher import TRIES
from omk.runtime.handle import Superseded
from omk.runtime.reading import Reading
from omk.runtime.recovery import recover
from omk.runtime.steps import gate as gate_step
from tests.runtime.sessions import GOAL, again, begun, kinds

ANN = "person:ann"
OTHER = ControllerStarted(
    controller="controller-other", pid=1, started="never", steps=ALL_STEPS, max_attempts=1, resumes=None, version="1"
)


def test_a_goal_is_driven_to_its_proof(repository):
    session = begun(repository)
    proof = drive(session, ALL_STEPS)
    assert proof.status == "ready"
    assert kinds(session)[-2:] == ["controller_stopped", "proof_issued"]
    assert session.workshop.worktrees(session.goal) == ()
    assert left_over(session.state) == ()


def test_only_the_steps_asked_for_are_carried_out(repository):
    session = begun(repository)
    drive(session, ("plan",))
    assert "goal_planned" in kinds(session)
    assert "agent_started" not in kinds(session)
    drive(session, ("plan", "execute"))
    assert kinds(session).count("agent_started") == 1
    assert "gate_started" not in kinds(session)


def test_everything_announced_is_answered_when_a_run_ends(repository):
    session = begun(repository)
    drive(session, ALL_STEPS)
    assert dict(session.state.obligation) == {}
    opened, closed = kinds(session).count("worktree_opened"), kinds(session).count("worktree_closed")
    assert opened == closed == 2


def test_a_failure_on_the_way_is_recorded_as_the_reason_and_closes_everything(repository, monkeypatch):
    def fail(*_, **__):
        raise Unusable("The disk of x is full.")

    session, original = begun(repository), gate_step._record
    monkeypatch.setattr(gate_step, "_record", fail)
    with pytest.raises(Unusable, match="full"):
        drive(session, ALL_STEPS)
    assert kinds(session)[-2:] == ["controller_stopped", "proof_issued"]
    assert "effect_aborted" in kinds(session)
    assert dict(session.state.obligation) == {}
    assert session.workshop.worktrees(session.goal) == ()
    monkeypatch.setattr(gate_step, "_record", original)
    assert drive(again(session), left_over(session.state), resume=True).status == "ready"


def test_a_goal_whose_controller_lives_is_refused(repository):
    session = begun(repository)
    alive = ControllerStarted(
        controller="controller-alive",
        pid=os.getpid(),
        started=started_at(os.getpid()) or "",
        steps=("plan",),
        max_attempts=1,
        resumes=None,
        version="1",
    )
    session.handle(StartController(actor="controller:controller-alive", started=alive, alive=False))
    with pytest.raises(Refused, match="controller-alive"):
        drive(again(session), ALL_STEPS)
    seq = session.state.seq
    recover(again(session))
    session.handle.refresh()
    assert session.state.seq == seq


def test_a_controller_that_sees_another_one_start_stops_and_writes_nothing_more(repository, monkeypatch):
    session = begun(repository)

    def overtaken(one, effect):
        rival = again(session)
        rival.handle(StartController(actor="controller:controller-other", started=OTHER, alive=False))
        one.handle.refresh()

    monkeypatch.setitem(controller.PERFORM, RunAgent, overtaken)
    with pytest.raises(Superseded, match="controller-other"):
        drive(session, ALL_STEPS)
    rival = again(session)
    assert kinds(rival)[-1] == "controller_started"


def test_an_effect_that_is_refused_again_and_again_while_the_goal_moves_on_ends_the_run(repository, monkeypatch):
    tries = []

    def refused(one, effect):
        tries.append(effect)
        assert len(tries) < 100, "it would go on for ever"
        number = one.state.budget.reports + 1
        spent = UsageReported(
            report=number, agent=effect.agent, active_ms=1, tokens_in=0, tokens_out=0, tokens_cached=0, micro_usd=0
        )
        one.handle(ReportUsage(actor=ANN, usage=spent))
        raise Refused("Not now.")

    session = begun(repository)
    monkeypatch.setitem(controller.PERFORM, RunAgent, refused)
    with pytest.raises(Refused, match="Not now"):
        drive(session, ALL_STEPS)
    assert len(tries) == TRIES
    assert kinds(session)[-2:] == ["controller_stopped", "proof_issued"]


def test_the_reviews_of_one_tree_read_it_once(repository, monkeypatch):
    read, session, original = [], begun(repository), Reading.__init__

    def counted(self, *given):
        read.append(given[1:])
        original(self, *given)

    monkeypatch.setattr(Reading, "__init__", counted)
    assert drive(session, ALL_STEPS).status == "ready"
    assert len(read) == 1
    assert kinds(session).count("review_started") > 1


def test_what_a_dead_controller_left_is_closed_before_anybody_goes_on(repository):
    session = begun(repository)
    drive(session, ("plan",))
    session.handle(StartController(actor="controller:controller-other", started=OTHER, alive=False))
    place = session.worktree("agent", "agent")
    (place / "half.txt").write_text("half")
    other = again(session)
    assert not place.exists()
    assert not other.state.worktree.open_worktrees
    seq = other.state.seq
    recover(other)
    assert kinds(other)[seq:] in ([], ["worktree_closed"])
    assert drive(other, left_over(other.state), resume=True).status == "ready"


def test_a_recorded_process_of_a_dead_controller_is_ended(repository):
    session = begun(repository, agent="command:true")
    drive(session, ("plan",))
    session.handle(StartController(actor="controller:controller-other", started=OTHER, alive=False))
    sleeper = subprocess.Popen((sys.executable, "-c", "input()"), stdin=subprocess.PIPE, start_new_session=True)
    gate = session.state.gate.by_name["smoke"].definition
    started = GateStarted(
        gate="smoke",
        attempt=1,
        tree=session.state.worktree.tree,
        definition=gate.digest,
        pid=sleeper.pid,
        started=started_at(sleeper.pid),
    )
    session.handle(StartGate(actor="controller:controller-other", started=started))
    other = again(session)
    assert sleeper.wait() != 0
    sleeper.communicate()
    assert "gate:smoke:1" not in other.state.obligation


@pytest.mark.parametrize("command", [PauseGoal(actor=ANN, reason=None), CancelGoal(actor=ANN, reason=None)])
def test_a_goal_that_must_not_go_on_is_left_at_once(command, repository, monkeypatch):
    session = begun(repository)
    original = controller.PERFORM[RunAgent]

    def interfered(one, effect):
        original(one, effect)
        again(one).handle(command)

    monkeypatch.setitem(controller.PERFORM, RunAgent, interfered)
    proof = drive(session, ALL_STEPS)
    assert proof.status in {"paused", "cancelled"}
    assert "gate_started" not in kinds(session)
    with pytest.raises(Refused):
        drive(again(session), ALL_STEPS)


def test_after_a_pause_exactly_the_steps_not_come_to_are_left(repository, monkeypatch):
    session = begun(repository)
    original = controller.PERFORM[RunAgent]

    def paused(one, effect):
        original(one, effect)
        again(one).handle(PauseGoal(actor=ANN, reason=None))

    monkeypatch.setitem(controller.PERFORM, RunAgent, paused)
    drive(session, ALL_STEPS)
    assert left_over(session.state) == ()
    fresh = again(session)
    fresh.handle(ResumeGoal(actor=ANN))
    assert left_over(fresh.state) == ALL_STEPS
    assert drive(fresh, left_over(fresh.state), resume=True).status == "ready"
    assert kinds(fresh).count("agent_started") == 1


def test_two_writers_with_different_words_both_get_through(repository):
    session = begun(repository)
    other = again(session)
    session.handle(PauseGoal(actor=ANN, reason="one"))
    other.handle(ResumeGoal(actor=ANN))
    assert kinds(other)[-1] == "goal_paused"  # nothing to resume in what it knew
    other.handle.refresh()
    other.handle(PauseGoal(actor=ANN, reason="two"))
    session.handle(CancelGoal(actor=ANN, reason=None))
    assert session.state.goal.cancelled
    assert [record.seq for record in session.handle.log.read(session.goal)] == list(range(1, session.state.seq + 1))


def test_a_writer_gives_up_when_others_are_always_faster(repository, monkeypatch):
    session = begun(repository)
    tried = []

    def slow(goal, entries, *, after, blobs=()):
        tried.append(after)
        raise Conflict(goal, after)

    monkeypatch.setattr(session.handle.log, "append", slow)
    with pytest.raises(Conflict):
        session.handle(PauseGoal(actor=ANN, reason=None))
    assert len(tried) == 10


def test_a_verdict_that_stands_already_is_not_issued_again(repository):
    session = begun(repository)
    session.handle.issue_proof(ANN)
    seq = session.state.seq
    session.handle.issue_proof(ANN)
    assert session.state.seq == seq


def test_the_words_of_the_goal_are_read_back_from_the_log(repository):
    session = begun(repository)
    assert again(session).handle.text(session.state.goal.prompt) == GOAL


def test_one_who_cleans_up_waits_for_the_other_and_gives_up_in_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "TRIES", 2)
    monkeypatch.setattr(lock, "PAUSE_SECONDS", 0)
    with alone(tmp_path), pytest.raises(Unusable, match="Another omk"), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass


def test_a_folder_that_is_not_there_cannot_be_locked(tmp_path):
    with pytest.raises(Unusable, match="cannot be written"), alone(tmp_path / "missing"):
        pass
