/*
sentence = "Which goals were ready and ceased to be, and by which event."
empty = "No goal that was ready has ceased to be."
about = "One row for each time, the latest first."

[parameters]
since = "losses since"
goal = "this goal"
agent = "goals on which such an agent worked"

[columns]
lost_at = "when it ceased to be ready, UTC"
goal = "the goal"
seq = "the event"
kind = "the stored name of the event"
opened = "the codes of the gaps it opened; none: the status alone changed"
ready_ms = "how long it had been ready, milliseconds"
then = "the status after the event"
now = "the goal's status as it is now"

[picture]
kind = "counts"
label = ["kind"]
unit = "times"
*/
WITH chosen AS (
    SELECT goal, status AS now, coalesce(forked_seq, 0) AS inherited
    FROM goals
    WHERE ($repository IS NULL OR repository IS NULL OR repository = $repository)
        AND ($goal IS NULL OR goal = $goal)
        AND ($agent IS NULL OR goal IN (SELECT goal FROM agents WHERE contains(driver, $agent)))
), turns AS (
    SELECT
        goal, seq, recorded_at, kind, status, opened, now, lag(status) OVER before AS status_before
    FROM verdicts JOIN chosen USING (goal)
    WHERE seq > inherited AND goal IN (SELECT goal FROM verdicts WHERE status = 'ready')
    WINDOW before AS (PARTITION BY goal ORDER BY seq)
), edges AS (
    SELECT *, lag(recorded_at) OVER (PARTITION BY goal ORDER BY seq) AS ready_at
    FROM turns
    WHERE (status = 'ready') IS DISTINCT FROM coalesce(status_before = 'ready', false)
)
SELECT
    recorded_at AS lost_at, goal, seq, kind, opened, date_diff('microsecond', ready_at, recorded_at) // 1000 AS ready_ms,
    status AS then, now
FROM edges
WHERE status <> 'ready'
ORDER BY lost_at DESC, goal, seq
