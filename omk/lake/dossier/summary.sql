-- The goal as of this event: how much history it has, how much of that is a fork's ancestors', and the verdict.
WITH lineage(goal, first, last) AS (VALUES {lineage})
SELECT
    (SELECT arg_max(status, seq) FROM verdicts WHERE goal = {goal} AND seq <= {seq}) AS status,
    (SELECT count(*) FROM gaps WHERE goal = {goal} AND opened_seq <= {seq} AND coalesce(closed_seq > {seq}, true)) AS gaps,
    (SELECT min(seq) FROM verdicts WHERE goal = {goal} AND seq <= {seq} AND status = 'ready') AS first_ready_seq,
    count(*) AS events,
    count(*) FILTER (goal <> {goal}) AS inherited_events,
    min(recorded_at) AS first_at,
    max(recorded_at) AS last_at,
    arg_max(digest, seq) AS head
FROM events JOIN lineage USING (goal)
WHERE seq BETWEEN first AND last
