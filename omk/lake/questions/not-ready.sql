/*
sentence = "What the goals that are not ready have in common, against those that are."
empty = "Nothing is found at least twice among goals that are not ready, with ready ones to compare."
about = """\
  Left out: goals still running, and what fewer than two goals that are not ready share. Lift is how many times as \
  frequent a feature is among goals not ready as among ready ones, with half a goal added on each side; at least \
  that is the low end of its 95 % interval. Of so many features some look telling by chance, and none tells a \
  cause. The first hundred."""

[parameters]
since = "goals begun since"
agent = "goals on which such an agent worked"

[columns]
feature = "what is over-represented"
not_ready = "how many goals that are not ready have it"
ready = "how many goals that are ready have it"
lift_at_least = "the low end of the 95 % interval of the lift"
lift = "how many times as frequent it is among those not ready, smoothed"
not_ready_percent = "how many of a hundred goals that are not ready"
ready_percent = "how many of a hundred goals that are ready"
not_ready_goals = "how many goals are not ready, in all"
ready_goals = "how many goals are ready, in all"

[picture]
kind = "bars"
label = ["feature"]
value = "lift_at_least"
beside = "not_ready"
counts = "goal"
axis = "times as frequent among goals not ready, at least (below 1: may be chance)"
style = "warn"
*/
WITH chosen AS (
    SELECT goal, kind, status = 'ready' AS is_ready, files, forked_from, coalesce(forked_seq, 0) AS inherited
    FROM goals
    WHERE status <> 'running'
        AND ($repository IS NULL OR repository IS NULL OR repository = $repository)
        AND ($since IS NULL OR created_at >= $since)
        AND ($agent IS NULL OR goal IN (SELECT goal FROM agents WHERE contains(driver, $agent)))
), totals AS (
    SELECT count(*) FILTER (is_ready) AS ready_goals, count(*) FILTER (NOT is_ready) AS not_ready_goals FROM chosen
), runs AS (
    SELECT goal, driver, outcome, attempt FROM agents
), features AS (
    SELECT goal, 'kind ' || kind AS feature FROM chosen WHERE kind IS NOT NULL
    UNION ALL
    SELECT goal, 'is a fork' FROM chosen WHERE forked_from IS NOT NULL
    UNION ALL
    SELECT
        goal,
        CASE
            WHEN files = 0 THEN 'no file changed' WHEN files = 1 THEN '1 file changed' WHEN files <= 5 THEN '2 to 5 files changed'
            WHEN files <= 20 THEN '6 to 20 files changed' ELSE 'more than 20 files changed'
        END
    FROM chosen
    UNION ALL
    SELECT goal, 'agent ' || driver FROM runs GROUP BY goal, driver
    UNION ALL
    SELECT goal, 'an agent ' || replace(outcome, '_', ' ') FROM runs WHERE outcome <> 'succeeded' GROUP BY goal, outcome
    UNION ALL
    SELECT goal, 'no agent worked' FROM chosen ANTI JOIN runs USING (goal)
    UNION ALL
    SELECT goal, CASE WHEN max(attempt) = 2 THEN '1 retry' WHEN max(attempt) <= 4 THEN '2 or 3 retries' ELSE '4 retries or more' END
    FROM runs
    GROUP BY goal
    HAVING max(attempt) > 1
    UNION ALL
    SELECT goal, 'gate ' || gate || ' ' || replace(outcome, '_', ' ')
    FROM gates
    WHERE outcome IN ('failed', 'timed_out', 'errored')
    GROUP BY goal, gate, outcome
    UNION ALL
    SELECT goal, 'review ' || review || ' ' || outcome FROM reviews WHERE outcome IN ('blocked', 'errored') GROUP BY goal, review, outcome
    UNION ALL
    SELECT goal, 'tool ' || name || ' ' || replace(outcome, '_', ' ')
    FROM tools
    WHERE outcome NOT IN ('succeeded', 'aborted')
    GROUP BY goal, name, outcome
    UNION ALL
    SELECT goal, 'changed ' || CASE WHEN contains(path, '/') THEN split_part(path, '/', 1) || '/' ELSE 'the top folder' END AS feature
    FROM files
    GROUP BY ALL
    UNION ALL
    SELECT DISTINCT goal, CASE code WHEN 'gates.unchanged' THEN 'changed a guarded file' ELSE 'changed a file out of scope' END
    FROM (SELECT goal, unnest(opened) AS code FROM verdicts)
    WHERE code IN ('gates.unchanged', 'scope.respected')
    UNION ALL
    SELECT DISTINCT
        goal,
        CASE kind
            WHEN 'stagnation_detected.v1' THEN 'stagnated' WHEN 'budget_exhausted.v1' THEN 'used a budget up'
            WHEN 'change_rejected.v1' THEN 'a person rejected the change' WHEN 'merge_conflicted.v1' THEN 'a merge conflicted'
            WHEN 'permission_asked.v1' THEN 'an agent asked for permission' ELSE 'was paused'
        END
    FROM events
    WHERE kind IN (
        'stagnation_detected.v1', 'budget_exhausted.v1', 'change_rejected.v1', 'merge_conflicted.v1', 'permission_asked.v1',
        'goal_paused.v1'
    )
), counted AS (
    SELECT feature, count(*) FILTER (NOT is_ready) AS not_ready, count(*) FILTER (is_ready) AS ready
    FROM features JOIN chosen USING (goal)
    GROUP BY feature
), compared AS (
    SELECT
        *, (not_ready + 0.5) / (not_ready_goals + 1) / ((ready + 0.5) / (ready_goals + 1)) AS ratio,
        sqrt(1 / (not_ready + 0.5) - 1 / (not_ready_goals + 1) + 1 / (ready + 0.5) - 1 / (ready_goals + 1)) AS spread
    FROM counted, totals
    WHERE not_ready > 1 AND ready_goals > 0
)
SELECT
    feature, not_ready, ready, round(ratio * exp(-1.96 * spread), 2) AS lift_at_least, round(ratio, 2) AS lift,
    round(100 * not_ready / not_ready_goals, 1) AS not_ready_percent, round(100 * ready / ready_goals, 1) AS ready_percent,
    not_ready_goals, ready_goals
FROM compared
WHERE ratio > 1
ORDER BY ratio * exp(-1.96 * spread) DESC, not_ready DESC, feature
LIMIT 100
