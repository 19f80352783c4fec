SELECT path, value
FROM (
    SELECT path, arg_max(new, seq) AS value, arg_max(new IS NULL, seq) AS is_gone
    FROM stored.state_changes
    WHERE goal = of_goal AND seq <= at_seq
    GROUP BY path
)
WHERE NOT is_gone
ORDER BY path
