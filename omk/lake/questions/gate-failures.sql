/*
sentence = "How often each gate failed, and how long it ran."
empty = "No gate has run."
about = "Of a hundred runs that judged (passed, failed, timed out or errored), how many did not pass."

[parameters]
since = "runs that ended since"
goal = "this goal"
agent = "goals on which such an agent worked"

[columns]
gate = "the gate's name"
runs = "how many of its runs judged"
failed_percent = "how many of a hundred of them did not pass"
p50_ms = "the duration that half of them do not exceed, milliseconds"
p95_ms = "the duration that 95 of a hundred do not exceed, milliseconds"
passed = "how many passed"
failed = "how many failed"
timed_out = "how many took too long"
errored = "how many could not be carried out"
other = "how many further runs were skipped, inconclusive, aborted or are still at work"
goals = "in how many goals it ran"

[picture]
kind = "bars"
label = ["gate"]
value = "failed_percent"
most = 100
beside = "runs"
counts = "run"
axis = "runs that did not pass"
style = "bad"
*/
WITH chosen AS (
    SELECT goal
    FROM goals
    WHERE ($repository IS NULL OR repository IS NULL OR repository = $repository)
        AND ($goal IS NULL OR goal = $goal)
        AND ($agent IS NULL OR goal IN (SELECT goal FROM agents WHERE contains(driver, $agent)))
), ran AS (
    SELECT goal, gate, outcome, duration_ms, outcome IN ('passed', 'failed', 'timed_out', 'errored') IS TRUE AS is_judged
    FROM gates SEMI JOIN chosen USING (goal)
    WHERE $since IS NULL OR coalesce(ended_at, started_at) >= $since
)
SELECT
    gate, count(*) FILTER (is_judged) AS runs,
    round(100 * count(*) FILTER (is_judged AND outcome <> 'passed') / nullif(count(*) FILTER (is_judged), 0), 1) AS failed_percent,
    quantile_disc(duration_ms, 0.5) FILTER (is_judged) AS p50_ms, quantile_disc(duration_ms, 0.95) FILTER (is_judged) AS p95_ms,
    count(*) FILTER (outcome = 'passed') AS passed, count(*) FILTER (outcome = 'failed') AS failed,
    count(*) FILTER (outcome = 'timed_out') AS timed_out, count(*) FILTER (outcome = 'errored') AS errored,
    count(*) FILTER (NOT is_judged) AS other, count(DISTINCT goal) AS goals
FROM ran
GROUP BY gate
ORDER BY failed_percent DESC NULLS LAST, runs DESC, gate
