-- How the change left omk: commits, pushes, pull requests and merges.
WITH lineage(goal, first, last) AS (VALUES {lineage})
SELECT
    seq, recorded_at, goal <> {goal} AS inherited, actor, name,
    payload->>'branch' AS branch,
    payload->>'commit' AS commit,
    tree,
    payload->>'url' AS url,
    coalesce(
        texts->>'reason', texts->>'title', texts->>'message',
        if(coalesce(payload->>'reason', payload->>'title', payload->>'message') IS NULL, NULL, '(erased)')
    ) AS said
FROM events JOIN lineage USING (goal)
WHERE
    seq BETWEEN first AND last
    AND name IN (
        'commit_made', 'push_started', 'branch_pushed', 'push_failed', 'pull_request_requested', 'pull_request_opened',
        'pull_request_failed', 'pull_request_checked', 'pull_request_merge_requested', 'pull_request_merged',
        'pull_request_merge_failed', 'merge_started', 'merge_conflicted', 'change_merged', 'merge_failed'
    )
ORDER BY seq
