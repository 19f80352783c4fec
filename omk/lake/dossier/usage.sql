-- What was spent: by the goal itself, and before by those whose past a fork begins in (before the fork's own first event: by the
-- goal that it is up to there). Money is millionths of a US dollar.
WITH lineage(goal, first, last) AS (VALUES {lineage}),
spent AS (
    SELECT usage.*, first = max(first) OVER () AS is_own
    FROM usage RIGHT JOIN lineage ON lineage.goal = usage.goal AND seq BETWEEN first AND last
)
SELECT
    count(seq) AS reports,
    coalesce(sum(active_ms) FILTER (is_own), 0) AS active_ms,
    coalesce(sum(tokens) FILTER (is_own), 0) AS tokens,
    coalesce(sum(tokens_in) FILTER (is_own), 0) AS tokens_in,
    coalesce(sum(tokens_out) FILTER (is_own), 0) AS tokens_out,
    coalesce(sum(tokens_cached) FILTER (is_own), 0) AS tokens_cached,
    coalesce(sum(micro_usd) FILTER (is_own), 0) AS micro_usd,
    coalesce(sum(active_ms) FILTER (NOT is_own), 0) AS inherited_active_ms,
    coalesce(sum(tokens) FILTER (NOT is_own), 0) AS inherited_tokens,
    coalesce(sum(micro_usd) FILTER (NOT is_own), 0) AS inherited_micro_usd
FROM spent
