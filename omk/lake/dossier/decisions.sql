-- What persons and policies decided, in order. Left out: what a command of theirs did beside (it is counted by actor), and what a
-- policy answered to requests of agents (that is counted by rule).
WITH lineage(goal, first, last) AS (VALUES {lineage})
SELECT
    seq, recorded_at, goal <> {goal} AS inherited, actor, name,
    coalesce(payload->>'code', task, gate, payload->>'permission', payload->>'branch', payload->>'on', payload->>'agent') AS about,
    tree,
    if(name = 'permission_answered', payload->>'answer', NULL) AS answer,
    coalesce(
        texts->>'reason', texts->>'summary', texts->>'answer', texts->>'title',
        if(
            coalesce(
                payload->>'reason', payload->>'summary', payload->>'title', if(name = 'decision_recorded', payload->>'answer', NULL)
            ) IS NULL,
            NULL,
            '(erased)'
        )
    ) AS said,
    (payload->>'time_ms')::BIGINT AS time_ms,
    (payload->>'tokens')::BIGINT AS tokens,
    (payload->>'micro_usd')::BIGINT AS micro_usd
FROM events JOIN lineage USING (goal)
WHERE
    seq BETWEEN first AND last
    AND split_part(actor, ':', 1) IN ('person', 'policy')
    AND NOT (name = 'permission_answered' AND starts_with(actor, 'policy:'))
    AND name NOT IN (
        'proof_issued', 'worktree_opened', 'worktree_closed', 'files_changed', 'worktree_rebased', 'commit_made', 'gate_started',
        'gate_ran', 'review_started', 'review_passed', 'review_blocked', 'review_errored', 'review_not_applicable',
        'task_started', 'task_finished', 'effect_aborted'
    )
ORDER BY seq
