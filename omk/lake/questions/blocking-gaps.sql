/*
sentence = "Which gaps kept goals from being ready, how many, and for how long."
empty = "No gap was open."
about = """\
  A gap that is open counts up to its goal's last event; in a fork, from the fork's first own event. Every goal \
  begins with the gaps of what has not been done yet."""

[parameters]
since = "gaps opened since"
goal = "this goal"
agent = "goals on which such an agent worked"

[columns]
code = "the rule's code, `gate.tests`"
owner = "who owes what is missing, as a rule"
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
    SELECT goal, created_at, updated_at, coalesce(forked_seq, 0) AS inherited
    FROM goals
    WHERE ($repository IS NULL OR repository IS NULL OR repository = $repository)
        AND ($goal IS NULL OR goal = $goal)
        AND ($agent IS NULL OR goal IN (SELECT goal FROM agents WHERE contains(driver, $agent)))
), stood AS (
    SELECT
        goal, code, owner, closed_seq IS NULL AS is_open,
        date_diff('microsecond', greatest(opened_at, created_at), coalesce(closed_at, updated_at)) // 1000 AS open_ms
    FROM gaps JOIN chosen USING (goal)
    WHERE (closed_seq IS NULL OR closed_seq > inherited) AND ($since IS NULL OR opened_at >= $since)
), in_goals AS (
    SELECT goal, code, any_value(owner) AS owner, bool_or(is_open) AS is_open, sum(open_ms)::BIGINT AS open_ms, count(*) AS openings
    FROM stood
    GROUP BY goal, code
)
SELECT
    code, any_value(owner) AS owner, sum(open_ms)::BIGINT AS open_ms, quantile_disc(open_ms, 0.5) AS median_ms,
    quantile_disc(open_ms, 0.95) AS p95_ms, count(*) FILTER (is_open) AS open_goals, count(*) AS goals,
    sum(openings)::BIGINT AS openings
FROM in_goals
GROUP BY code
ORDER BY open_ms DESC, code
