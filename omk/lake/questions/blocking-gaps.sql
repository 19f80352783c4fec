/*
sentence = "Which gaps kept goals from being ready, how many, and for how long."
empty = "No gap was open."
about = """\
  A gap that is open counts up to its goal's last event; in a fork, from the fork's first own event. Every goal \
  begins with the gaps of what has not been done yet."""

[parameters]
since = "the time since then"
goal = "this goal"
agent = "goals on which such an agent worked"

[columns]
code = "the rule's code, `gate.tests`"
open_ms = "how long it was open, in all goals together, milliseconds"
median_ms = "how long it was open in a goal; half of them do not exceed it, milliseconds"
p95_ms = "how long it was open in a goal; 95 of a hundred do not exceed it, milliseconds"
open_goals = "in how many goals it is open now"
goals = "in how many goals it was ever open"
openings = "how often it opened"

[picture]
kind = "bars"
label = ["code"]
value = "open_ms"
beside = "goals"
counts = "goal"
axis = "time open in all goals together"
style = "warn"
*/
WITH chosen AS (
    SELECT
        goal, created_at, coalesce(forked_seq, 0) AS inherited, greatest(created_at, $since) AS begins_at,
        epoch_us(updated_at) - epoch_us(greatest(created_at, $since)) AS ends_us
    FROM goals
    WHERE ($repository IS NULL OR repository IS NULL OR repository = $repository)
        AND ($since IS NULL OR updated_at >= $since)
        AND ($goal IS NULL OR goal = $goal)
        AND ($agent IS NULL OR goal IN (SELECT goal FROM agents WHERE contains(driver, $agent)))
), turned AS (
    -- What happened before a goal's time begins, happened when it begins: what opened and closed before took no time.
    SELECT
        goal, ends_us, opened, closed, greatest(epoch_us(recorded_at) - epoch_us(begins_at), 0) AS at_us,
        (seq > inherited AND recorded_at >= begins_at)::INTEGER AS is_new
    FROM verdicts JOIN chosen USING (goal)
), turns AS (
    SELECT goal, ends_us, unnest(opened) AS code, -at_us AS us, is_new AS openings, 1 AS change FROM turned
    UNION ALL
    SELECT goal, ends_us, unnest(closed) AS code, at_us AS us, 0 AS openings, -1 AS change FROM turned
), in_goals AS (
    SELECT
        goal, code, sum(change) > 0 AS is_open, sum(openings) AS openings,
        (sum(us) + CASE WHEN sum(change) > 0 THEN any_value(ends_us) ELSE 0 END) // 1000 AS open_ms
    FROM turns
    GROUP BY goal, code
    HAVING open_ms > 0 OR is_open OR openings > 0
)
SELECT
    code, sum(open_ms)::BIGINT AS open_ms, quantile_disc(open_ms, 0.5)::BIGINT AS median_ms,
    quantile_disc(open_ms, 0.95)::BIGINT AS p95_ms, count(*) FILTER (is_open) AS open_goals, count(*) AS goals,
    sum(openings)::BIGINT AS openings
FROM in_goals
GROUP BY code
ORDER BY open_ms DESC, code
