-- The trees that the content was: the base, the last one, and each that a gate or a review judged or a person decided on.
-- number says which of them it is, in the order in which the content first became it; of: how many there are.
WITH lineage(goal, first, last) AS (VALUES {lineage}),
past AS (
    SELECT seq, name, goal <> {goal} AS inherited, coalesce(tree, payload->'base'->>'tree') AS tree
    FROM events JOIN lineage USING (goal)
    WHERE seq BETWEEN first AND last
),
made AS (
    SELECT
        tree, min(seq) AS made_seq, max(seq) AS last_seq, count(*) AS times, arg_min(name, seq) AS made_by,
        arg_min(inherited, seq) AS inherited
    FROM past
    WHERE name IN ('goal_created', 'files_changed', 'worktree_rebased')
    GROUP BY tree
),
judged AS (
    SELECT
        tree,
        count(*) FILTER (name = 'gate_ran') AS gate_runs,
        count(*) FILTER (name IN ('review_passed', 'review_blocked', 'review_errored', 'review_not_applicable')) AS reviews,
        count(*) FILTER (name IN ('change_accepted', 'change_rejected', 'waiver_granted')) AS decisions
    FROM past
    GROUP BY tree
),
numbered AS (
    SELECT
        tree, made_seq, made_by, last_seq, times, coalesce(inherited, false) AS inherited,
        coalesce(gate_runs, 0) AS gate_runs, coalesce(reviews, 0) AS reviews, coalesce(decisions, 0) AS decisions,
        if(made_seq IS NULL, NULL, row_number() OVER (ORDER BY made_seq NULLS LAST, tree)) AS number,
        count(made_seq) OVER () AS of,
        coalesce(last_seq = max(last_seq) OVER (), false) AS is_last,
        coalesce(made_seq = min(made_seq) OVER (), false) AS is_base
    FROM made FULL JOIN judged USING (tree)
    WHERE tree IS NOT NULL AND (made_seq IS NOT NULL OR gate_runs + reviews + decisions > 0)
)
SELECT * FROM numbered
WHERE gate_runs + reviews + decisions > 0 OR is_last OR is_base
ORDER BY made_seq NULLS LAST, tree
