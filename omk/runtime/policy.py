"""How the controller goes about a new goal: what the configuration and the flags say, else these defaults."""

from omk.domain.subjects.policy import PolicyConfigured
from omk.runtime.config import Settings
from omk.runtime.gates.conduct import UNSAID, Conduct, conducted

LEASE_MS = 300_000
MOST_TASKS = 50


def policy_from(settings: Settings, wishes: Conduct = UNSAID) -> PolicyConfigured:
    """The policy to record for a goal that begins."""
    policy = PolicyConfigured(
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
        stagnation_warmup=settings.stagnation.warmup,
        stagnation_window=settings.stagnation.window,
        stagnation_metrics=settings.stagnation.metrics,
        approve=(),
        remote="origin",
    )
    return conducted(policy, (settings.conduct, wishes))
