"""A goal: what a person asked for, in which repository, and what controls its course."""

from typing import Literal

from msgspec.structs import replace

from omk.domain.decider import Decider, Table
from omk.domain.event import Command, Digest, Event, Recorded, Text, Value, quoted
from omk.domain.values import Base, Repository
from omk.errors import Refused

Accept = Literal["manual", "auto"]
Merge = Literal["disabled", "manual", "gated"]
Delivery = Literal["local", "draft-pr", "auto-pr"]
Party = Literal["human", "external"]

# --- Events: the stored names. Change one only by adding a version. ---


class GoalCreated(Event, tag="goal_created.v1"):
    """A person asked for something, in words, in a repository at a commit."""

    prompt: Text
    repository: Repository
    base: Base


class GoalConfigured(Event, tag="goal_configured.v1"):
    """The settings of this goal, read once from the base commit plus flags; times are in milliseconds."""

    accept: Accept
    merge: Merge
    delivery: Delivery
    until_ready: bool
    max_attempts: int
    max_agents: int
    approve: str
    agent: str | None
    agent_timeout_ms: int | None
    setup: tuple[str, ...]
    share: tuple[str, ...]
    scope: tuple[str, ...]
    sources: tuple[str, ...]


class GoalPlanned(Event, tag="goal_planned.v1"):
    """The task graph is complete; work may begin."""

    tasks: tuple[str, ...]


class GoalPaused(Event, tag="goal_paused.v1"):
    """Nothing more is started until somebody resumes the goal."""

    reason: Text | None


class GoalResumed(Event, tag="goal_resumed.v1"):
    """The pause ended."""


class GoalBlocked(Event, tag="goal_blocked.v1"):
    """Work cannot go on before *on* (a human, something external) has answered; *code* names the rule that says so."""

    on: Party
    code: str
    reason: Text


class GoalUnblocked(Event, tag="goal_unblocked.v1"):
    """What blocked the goal was answered."""

    on: Party


class GoalCancelled(Event, tag="goal_cancelled.v1"):
    """A person gave the goal up. This is final."""

    reason: Text | None


class GoalFailed(Event, tag="goal_failed.v1"):
    """omk itself, or the machine under it, could not go on (a failed agent or gate is a gap, never this)."""

    reason: Text


class GoalForked(Event, tag="goal_forked.v1"):
    """This goal's history begins with *goal* up to *seq*, whose record has digest *head*."""

    goal: str
    seq: int
    head: Digest
    prompt: Text


class DecisionRecorded(Event, tag="decision_recorded.v1"):
    """A person answered the question that rule *code* asked."""

    code: str
    answer: Text


class OracleAssessed(Event, tag="oracle_assessed.v1"):
    """What kind of goal the words ask for, which checks would prove it, and whether it can be tested at all."""

    oracle: str
    testable: bool
    reason: Text | None
    checks: tuple[str, ...]
    signals: tuple[str, ...]


# --- State, and evolve: what we remember ---


class Halt(Value):
    """Something that stops the goal: since which event, and why (a quoted text)."""

    seq: int
    reason: str | None = None
    on: Party | None = None
    code: str | None = None


class Oracle(Value):
    """The assessment in force."""

    kind: str
    testable: bool
    reason: str | None
    checks: tuple[str, ...]
    seq: int


class Decision(Value):
    """What a person answered, to which rule's question."""

    code: str
    answer: str | None
    actor: str
    seq: int


class Lineage(Value):
    """The prefix a fork begins with."""

    goal: str
    seq: int
    head: Digest


class Goal(Value):
    """The goal as of now; `prompt` and reasons are quoted texts."""

    id: str = ""
    prompt: str | None = None
    repository: Repository | None = None
    base: Base | None = None
    created_at: str = ""
    created_seq: int = 0
    settings: GoalConfigured | None = None
    configured_seq: int = 0
    oracle: Oracle | None = None
    planned_seq: int = 0
    paused: Halt | None = None
    blocked: Halt | None = None
    cancelled: Halt | None = None
    failed: Halt | None = None
    decisions: tuple[Decision, ...] = ()
    forked_from: Lineage | None = None


def created(goal: Goal, event: GoalCreated, record: Recorded) -> Goal:
    return replace(
        goal,
        id=record.goal,
        prompt=quoted(record, event.prompt),
        repository=event.repository,
        base=event.base,
        created_at=record.at,
        created_seq=record.seq,
    )


def configured(goal: Goal, event: GoalConfigured, record: Recorded) -> Goal:
    return replace(goal, settings=event, configured_seq=record.seq)


def planned(goal: Goal, event: GoalPlanned, record: Recorded) -> Goal:
    return replace(goal, planned_seq=record.seq)


def paused(goal: Goal, event: GoalPaused, record: Recorded) -> Goal:
    return replace(goal, paused=Halt(seq=record.seq, reason=quoted(record, event.reason)))


def resumed(goal: Goal, event: GoalResumed, record: Recorded) -> Goal:
    return replace(goal, paused=None)


def blocked(goal: Goal, event: GoalBlocked, record: Recorded) -> Goal:
    halt = Halt(seq=record.seq, reason=quoted(record, event.reason), on=event.on, code=event.code)
    return replace(goal, blocked=halt)


def unblocked(goal: Goal, event: GoalUnblocked, record: Recorded) -> Goal:
    return replace(goal, blocked=None)


def cancelled(goal: Goal, event: GoalCancelled, record: Recorded) -> Goal:
    return replace(goal, cancelled=Halt(seq=record.seq, reason=quoted(record, event.reason)))


