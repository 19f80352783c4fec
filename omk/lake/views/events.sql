SELECT
    position, goal, seq, recorded_at, actor, kind, regexp_replace(kind, '\.v[0-9]+$', '') AS name, causes, digest,
    task, agent, gate, review, tool, attempt, outcome, tree, duration_ms, payload, texts
FROM stored.events
