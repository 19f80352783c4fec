-- What was asked, by whom and when; of a fork first what was asked of the goals it begins in.
WITH lineage(goal, first, last) AS (VALUES {lineage})
SELECT
    seq, recorded_at, actor, goal, goal <> {goal} AS inherited,
    coalesce(texts->>'prompt', if(payload->>'prompt' IS NULL, NULL, '(erased)')) AS prompt,
    payload->'repository'->>'id' AS repository,
    payload->'repository'->>'origin' AS origin,
    payload->'repository'->>'subdirectory' AS subdirectory,
    payload->'base'->>'branch' AS base_branch,
    payload->'base'->>'commit' AS base_commit,
    payload->'base'->>'tree' AS base_tree,
    if(name = 'goal_forked', payload->>'goal', NULL) AS forked_from,
    if(name = 'goal_forked', (payload->>'seq')::BIGINT, NULL) AS forked_seq
FROM events JOIN lineage USING (goal)
WHERE seq BETWEEN first AND last AND name IN ('goal_created', 'goal_forked')
ORDER BY seq
