-- The texts that were erased from the log afterwards: of which event, by whom and why.
WITH lineage(goal, first, last) AS (VALUES {lineage})
SELECT
    seq, recorded_at, goal <> {goal} AS inherited, actor,
    (payload->>'seq')::BIGINT AS erased_seq,
    (payload->'paths')::VARCHAR[] AS paths,
    coalesce(texts->>'reason', if(payload->>'reason' IS NULL, NULL, '(erased)')) AS reason
FROM events JOIN lineage USING (goal)
WHERE seq BETWEEN first AND last AND name = 'text_erased'
ORDER BY seq
