"""How the controller goes about a new goal: what the configuration and the flags say, else these defaults."""

from omk.domain.subjects.policy import PolicyConfigured
from omk.domain.values import Limits
from omk.runtime.config import Settings
from omk.runtime.gates.conduct import UNSAID, Conduct, conducted

LEASE_MS = 300_000
MOST_TASKS = 50
ANY = Limits()
REMOTE = "origin"


def policy_from(
    settings: Settings, conduct: Conduct = UNSAID, planner: str | None = None, each: Limits = ANY
) -> PolicyConfigured:
    """The policy to record for a goal that begins.

    *conduct* is what flags say of gates; *planner* proposes the tasks; *each* is what may be spent on each of them.
    """
    policy = PolicyConfigured(
        lease_ms=LEASE_MS,
        planner=planner,
        max_tasks=MOST_TASKS,
        task_time_ms=each.time_ms,
        task_tokens=each.tokens,
        task_micro_usd=each.micro_usd,
        gates_at_once=1,
        needs=(),
        rerun_failed=0,
        flaky="inconclusive",
        breaker_failures=5,
        breaker_recovery_ms=30_000,
        breaker_probes=1,
        stagnation_warmup=settings.stagnation.warmup,
        stagnation_window=settings.stagnation.window,
        stagnation_metrics=settings.stagnation.metrics,
        approve=settings.allow,
        remote=settings.remote or REMOTE,
    )
    return conducted(policy, (settings.conduct, conduct))
