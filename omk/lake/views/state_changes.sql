SELECT
    goal, seq, path, lag(new) OVER (PARTITION BY goal, path ORDER BY seq) AS old, new, seq AS cause
FROM stored.state_changes
