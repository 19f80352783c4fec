-- The gates in force, in their order, from the latest configuration; source says where each was configured.
WITH lineage(goal, first, last) AS (VALUES {lineage}),
configured AS (
    SELECT seq, actor, goal, (payload->'gates')::JSON[] AS definitions
    FROM events JOIN lineage USING (goal)
    WHERE seq BETWEEN first AND last AND name = 'gates_configured'
    ORDER BY seq DESC
    LIMIT 1
),
definitions AS (
    SELECT seq, actor, goal <> {goal} AS inherited, unnest(definitions) AS definition, generate_subscripts(definitions, 1) AS place
    FROM configured
)
SELECT
    seq, actor, inherited,
    definition->>'name' AS gate,
    (definition->>'required')::BOOLEAN AS required,
    (definition->>'skipped')::BOOLEAN AS skipped,
    (definition->>'shell')::BOOLEAN AS shell,
    (definition->'command')::VARCHAR[] AS command,
    definition->>'source' AS source,
    (definition->>'timeout_ms')::BIGINT AS timeout_ms,
    (definition->'proves')::VARCHAR[] AS proves,
    definition->>'digest' AS definition
FROM definitions
ORDER BY place
