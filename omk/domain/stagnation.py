"""Stagnation: whether a loop's last iterations came to anything, and if not, the likeliest cause (behaviour 1.19).

Pure, and data: which measurements stand still is one table, what that may come from another, what to do about it a third.
There is no measurement of test coverage, so its row of behaviour 1.19 is not here.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Literal, NamedTuple

from omk.domain.subjects.policy import Policy
from omk.domain.subjects.progress import Iteration, IterationMeasured

Window = Sequence[IterationMeasured]
SCOPE = "scope.respected"


class Numbers(NamedTuple):
    """Every number of behaviour 1.19 that is not a policy's; shares are of one, likeness in permille."""

    score_range: Fraction = Fraction(1, 100)
    trees_per_iteration: Fraction = Fraction(1)
    pass_rate_range: Fraction = Fraction(5, 100)
    tokens_per_point: Fraction = Fraction(1_000)
    files: Fraction = Fraction(10)
    near: Fraction = Fraction(1, 100)
    flips: Fraction = Fraction(1, 2)
    low_score: Fraction = Fraction(1, 2)
    files_for_certain: int = 20
    alike: int = 900
    streak: int = 3
    streak_for_certain: int = 5
    cycles_for_certain: int = 3
    least_confidence: Fraction = Fraction(3, 10)


NUMBERS = Numbers()
NONE, CERTAIN = Fraction(0), Fraction(1)

# --- What is measured ---


def score(one: IterationMeasured) -> Fraction:
    """The share of the required gates that passed."""
    return Fraction(one.passed, one.total) if one.total else NONE


def pass_rate(one: IterationMeasured) -> Fraction:
    """The share of all gates, the optional ones too, that passed."""
    return Fraction(sum(gate.outcome == "passed" for gate in one.gates), len(one.gates)) if one.gates else NONE


def tokens_per_point(one: IterationMeasured) -> Fraction:
    """Tokens spent for each of the hundred points of the score."""
    return one.tokens / max(score(one) * 100, CERTAIN)


def spread(window: Window, value: Callable[[IterationMeasured], Fraction]) -> Fraction:
    """How far the highest is from the lowest."""
    known = [value(one) for one in window]
    return max(known) - min(known)


def middle(window: Window, value: Callable[[IterationMeasured], Fraction | int]) -> Fraction:
    """The median."""
    from statistics import median  # slow to import, and only a loop's diagnosis needs it

    return Fraction(median(Fraction(value(one)) for one in window))


class Metric(NamedTuple):
    """A measurement over a window, which stands still while it is *bound* (below, above) its *limit*."""

    name: str
    sentence: str
    of: Callable[[Window], Fraction]
    bound: Literal["below", "above"]
    limit: Fraction

    def is_stagnant(self, window: Window) -> bool:
        """Whether it stands still."""
        value = self.of(window)
        return value < self.limit if self.bound == "below" else value > self.limit


METRICS = (
    Metric(
        "proof_score", "range of the share of required gates passed", lambda w: spread(w, score), "below",
        NUMBERS.score_range,
    ),
    Metric(
        "commit_velocity", "new trees for each iteration", lambda w: Fraction(sum(one.trees for one in w), len(w)), "below",
        NUMBERS.trees_per_iteration,
    ),
    Metric(
        "gate_pass_rate", "range of the share of all gates passed", lambda w: spread(w, pass_rate), "below",
        NUMBERS.pass_rate_range,
    ),
    Metric(
        "token_efficiency", "median tokens for each point of the score", lambda w: middle(w, tokens_per_point), "above",
        NUMBERS.tokens_per_point,
    ),
    Metric("file_churn", "median files touched", lambda w: middle(w, lambda one: one.files), "above", NUMBERS.files),
)  # fmt: skip
"""What may stand still."""

# --- What it may come from ---


def _flakiness(window: Window) -> Fraction:
    outcomes = [{gate.gate: gate.outcome == "passed" for gate in one.gates if gate.outcome} for one in window]
    pairs = [(before[name], after[name]) for before, after in pairwise(outcomes) for name in before if name in after]
    flips = Fraction(sum(before is not after for before, after in pairs), len(pairs) or 1)
    return flips if flips >= NUMBERS.flips else NONE


def _scope(window: Window) -> Fraction:
    files = middle(window, lambda one: one.files)
    is_low = score(window[-1]) < NUMBERS.low_score and spread(window, score) < NUMBERS.score_range
    return min(files / NUMBERS.files_for_certain, CERTAIN) if files > NUMBERS.files and is_low else NONE


def _streak(length: int) -> Fraction:
    return min(Fraction(length, NUMBERS.streak_for_certain), CERTAIN) if length >= NUMBERS.streak else NONE


def _outside(window: Window) -> Fraction:
    """How many outputs at the end of the window are like one another."""
    alike = 1
    for one in reversed(window[1:]):
        if one.likeness is None or one.likeness <= NUMBERS.alike:
            break
        alike += 1
    return _streak(alike)


def _circles(window: Window) -> Fraction:
    """How often the same set of files was touched again, after another one."""
    sets = [one.paths for one in window]
    cycles = sum(now is not None and now != sets[place] and now in sets[:place] for place, now in enumerate(sets[1:]) if place)
    return min(Fraction(cycles, NUMBERS.cycles_for_certain), CERTAIN)


