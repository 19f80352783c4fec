/*
sentence = "How long goals took until they were ready first, and what agents had spent on them by then."
empty = "No goal was begun."
about = """\
  Time runs from the goal's first own event to the event at which it was ready first. A median is a value that \
  occurred; a mean is rounded to a whole millionth of a dollar. The last row is all kinds together."""

[parameters]
since = "goals begun since"
goal = "this goal"
agent = "goals on which such an agent worked"

[columns]
kind = "what kind of goal it is; `all`: every one"
goals = "how many goals there are"
ready = "how many of them were ever ready"
ready_percent = "the same, of a hundred"
median_ms = "the time to ready that half of those do not exceed, milliseconds"
p95_ms = "the time to ready that 95 of a hundred do not exceed, milliseconds"
median_micro_usd = "the money spent by then that half do not exceed, millionths of a US dollar"
mean_micro_usd = "the money spent by then, on average, rounded, millionths of a US dollar"
micro_usd = "the money spent by then on all of them, millionths of a US dollar"
median_tokens = "the tokens used by then that half do not exceed"
median_active_ms = "how long agents had worked by then; half do not exceed it, milliseconds"

[picture]
kind = "bars"
label = ["kind"]
value = "median_ms"
beside = "ready"
counts = "ready goal"
axis = "median time to ready"
*/
WITH chosen AS (
    SELECT goal, coalesce(kind, 'unknown') AS kind, created_at, coalesce(forked_seq, 0) AS inherited
    FROM goals
    WHERE ($repository IS NULL OR repository IS NULL OR repository = $repository)
        AND ($since IS NULL OR created_at >= $since)
        AND ($goal IS NULL OR goal = $goal)
        AND ($agent IS NULL OR goal IN (SELECT goal FROM agents WHERE contains(driver, $agent)))
), reached AS (
    SELECT goal, min(seq) AS ready_seq, min(recorded_at) AS ready_at
    FROM verdicts JOIN chosen USING (goal)
    WHERE status = 'ready' AND seq > inherited
    GROUP BY goal
), spent AS (
    SELECT goal, sum(micro_usd) AS micro_usd, sum(tokens)::BIGINT AS tokens, sum(active_ms)::BIGINT AS active_ms
    FROM usage JOIN reached USING (goal)
    WHERE seq <= ready_seq
    GROUP BY goal
), told AS (
    SELECT
        kind, ready_seq, date_diff('microsecond', created_at, ready_at) // 1000 AS took_ms,
        CASE WHEN ready_seq IS NOT NULL THEN coalesce(micro_usd, 0) END AS cost,
        CASE WHEN ready_seq IS NOT NULL THEN coalesce(tokens, 0) END AS used,
        CASE WHEN ready_seq IS NOT NULL THEN coalesce(active_ms, 0) END AS worked_ms
    FROM chosen LEFT JOIN reached USING (goal) LEFT JOIN spent USING (goal)
)
SELECT
    CASE WHEN grouping(kind) = 1 THEN 'all' ELSE kind END AS kind, count(*) AS goals, count(ready_seq) AS ready,
    round(100 * count(ready_seq) / count(*), 1) AS ready_percent,
    quantile_disc(took_ms, 0.5) AS median_ms, quantile_disc(took_ms, 0.95) AS p95_ms,
    quantile_disc(cost, 0.5) AS median_micro_usd,
    (2 * sum(cost) + count(cost)) // (2 * nullif(count(cost), 0)) AS mean_micro_usd,
    sum(cost) AS micro_usd, quantile_disc(used, 0.5) AS median_tokens, quantile_disc(worked_ms, 0.5) AS median_active_ms
FROM told
GROUP BY GROUPING SETS ((kind), ())
HAVING count(*) > 0
ORDER BY grouping(kind), goals DESC, kind
