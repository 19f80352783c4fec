/*
sentence = "How many goals were begun, and how many of them stood ready, over time."
empty = "No goal was begun."
about = "A step is as long as fits the whole span: from a second to a year. A step without any event is a row, too."

[parameters]
since = "goals begun since"
goal = "this goal"
agent = "goals on which such an agent worked"

[columns]
begins_at = "when the step begins, UTC"
begun = "how many goals were begun in it"
became_ready = "how often a goal became ready in it"
lost_ready = "how often a goal that was ready ceased to be, in it"
goals = "how many goals there were at its end"
ready = "how many of them were ready then"
ready_percent = "the same, of a hundred"

[picture]
kind = "series"
time = "begins_at"
values = ["begun", "ready", "lost_ready"]
axis = "goals"
*/
WITH chosen AS (
    SELECT goal, created_at, updated_at, coalesce(forked_seq, 0) AS inherited
    FROM goals
    WHERE ($repository IS NULL OR repository IS NULL OR repository = $repository)
        AND ($since IS NULL OR created_at >= $since)
        AND ($goal IS NULL OR goal = $goal)
        AND ($agent IS NULL OR goal IN (SELECT goal FROM agents WHERE contains(driver, $agent)))
), span AS (
    SELECT min(created_at) AS first, max(updated_at) AS last, epoch(max(updated_at)) - epoch(min(created_at)) AS seconds FROM chosen
), sized AS (
    SELECT
        first, last,
        CASE
            WHEN seconds < 60 THEN 'second' WHEN seconds < 60 * 60 THEN 'minute' WHEN seconds < 60 * 3600 THEN 'hour'
            WHEN seconds < 60 * 86400 THEN 'day' WHEN seconds < 60 * 604800 THEN 'week' WHEN seconds < 60 * 2592000 THEN 'month'
            ELSE 'year'
        END AS unit
    FROM span
    WHERE first IS NOT NULL
), steps AS (
    SELECT unnest(generate_series(date_trunc(unit, first), last, ('1 ' || unit)::INTERVAL)) AS begins_at FROM sized
), ready AS (
    SELECT goal, verdicts.seq AS ready_seq, verdicts.recorded_at AS ready_at
    FROM verdicts JOIN chosen USING (goal)
    WHERE verdicts.status = 'ready' AND verdicts.seq > inherited
), left_at AS (
    SELECT goal, ready_at, min(verdicts.recorded_at) FILTER (verdicts.seq > ready_seq AND verdicts.status <> 'ready') AS lost_at
    FROM ready JOIN verdicts USING (goal)
    GROUP BY goal, ready_at
), stretches AS (
    SELECT min(ready_at) AS became_at, lost_at FROM left_at GROUP BY goal, lost_at
), happened AS (
    SELECT date_trunc(unit, created_at) AS begins_at, 1 AS begun, 0 AS became, 0 AS lost FROM chosen, sized
    UNION ALL
    SELECT date_trunc(unit, became_at), 0, 1, 0 FROM stretches, sized
    UNION ALL
    SELECT date_trunc(unit, lost_at), 0, 0, 1 FROM stretches, sized WHERE lost_at IS NOT NULL
), counted AS (
    SELECT
        begins_at, coalesce(sum(begun), 0)::BIGINT AS begun, coalesce(sum(became), 0)::BIGINT AS became_ready,
        coalesce(sum(lost), 0)::BIGINT AS lost_ready
    FROM steps LEFT JOIN happened USING (begins_at)
    GROUP BY begins_at
), summed AS (
    SELECT
        *, (sum(begun) OVER so_far)::BIGINT AS goals, (sum(became_ready - lost_ready) OVER so_far)::BIGINT AS ready
    FROM counted WINDOW so_far AS (ORDER BY begins_at)
)
SELECT *, round(100 * ready / nullif(goals, 0), 1) AS ready_percent
FROM summed
ORDER BY begins_at