def failed(goal: Goal, event: GoalFailed, record: Recorded) -> Goal:
    return replace(goal, failed=Halt(seq=record.seq, reason=quoted(record, event.reason)))


def forked(goal: Goal, event: GoalForked, record: Recorded) -> Goal:
    return replace(
        goal,
        id=record.goal,
        prompt=quoted(record, event.prompt),
        created_at=record.at,
        created_seq=record.seq,
        forked_from=Lineage(goal=event.goal, seq=event.seq, head=event.head),
        oracle=None,
        paused=None,
        blocked=None,
        cancelled=None,
        failed=None,
        decisions=(),
    )


def decided(goal: Goal, event: DecisionRecorded, record: Recorded) -> Goal:
    answer = Decision(code=event.code, answer=quoted(record, event.answer), actor=record.actor, seq=record.seq)
    return replace(goal, decisions=(*(one for one in goal.decisions if one.code != event.code), answer))


def assessed(goal: Goal, event: OracleAssessed, record: Recorded) -> Goal:
    oracle = Oracle(
        kind=event.oracle,
        testable=event.testable,
        reason=quoted(record, event.reason),
        checks=tuple(dict.fromkeys(event.checks)),  # each once, whatever a log says: there is one gap per code
        seq=record.seq,
    )
    return replace(goal, oracle=oracle)


EVOLVE: Table = {
    GoalCreated: created,
    GoalConfigured: configured,
    GoalPlanned: planned,
    GoalPaused: paused,
    GoalResumed: resumed,
    GoalBlocked: blocked,
    GoalUnblocked: unblocked,
    GoalCancelled: cancelled,
    GoalFailed: failed,
    GoalForked: forked,
    DecisionRecorded: decided,
    OracleAssessed: assessed,
}

# --- Commands, and decide: what may be asked, and what we answer ---


class CreateGoal(Command, frozen=True):
    """Begin a goal: its words, its repository, its settings and what its words ask for."""

    created: GoalCreated
    configured: GoalConfigured
    assessed: OracleAssessed


class PauseGoal(Command, frozen=True):
    """Start nothing more for now."""

    reason: str | None = None


class ResumeGoal(Command, frozen=True):
    """End a pause."""


class CancelGoal(Command, frozen=True):
    """Give the goal up for good."""

    reason: str | None = None


class BlockGoal(Command, frozen=True):
    """Stop until *on* has answered."""

    on: Party
    code: str
    reason: str


class UnblockGoal(Command, frozen=True):
    """What blocked the goal outside of omk is there now."""


class FailGoal(Command, frozen=True):
    """omk cannot go on."""

    reason: str


class ForkGoal(Command, frozen=True):
    """Begin a goal whose history is a prefix of another's; its own words are assessed anew."""

    forked: GoalForked
    assessed: OracleAssessed


class RecordDecision(Command, frozen=True):
    """Answer the question that blocks the goal."""

    answer: str


GoalCommand = CreateGoal | PauseGoal | ResumeGoal | CancelGoal | BlockGoal | UnblockGoal | FailGoal | ForkGoal | RecordDecision


def decide(command: GoalCommand, goal: Goal) -> list[Event]:
    """The events that answer *command*; `Refused` when it may not be."""
    match command:
        case CreateGoal():
            return _create(command, goal)
        case PauseGoal(reason=reason):
            return [] if goal.paused else [GoalPaused(reason=reason)]
        case ResumeGoal():
            return [GoalResumed()] if goal.paused else []
        case CancelGoal(reason=reason):
            return [] if goal.cancelled else [GoalCancelled(reason=reason)]
        case BlockGoal(on=on, code=code, reason=reason):
            return [] if goal.blocked and goal.blocked.code == code else [GoalBlocked(on=on, code=code, reason=reason)]
        case UnblockGoal():
            return _unblock(goal, "external")
        case FailGoal(reason=reason):
            return [] if goal.failed else [GoalFailed(reason=reason)]
        case ForkGoal(forked=event, assessed=assessed):
            is_known = goal.forked_from == Lineage(goal=event.goal, seq=event.seq, head=event.head)
            return [] if is_known else [event, *_assess(assessed)]
        case RecordDecision(answer=answer):
            return _record(goal, command.actor, answer)


def _create(command: CreateGoal, goal: Goal) -> list[Event]:
    if goal.created_seq:
        return []
    return [command.created, command.configured, *_assess(command.assessed)]


def _assess(assessed: OracleAssessed) -> list[Event]:
    """The assessment, and the block that follows when nobody could tell whether the goal was reached."""
    if assessed.testable:
        return [assessed]
    reason = assessed.reason or "The goal cannot be tested as it is worded."
    return [assessed, GoalBlocked(on="human", code="goal.testable", reason=reason)]


def _unblock(goal: Goal, on: Party) -> list[Event]:
    return [GoalUnblocked(on=on)] if goal.blocked and goal.blocked.on == on else []


def _record(goal: Goal, actor: str, answer: str) -> list[Event]:
    if not actor.startswith("person:"):
        raise Refused("Only a person decides. Run `omk decide` yourself, outside of the agent.")
    if not answer.strip():
        raise Refused("The answer is empty. Say what was decided, in words.")
    if goal.blocked is None or goal.blocked.on != "human":
        raise Refused(f"{goal.id} asks nothing of a person now. See `omk why {goal.id}`.")
    code = goal.blocked.code or "goal.testable"
    return [DecisionRecorded(code=code, answer=answer), *_unblock(goal, "human")]


GOAL = Decider(initial=Goal(), decide=decide, evolve=EVOLVE, commands=GoalCommand.__args__)
