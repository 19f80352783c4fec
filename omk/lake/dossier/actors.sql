-- Who recorded how many events of which kinds; persons and policies by name, controllers and agents together.
WITH lineage(goal, first, last) AS (VALUES {lineage}),
acts AS (
    SELECT
        if(split_part(actor, ':', 1) IN ('person', 'policy'), actor, split_part(actor, ':', 1)) AS who,
        name, count(*) AS events, min(seq) AS first_seq, max(seq) AS last_seq
    FROM events JOIN lineage USING (goal)
    WHERE seq BETWEEN first AND last
    GROUP BY ALL
)
SELECT
    who, sum(events) AS events, min(first_seq) AS first_seq, max(last_seq) AS last_seq,
    list({'name': name, 'events': events} ORDER BY events DESC, name) AS kinds
FROM acts
GROUP BY who
ORDER BY who
