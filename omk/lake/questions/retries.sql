/*
sentence = "How often agents had to try again, and what became of those goals."
empty = "No agent has been started."
about = """\
  A retry is a run of an agent beyond the first for the same task; goals with five or more stand together. A goal \
  is stagnant where omk noted that it no longer got nearer to ready."""

[parameters]
since = "goals begun since"
goal = "this goal"
agent = "goals on which such an agent worked"

[columns]
retries = "how many retries there were: `0` to `4`, or `5 or more`"
goals = "in how many goals there were so many"
ready = "how many of them were ever ready"
ready_percent = "the same, of a hundred"
stagnant = "how many of them stagnated"
exhausted = "how many of them used a budget up"
most_attempts = "the most attempts that one task took in one of them"
median_micro_usd = "the money spent on one; half of them do not exceed it, millionths of a US dollar"
micro_usd = "the money spent on all of them, millionths of a US dollar"

[picture]
kind = "bars"
label = ["retries"]
value = "goals"
beside = "ready"
counts = "ready goal"
axis = "goals with so many retries"
*/
WITH chosen AS (
    SELECT goal, coalesce(forked_seq, 0) AS inherited, micro_usd
    FROM goals
    WHERE ($repository IS NULL OR repository IS NULL OR repository = $repository)
        AND ($since IS NULL OR created_at >= $since)
        AND ($goal IS NULL OR goal = $goal)
        AND ($agent IS NULL OR goal IN (SELECT goal FROM agents WHERE contains(driver, $agent)))
), tried AS (
    SELECT goal, count(*) FILTER (attempt > 1) AS retries, max(attempt) AS attempts FROM agents GROUP BY goal
), reached AS (
    SELECT DISTINCT goal FROM verdicts JOIN chosen USING (goal) WHERE status = 'ready' AND seq > inherited
), noted AS (
    SELECT
        goal, bool_or(kind = 'stagnation_detected.v1') AS is_stagnant, bool_or(kind = 'budget_exhausted.v1') AS is_exhausted
    FROM events
    WHERE kind IN ('stagnation_detected.v1', 'budget_exhausted.v1')
    GROUP BY goal
)
SELECT
    CASE WHEN least(retries, 5) = 5 THEN '5 or more' ELSE retries::VARCHAR END AS retries, count(*) AS goals,
    count(reached.goal) AS ready, round(100 * count(reached.goal) / count(*), 1) AS ready_percent,
    count(*) FILTER (is_stagnant) AS stagnant, count(*) FILTER (is_exhausted) AS exhausted, max(attempts) AS most_attempts,
    quantile_disc(micro_usd, 0.5) AS median_micro_usd, sum(micro_usd) AS micro_usd
FROM chosen JOIN tried USING (goal) LEFT JOIN reached USING (goal) LEFT JOIN noted USING (goal)
GROUP BY ALL
ORDER BY retries
