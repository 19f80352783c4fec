"""Asking again: fold to each record, ask today's controller what it would do there, compare, and go on as it was."""

from collections.abc import Iterator

from omk.domain.event import Event, Recorded, Unknown
from omk.domain.goal_decider import decide
from omk.domain.proof.proof import GoalProof, prove, verdict_digest
from omk.domain.proof.rules import VERSION
from omk.domain.proof.standing import Judge
from omk.domain.state import GoalState
from omk.domain.subjects.verdict import ProofIssued
from omk.errors import Refused
from omk.replay.history import History
from omk.replay.redecide.ahead import Ahead
from omk.replay.redecide.choices import all_wanted, chosen, is_alike
from omk.replay.redecide.commands import command_behind
from omk.replay.redecide.difference import Difference, Plain, Question, differing, plain_event


def redecide(history: History, upto: int | None = None) -> Iterator[Difference]:
    """Where, up to event *upto*, today's controller would do something else than is on record. Total: it never refuses."""
    return (one.difference for one in asked_again(history, upto) if one.difference is not None)


def asked_again(history: History, upto: int | None = None) -> Iterator[Question]:
    """Everything that can be asked again up to event *upto* (None: all), with its answer, in the order of the records.

    After a difference it goes on with what was recorded. After an event of an unknown kind nothing can be asked any more.
    """
    judge, others = history.judge(), Interference()
    ahead = Ahead(history.read(0, upto) if upto != 0 else ())
    while (record := ahead.at(0)) is not None:
        if isinstance(record.event, Unknown):
            note = f"{record.event.kind} is a kind this omk does not know: nothing after it can be asked again."
            yield Question(record.seq, "decision", note=note)
            return
        state = judge.state
        others.note(record, state)
        questions, span = _asked_at(record, ahead, state, others)
        yield from questions
        if isinstance(record.event, ProofIssued):
            yield _verdict(record, record.event, judge, history)
        for one in ahead.take(span):
            judge.add(one)


class Interference:
    """The state before others had a word since the controller's last choice: it may have looked before they spoke."""

    def __init__(self) -> None:
        self.before: GoalState | None = None

    def note(self, record: Recorded, state: GoalState) -> None:
        """A record is about to follow *state*."""
        if self.before is None and record.actor.startswith("person:"):
            self.before = state

    def looked_at(self, state: GoalState) -> tuple[GoalState, ...]:
        """The states in which the controller may have made the choice that is recorded after *state*."""
        states = (state,) if self.before is None else (state, self.before)
        self.before = None
        return states


def _asked_at(record: Recorded, ahead: Ahead, state: GoalState, others: Interference) -> tuple[list[Question], int]:
    """What is asked at *record*, the next one, and how many records that is about."""
    asked = command_behind(ahead, state)
    if isinstance(asked, str):
        return [differing(record, "decision", plain_event(record.event), {"refused": asked})], 1
    if asked.command is None:
        return [], asked.span
    then = chosen(asked.command, record.event, state)
    choices = [] if then is None else [_choice(record, then, others.looked_at(state))]
    try:
        decided = decide(asked.command, state)
    except Refused as refusal:
        refused = differing(record, "decision", plain_event(record.event), {"refused": str(refusal)})
        return [*choices, refused], asked.span
    decision, span = _decision(record, ahead, decided, asked.span)
    return [*choices, decision], span


def _choice(record: Recorded, then: Plain, states: tuple[GoalState, ...]) -> Question:
    """Whether the controller, looking at one of *states*, would choose today what it chose then."""
    wishes = [all_wanted(one) for one in states]
    alike = any(is_alike(then, wish) for wish in wishes)
    return Question(record.seq, "choice") if alike else differing(record, "choice", then, next(iter(wishes[0]), None))


def _decision(first: Recorded, ahead: Ahead, decided: list[Event], span: int) -> tuple[Question, int]:
    """Whether what is *decided* today is what was recorded from *first* on, and how many records that is."""
    for place in range(max(span, len(decided))):
        record, event = ahead.at(place), decided[place] if place < len(decided) else None
        if record is None:
            break  # the log ends within what is recorded together
        if not _is_same(record.event, event):
            now = None if event is None else plain_event(event)
            return differing(record, "decision", plain_event(record.event), now), max(span, place)
    return Question(first.seq, "decision"), max(span, len(decided))


def _is_same(recorded: object, decided: Event | None) -> bool:
    """Whether both are the same event, whatever its words."""
    if recorded is decided:
        return True
    return type(recorded) is type(decided) and plain_event(recorded) == plain_event(decided)


def _verdict(record: Recorded, event: ProofIssued, judge: Judge, history: History) -> Question:
    """Whether today's rules come to the verdict that is on record."""
    if not 0 <= event.seq < record.seq:
        then: Plain = {"seq": event.seq}
        return differing(record, "verdict", then, {"refused": f"Event {event.seq} does not come before event {record.seq}."})
    proof = prove(judge.state, judge.standing) if event.seq == record.seq - 1 else history.moment(event.seq).proof
    then, now = _plain_verdict(event), _plain_proof(proof)
    if then == now:
        return Question(record.seq, "verdict")
    if event.rules == VERSION:
        return differing(record, "verdict", then, now)
    note = f"rules {event.rules} came to {event.status}; rules {VERSION}, which are others, come to {proof.status}."
    return Question(record.seq, "verdict", note=note)


def _plain_verdict(event: ProofIssued) -> Plain:
    return {"seq": event.seq, "status": event.status, "tree": event.tree, "verdict": event.verdict}


def _plain_proof(proof: GoalProof) -> Plain:
    return {"seq": proof.seq, "status": proof.status, "tree": proof.tree, "verdict": verdict_digest(proof)}
