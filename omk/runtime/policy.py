"""How the controller goes about a new goal: what the configuration and the flags say, else these defaults."""

from omk.domain.subjects.policy import PolicyConfigured
from omk.runtime.config import Settings

LEASE_MS = 300_000
MOST_TASKS = 50
REMOTE = "origin"


def policy_from(settings: Settings) -> PolicyConfigured:
    """The policy to record for a goal that begins."""
    return PolicyConfigured(
        lease_ms=LEASE_MS,
        planner=None,
        max_tasks=MOST_TASKS,
        task_time_ms=None,
        task_tokens=None,
        task_micro_usd=None,
        gates_at_once=1,
        needs=(),
        rerun_failed=0,
        flaky="inconclusive",
        breaker_failures=5,
        breaker_recovery_ms=30_000,
        breaker_probes=1,
        stagnation_warmup=3,
        stagnation_window=5,
        stagnation_metrics=3,
        approve=(),
        remote=settings.remote or REMOTE,
    )
