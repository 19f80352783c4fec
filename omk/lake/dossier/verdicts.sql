-- The events that opened or closed a gap or changed the status, as the rules of this omk judge them. Left out: where only
-- obligations.closed opened or closed, for some work was begun or ended; of counts these too.
WITH lineage(goal, first, last) AS (VALUES {lineage}),
past AS (
    SELECT
        seq, goal <> {goal} AS inherited, actor, name, outcome,
        coalesce(gate, review, payload->>'code', tool, task, payload->>'obligation', payload->>'branch') AS about
    FROM events JOIN lineage USING (goal)
    WHERE seq BETWEEN first AND last
),
turns AS (
    SELECT
        seq, recorded_at, status, lag(status) OVER (ORDER BY seq) AS status_before, opened, closed, count(*) OVER () AS of,
        list_filter(opened || closed, lambda code: code <> 'obligations.closed') AS rest
    FROM verdicts
    WHERE goal = {goal} AND seq <= {seq}
)
SELECT turns.seq, recorded_at, inherited, name, about, outcome, actor, status, status_before, opened, closed, of
FROM turns JOIN past USING (seq)
WHERE len(rest) > 0 OR status_before IS DISTINCT FROM status
ORDER BY seq
