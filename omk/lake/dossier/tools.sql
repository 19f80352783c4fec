-- The tool calls by what was called: how many, how many did not succeed, and how long they took together.
WITH lineage(goal, first, last) AS (VALUES {lineage})
SELECT
    coalesce(name, '(unknown)') AS tool,
    count(*) AS calls,
    count(*) FILTER (seq <= last AND outcome <> 'succeeded') AS failures,
    count(*) FILTER (coalesce(seq > last, true)) AS still_open,
    coalesce(sum(duration_ms) FILTER (seq <= last), 0) AS duration_ms,
    max(duration_ms) FILTER (seq <= last) AS longest_ms,
    count(*) FILTER (goal <> {goal}) AS inherited_calls
FROM tools JOIN lineage USING (goal)
WHERE coalesce(started_seq, seq) BETWEEN first AND last
GROUP BY ALL
ORDER BY calls DESC, tool
