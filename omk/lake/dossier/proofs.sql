-- The verdicts that were put on record, each with the event it judges and its digest.
WITH lineage(goal, first, last) AS (VALUES {lineage})
SELECT
    seq, recorded_at, goal <> {goal} AS inherited, actor,
    (payload->>'seq')::BIGINT AS judged_seq,
    payload->>'status' AS status,
    (payload->>'rules')::BIGINT AS rules,
    payload->>'tree' AS tree,
    payload->>'verdict' AS verdict
FROM events JOIN lineage USING (goal)
WHERE seq BETWEEN first AND last AND name = 'proof_issued'
ORDER BY seq
