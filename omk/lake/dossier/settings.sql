-- The settings in force: the latest configuration.
WITH lineage(goal, first, last) AS (VALUES {lineage})
SELECT
    seq, recorded_at, actor, goal <> {goal} AS inherited,
    payload->>'accept' AS accept,
    payload->>'merge' AS merge,
    payload->>'delivery' AS delivery,
    payload->>'agent' AS agent,
    payload->>'approve' AS approve,
    (payload->>'until_ready')::BOOLEAN AS until_ready,
    (payload->>'max_attempts')::BIGINT AS max_attempts,
    (payload->>'max_agents')::BIGINT AS max_agents,
    (payload->>'agent_timeout_ms')::BIGINT AS agent_timeout_ms,
    (payload->'scope')::VARCHAR[] AS scope,
    (payload->'setup')::VARCHAR[] AS setup,
    (payload->'share')::VARCHAR[] AS share,
    (payload->'sources')::VARCHAR[] AS sources
FROM events JOIN lineage USING (goal)
WHERE seq BETWEEN first AND last AND name = 'goal_configured'
ORDER BY seq DESC
LIMIT 1
