-- The answers to what agents asked leave for, by who answered and by which rule.
WITH lineage(goal, first, last) AS (VALUES {lineage})
SELECT actor, payload->>'answer' AS answer, payload->>'rule' AS rule, count(*) AS answers
FROM events JOIN lineage USING (goal)
WHERE seq BETWEEN first AND last AND name = 'permission_answered'
GROUP BY ALL
ORDER BY answers DESC, actor, answer, rule
