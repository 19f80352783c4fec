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
outcome = "`still not ready`, or `ready again`"
lost_at = "when it ceased to be ready, UTC"
ready_ms = "how long it had been ready, milliseconds"
again_after_ms = "how long it took until it was ready again, milliseconds; null: it has not been"
status_then = "the status after the event"
status_now = "the goal's status as it is now"
opened = "the codes of the gaps it opened; none: the status alone changed"

[picture]
kind = "counts"
group = ["outcome"]
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
), ready AS (
    SELECT goal, verdicts.seq AS ready_seq, verdicts.recorded_at AS ready_at
    FROM verdicts JOIN chosen USING (goal)
    WHERE verdicts.status = 'ready' AND verdicts.seq > inherited
), left_at AS (
    SELECT goal, ready_at, min(verdicts.seq) AS seq
    FROM ready JOIN verdicts USING (goal)
    WHERE verdicts.seq > ready_seq AND verdicts.status <> 'ready'
    GROUP BY goal, ready_at
), lost AS (
    SELECT goal, seq, min(ready_at) AS ready_at FROM left_at GROUP BY goal, seq
), again AS (
    SELECT lost.goal, lost.seq, min(ready.ready_at) AS again_at
    FROM lost JOIN ready ON ready.goal = lost.goal AND ready.ready_seq > lost.seq
    GROUP BY lost.goal, lost.seq
)
SELECT
    goal, seq, kind, CASE WHEN again_at IS NULL THEN 'still not ready' ELSE 'ready again' END AS outcome,
    recorded_at AS lost_at, date_diff('microsecond', ready_at, recorded_at) // 1000 AS ready_ms,
    date_diff('microsecond', recorded_at, again_at) // 1000 AS again_after_ms, status AS status_then, status_now, opened
FROM lost JOIN verdicts USING (goal, seq) JOIN chosen USING (goal) LEFT JOIN again USING (goal, seq)
WHERE $since IS NULL OR recorded_at >= $since
ORDER BY again_after_ms IS NOT NULL, lost_at DESC, goal, seq