def _rejections(window: Window) -> Fraction:
    """For how many iterations up to the last a review has objected with the same codes."""
    same, length = set(window[-1].objections), 0
    for one in reversed(window):
        same &= set(one.objections)
        if not same:
            break
        length += 1
    return _streak(length)


def _strays(window: Window) -> Fraction:
    """For how many iterations up to the last something outside the scope stayed changed."""
    length = 0
    for one in reversed(window):
        if SCOPE not in one.owed:
            break
        length += 1
    return _streak(length)


def _wandering(window: Window) -> Fraction:
    over = middle(window, tokens_per_point) / NUMBERS.tokens_per_point - 1
    return min(max(over, NONE), CERTAIN)


class Strategy(NamedTuple):
    """What is recommended, and the command to begin with."""

    sentence: str
    command: str


STRATEGIES = {
    "mock_external_dependencies": Strategy(
        "Find out which gate passes and fails by chance, and put something fixed in the place of what it depends on.",
        "omk replay {goal} --kind gate_ran",
    ),
    "reduce_scope": Strategy("Ask for less at once: a goal, or tasks, that touch fewer files.", "omk show {goal}"),
    "escalate_to_human": Strategy("A person has to look: no attempt of an agent removes what is in the way.", "omk why {goal}"),
    "refactor_approach": Strategy(
        "The same files are changed back and forth: say in the goal how it should be done instead.",
        "omk replay {goal} --kind files_changed",
    ),
    "restore_or_widen_scope": Strategy(
        "Have those files restored, or begin a goal whose tasks may write them; a person may also waive scope.respected.",
        "omk why {goal}",
    ),
}
"""What to do about it, by name."""


class Cause(NamedTuple):
    """What may keep a loop from getting nearer, how sure the window makes one of it, and what to do then.

    `risk` and `tokens` (null: none) are what the strategy takes, as behaviour 1.19 estimates it.
    """

    name: str
    sentence: str
    confidence: Callable[[Window], Fraction]
    strategy: str
    risk: Literal["low", "medium", "high"]
    tokens: int | None


CAUSES = (
    Cause("test_flakiness", "gates pass and fail by turns", _flakiness, "mock_external_dependencies", "low", 5_000),
    Cause("scope_too_large", "many files are touched and few gates pass", _scope, "reduce_scope", "medium", 8_000),
    Cause(
        "external_dependency_broken", "what failed printed the same again and again", _outside, "escalate_to_human",
        "high", None,
    ),
    Cause("circular_fix", "the same sets of files are changed in turns", _circles, "refactor_approach", "medium", 10_000),
    Cause(
        "review_rejection_loop", "the same review objects with the same codes", _rejections, "escalate_to_human", "high", None
    ),
    Cause("scope_not_respected", "files outside the scope stay changed", _strays, "restore_or_widen_scope", "low", 5_000),
    Cause("inefficient_exploration", "many tokens for little progress", _wandering, "reduce_scope", "low", 6_000),
)  # fmt: skip
"""In the order in which the first of equals wins."""
UNKNOWN = Cause("unknown", "nothing measured tells why", lambda _: NONE, "reduce_scope", "low", 5_000)

# --- The judgement ---


class Diagnosis(NamedTuple):
    """A loop that stands still: the cause, how sure that is in percent, and the metrics that stand still."""

    cause: str
    confidence: int
    metrics: tuple[str, ...]


def window_of(history: Sequence[Iteration], policy: Policy) -> Window:
    """The measurements that are looked at: the last of them, at most as many as the policy says."""
    return [one.measured for one in history[-policy.stagnation_window :]] if policy.stagnation_window else []


def stagnant(window: Window) -> tuple[str, ...]:
    """The metrics that stand still in the window."""
    return tuple(metric.name for metric in METRICS if metric.is_stagnant(window)) if window else ()


def likeliest(window: Window) -> tuple[Cause, int]:
    """The cause one is surest of, and the percent; unknown where that is not much."""
    best = max(CAUSES, key=lambda one: one.confidence(window))
    sure = best.confidence(window)
    return (best if sure >= NUMBERS.least_confidence else UNKNOWN), int(sure * 100)


def is_long_enough(history: Sequence[Iteration], policy: Policy) -> bool:
    """Whether there were enough iterations to judge: those to warm up, and a whole window."""
    window = policy.stagnation_window
    enough = bool(history) and history[-1].measured.iteration >= policy.stagnation_warmup + window
    return bool(window) and enough and len(history) >= window


def is_near(last: IterationMeasured) -> bool:
    """Whether as good as nothing is missing: the gates pass, and nothing but gates is owed."""
    return CERTAIN - score(last) <= NUMBERS.near and all(code.startswith("gate.") for code in last.owed)


def diagnosed(history: Sequence[Iteration], policy: Policy) -> Diagnosis | None:
    """Why the loop stands still; None while it does not, or nobody can tell yet.

    A score that gets better, or goes up and down, is never taken for standing still, whatever else does.
    """
    window = window_of(history, policy)
    if not is_long_enough(history, policy) or is_near(window[-1]):
        return None
    metrics = stagnant(window)
    if "proof_score" not in metrics or len(metrics) < policy.stagnation_metrics:
        return None
    cause, confidence = likeliest(window)
    return Diagnosis(cause.name, confidence, metrics)


def cause_named(name: str) -> Cause:
    """A cause by its name; the unknown one for a name that is not known."""
    return next((one for one in CAUSES if one.name == name), UNKNOWN)
