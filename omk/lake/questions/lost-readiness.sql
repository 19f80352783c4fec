/*
sentence = "Which goals were ready and ceased to be, and by which event."
empty = "No goal that was ready has ceased to be."
about = "One row for each time, the latest first; those after which the goal was not ready again before the others."

[parameters]
since = "losses since"
goal = "this goal"
agent = "goals on which such an agent worked"

[columns]
goal = "the goal"
seq = "the event"
kind = "the stored name of the event"
lost_at = "when it ceased to be ready, UTC"
ready_ms = "how long it had been ready, milliseconds"
again_after_ms = "how long it took until it was ready again, milliseconds; null: it has not been"
status_then = "the status after the event"
status_now = "the goal's status as it is now"
opened = "the codes of the gaps it opened; none: the status alone changed"

[picture]
kind = "counts"
label = ["kind"]
axis = "times that a goal ceased to be ready"
style = "bad"
*/
WITH chosen AS (
    SELECT goal, status AS status_now, coalesce(forked_seq, 0) AS inherited
    FROM goals
    WHERE ($repository IS NULL OR repository IS NULL OR repository = $repository)
        AND ($goal IS NULL OR goal = $goal)
        AND ($agent IS NULL OR goal IN (SELECT goal FROM agents WHERE contains(driver, $agent)))
), turns AS (
    SELECT
        goal, seq, recorded_at, kind, status, opened, status_now, lag(status) OVER before AS status_before
    FROM verdicts JOIN chosen USING (goal)
    WHERE seq > inherited AND goal IN (SELECT goal FROM verdicts WHERE status = 'ready')
    WINDOW before AS (PARTITION BY goal ORDER BY seq)
), edges AS (
    SELECT *, lag(recorded_at) OVER nearest AS ready_at, lead(recorded_at) OVER nearest AS again_at
    FROM turns
    WHERE (status = 'ready') IS DISTINCT FROM coalesce(status_before = 'ready', false)
    WINDOW nearest AS (PARTITION BY goal ORDER BY seq)
)
SELECT
    goal, seq, kind, recorded_at AS lost_at, date_diff('microsecond', ready_at, recorded_at) // 1000 AS ready_ms,
    date_diff('microsecond', recorded_at, again_at) // 1000 AS again_after_ms, status AS status_then, status_now, opened
FROM edges
WHERE status <> 'ready' AND ($since IS NULL OR recorded_at >= $since)
ORDER BY again_after_ms IS NOT NULL, lost_at DESC, goal, seq
