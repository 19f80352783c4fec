/*
sentence = "Which tools did not succeed, how often, and how long they took."
empty = "No tool was called."
about = """\
  Of the calls that were answered. A call that a crash left unanswered is counted as aborted, and is no failure of \
  the tool."""

[parameters]
since = "calls that were answered since"
goal = "this goal"
agent = "calls by agents driven so"

[columns]
tool = "what was called, such as `shell`"
calls = "how many calls were answered"
failures = "how many of them did not succeed"
failed_percent = "the same, of a hundred"
p50_ms = "the duration that half of the calls do not exceed, milliseconds"
p95_ms = "the duration that 95 of a hundred do not exceed, milliseconds"
failed = "how many failed"
timed_out = "how many took too long"
stopped = "how many were stopped"
aborted = "how many further calls were left unanswered by a crash"
open = "how many further calls are still open"
goals = "in how many goals it was called"

[picture]
kind = "bars"
label = ["tool"]
value = "failed_percent"
most = 100
beside = "calls"
counts = "call"
axis = "answered calls that did not succeed"
style = "bad"
*/
WITH chosen AS (
    SELECT goal
    FROM goals
    WHERE ($repository IS NULL OR repository IS NULL OR repository = $repository) AND ($goal IS NULL OR goal = $goal)
), called AS (
    SELECT goal, agent, name, outcome, duration_ms, coalesce(outcome <> 'aborted', false) AS is_answered
    FROM tools SEMI JOIN chosen USING (goal)
    WHERE ($since IS NULL OR coalesce(ended_at, started_at) >= $since)
        AND ($agent IS NULL OR (goal, agent) IN (SELECT (goal, agent) FROM agents WHERE contains(driver, $agent)))
)
SELECT
    name AS tool, count(*) FILTER (is_answered) AS calls, count(*) FILTER (is_answered AND outcome <> 'succeeded') AS failures,
    round(100 * count(*) FILTER (is_answered AND outcome <> 'succeeded') / nullif(count(*) FILTER (is_answered), 0), 1)
        AS failed_percent,
    quantile_disc(duration_ms, 0.5) FILTER (is_answered) AS p50_ms, quantile_disc(duration_ms, 0.95) FILTER (is_answered) AS p95_ms,
    count(*) FILTER (outcome = 'failed') AS failed, count(*) FILTER (outcome = 'timed_out') AS timed_out,
    count(*) FILTER (outcome = 'stopped') AS stopped, count(*) FILTER (outcome = 'aborted') AS aborted,
    count(*) FILTER (outcome IS NULL) AS open, count(DISTINCT goal) AS goals
FROM called
GROUP BY name
ORDER BY failed_percent DESC NULLS LAST, failures DESC, calls DESC, tool
