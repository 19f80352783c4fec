-- What the goal may spend as of this event; null: any amount.
WITH limits AS (
    SELECT path, (value->>'$')::BIGINT AS amount
    FROM state_at({goal}, {seq})
    WHERE path IN ('usage.limits.active_ms', 'usage.limits.tokens', 'usage.limits.micro_usd')
)
SELECT
    max(amount) FILTER (path = 'usage.limits.active_ms') AS active_ms,
    max(amount) FILTER (path = 'usage.limits.tokens') AS tokens,
    max(amount) FILTER (path = 'usage.limits.micro_usd') AS micro_usd
FROM limits
