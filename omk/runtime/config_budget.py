"""`[budget]` of omk.toml: what a goal may spend, and what may be spent on each of its tasks."""

from msgspec import Struct

from omk.domain.amounts import micro_dollars, milliseconds, positive
from omk.domain.values import Limits
from omk.errors import Refused, Unusable

Amount = str | int | None


class BudgetTable(Struct, forbid_unknown_fields=True):
    """`[budget]` of omk.toml."""

    time: Amount = None
    tokens: int | None = None
    usd: Amount = None
    task_time: Amount = None
    task_tokens: int | None = None
    task_usd: Amount = None


LIMITS_ALLOWED = {
    **dict.fromkeys(("time", "task_time"), 'a duration like "2h", or seconds'),
    **dict.fromkeys(("tokens", "task_tokens"), "a whole number, at least 1"),
    **dict.fromkeys(("usd", "task_usd"), 'dollars as text like "2.50", or a whole number'),
}
"""What each key may be."""


def goal_limits(table: BudgetTable, path: str) -> Limits:
    """What a goal may spend."""
    return _limits(path, "", table.time, table.tokens, table.usd)


def task_limits(table: BudgetTable, path: str) -> Limits:
    """What may be spent on each task."""
    return _limits(path, "task_", table.task_time, table.task_tokens, table.task_usd)


def _limits(path: str, prefix: str, time: Amount, tokens: int | None, usd: Amount) -> Limits:
    key = f"{path}: budget.{prefix}"
    try:
        return Limits(
            time_ms=milliseconds(f"{key}time", _text(time), least=1 if prefix else 0),
            tokens=positive(f"{key}tokens", tokens),
            micro_usd=micro_dollars(f"{key}usd", _text(usd)),
        )
    except Refused as refused:
        raise Unusable(str(refused)) from refused


def _text(amount: Amount) -> str | None:
    return None if amount is None else str(amount)
