"""A review: one of six passes over the change, and what a person waived."""

from immutables import Map
from msgspec.structs import replace

from omk.domain.attempts import attempt_key, without
from omk.domain.decider import Decider, Table
from omk.domain.event import Command, Event, Recorded, Text, Tree, Value, quoted
from omk.domain.subjects.aborted import EffectAborted, aborted_key
from omk.domain.subjects.goal import GoalForked
from omk.domain.values import Finding, ReviewPass
from omk.errors import Refused

# --- Events: the stored names. Change one only by adding a version. ---


class ReviewStarted(Event, tag="review_started.v1"):
    """A pass over the difference between trees *base* and *tree* began."""

    review: ReviewPass
    attempt: int
    tree: Tree
    base: Tree


class ReviewPassed(Event, tag="review_passed.v1"):
    """The pass found nothing to object to."""

    review: ReviewPass
    attempt: int
    tree: Tree
    base: Tree
    summary: Text


class ReviewBlocked(Event, tag="review_blocked.v1"):
    """The pass objects; `findings` are the first fifty of *total*."""

    review: ReviewPass
    attempt: int
    tree: Tree
    base: Tree
    summary: Text
    findings: tuple[Finding, ...]
    total: int


class ReviewErrored(Event, tag="review_errored.v1"):
    """The pass could not be carried out."""

    review: ReviewPass
    attempt: int
    tree: Tree
    base: Tree
    reason: Text


class ReviewNotApplicable(Event, tag="review_not_applicable.v1"):
    """The pass has nothing to say about this change, for *reason*."""

    review: ReviewPass
    attempt: int
    tree: Tree
    base: Tree
    reason: Text


class WaiverGranted(Event, tag="waiver_granted.v1"):
    """A person takes it on themselves that rule *code* does not hold for *tree*."""

    code: str
    tree: Tree
    reason: Text


# --- State, and evolve: what we remember ---


class Review(Value):
    """The last answer of a pass; `summary` is a quoted text."""

    outcome: str
    attempt: int
    tree: Tree
    base: Tree
    summary: str | None
    findings: tuple[Finding, ...]
    total: int
    seq: int


class Waiver(Value):
    """What a person waived for a tree; `reason` is a quoted text."""

    tree: Tree
    actor: str
    reason: str | None
    seq: int


class Begun(Value):
    """A pass that was announced and has not answered, and since which event."""

    event: ReviewStarted
    seq: int


class Reviews(Value):
    """The newest answer and attempt of each pass, the attempts at work (`code:2`), and the waivers by rule code."""

    by_pass: Map[str, Review] = Map()
    attempts: Map[str, int] = Map()
    running: Map[str, Begun] = Map()
    waivers: Map[str, Waiver] = Map()

    @property
    def is_busy(self) -> bool:
        """Whether a pass is being made."""
        return bool(self.running)

    def at_work(self, name: str) -> Begun | None:
        """The newest attempt of a pass, if it is open."""
        return self.running.get(attempt_key(name, self.attempts.get(name, 0)))


def started(reviews: Reviews, event: ReviewStarted, record: Recorded) -> Reviews:
    key = attempt_key(event.review, event.attempt)
    return replace(
        reviews,
        running=reviews.running.set(key, Begun(event=event, seq=record.seq)),
        attempts=reviews.attempts.set(event.review, event.attempt),
    )


Verdict = ReviewPassed | ReviewBlocked | ReviewErrored | ReviewNotApplicable
OUTCOMES = {
    ReviewPassed: "passed",
    ReviewBlocked: "blocked",
    ReviewErrored: "errored",
    ReviewNotApplicable: "not_applicable",
}


def answered(reviews: Reviews, event: Verdict, record: Recorded) -> Reviews:
    reviews = replace(reviews, running=without(reviews.running, attempt_key(event.review, event.attempt)))
    known = reviews.by_pass.get(event.review)
    if known is not None and event.attempt < known.attempt:
        return reviews
    words = event.summary if isinstance(event, ReviewPassed | ReviewBlocked) else event.reason
    review = Review(
        outcome=OUTCOMES[type(event)],
        attempt=event.attempt,
        tree=event.tree,
        base=event.base,
        summary=quoted(record, words),
        findings=event.findings if isinstance(event, ReviewBlocked) else (),
        total=event.total if isinstance(event, ReviewBlocked) else 0,
        seq=record.seq,
    )
    return replace(reviews, by_pass=reviews.by_pass.set(event.review, review))


def waived(reviews: Reviews, event: WaiverGranted, record: Recorded) -> Reviews:
    waiver = Waiver(tree=event.tree, actor=record.actor, reason=quoted(record, event.reason), seq=record.seq)
    return replace(reviews, waivers=reviews.waivers.set(event.code, waiver))


def aborted(reviews: Reviews, event: EffectAborted, record: Recorded) -> Reviews:
    return replace(reviews, running=without(reviews.running, aborted_key(event, "review")))


def forked(reviews: Reviews, event: GoalForked, record: Recorded) -> Reviews:
    """What passes said of a tree stays; what a person waived, they waived for another goal."""
    return replace(reviews, running=Map(), waivers=Map())


EVOLVE: Table = {
    GoalForked: forked,
    EffectAborted: aborted,
    ReviewStarted: started,
    ReviewPassed: answered,
    ReviewBlocked: answered,
    ReviewErrored: answered,
    ReviewNotApplicable: answered,
    WaiverGranted: waived,
}

# --- Commands, and decide: what may be asked, and what we answer ---


class StartReview(Command, frozen=True):
    """Begin a pass."""

    started: ReviewStarted


class RecordReview(Command, frozen=True):
    """Record what a pass said."""

    verdict: Verdict


class GrantWaiver(Command, frozen=True):
    """Take it on oneself that a rule does not hold."""

    code: str
    tree: Tree
    reason: str


ReviewCommand = StartReview | RecordReview | GrantWaiver
WAIVABLE_WORDS = "only reviews, gates.unchanged, scope.respected and files.recorded"
WAIVABLE = ("review.", "gates.unchanged", "scope.respected", "files.recorded")


def decide(command: ReviewCommand, reviews: Reviews) -> list[Event]:
    """The events that answer *command*; `Refused` when it may not be."""
    match command:
        case StartReview(started=event):
            known = reviews.at_work(event.review) or event.attempt <= reviews.attempts.get(event.review, 0)
            return [] if known else [event]
        case RecordReview(verdict=event):
            return [event] if attempt_key(event.review, event.attempt) in reviews.running else []
        case GrantWaiver(code=code, tree=tree, reason=reason):
            return _waive(command, reviews, WaiverGranted(code=code, tree=tree, reason=reason))


def _waive(command: GrantWaiver, reviews: Reviews, event: WaiverGranted) -> list[Event]:
    if not command.actor.startswith("person:"):
        raise Refused("Only a person waives. Run `omk waive` yourself, outside of the agent.")
    if not event.reason.strip():
        raise Refused("The reason is empty. Say in words why the rule need not hold.")
    if not event.code.startswith(WAIVABLE):
        raise Refused(f"{event.code} is evidence and cannot be waived; {WAIVABLE_WORDS} can. Close the gap instead.")
    known = reviews.waivers.get(event.code)
    return [] if known is not None and known.tree == event.tree else [event]


REVIEW = Decider(initial=Reviews(), decide=decide, evolve=EVOLVE, commands=ReviewCommand.__args__)
