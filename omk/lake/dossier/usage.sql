-- What was spent: by the goal itself, and before by those whose past a fork begins in. Money is millionths of a US dollar.
WITH lineage(goal, first, last) AS (VALUES {lineage})
SELECT
    count(*) AS reports,
    coalesce(sum(active_ms) FILTER (goal = {goal}), 0) AS active_ms,
    coalesce(sum(tokens) FILTER (goal = {goal}), 0) AS tokens,
    coalesce(sum(tokens_in) FILTER (goal = {goal}), 0) AS tokens_in,
    coalesce(sum(tokens_out) FILTER (goal = {goal}), 0) AS tokens_out,
    coalesce(sum(tokens_cached) FILTER (goal = {goal}), 0) AS tokens_cached,
    coalesce(sum(micro_usd) FILTER (goal = {goal}), 0) AS micro_usd,
    coalesce(sum(active_ms) FILTER (goal <> {goal}), 0) AS inherited_active_ms,
    coalesce(sum(tokens) FILTER (goal <> {goal}), 0) AS inherited_tokens,
    coalesce(sum(micro_usd) FILTER (goal <> {goal}), 0) AS inherited_micro_usd
FROM usage JOIN lineage USING (goal)
WHERE seq BETWEEN first AND last
