-- What kind of goal it was taken for, and what that has to prove: the latest assessment.
WITH lineage(goal, first, last) AS (VALUES {lineage})
SELECT
    seq, actor, goal <> {goal} AS inherited,
    payload->>'oracle' AS kind,
    (payload->>'testable')::BOOLEAN AS testable,
    (payload->'checks')::VARCHAR[] AS checks,
    coalesce(texts->>'reason', if(payload->>'reason' IS NULL, NULL, '(erased)')) AS reason
FROM events JOIN lineage USING (goal)
WHERE seq BETWEEN first AND last AND name = 'oracle_assessed'
ORDER BY seq DESC
LIMIT 1
