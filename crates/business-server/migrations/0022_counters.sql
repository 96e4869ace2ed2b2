-- Numbers that are given once. Counters without a scope have the empty one.
CREATE TABLE counters (
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    -- The last one that was given.
    n BIGINT NOT NULL,
    PRIMARY KEY (name, scope)
);

INSERT INTO counters (name, scope, n)
SELECT 'webhook_events', '', MAX(id) FROM webhook_events HAVING COUNT(*) > 0
UNION ALL
SELECT 'moderation_log', '', MAX(id) FROM moderation_log HAVING COUNT(*) > 0
UNION ALL
SELECT 'moderation_reviews', '', MAX(id) FROM moderation_reviews HAVING COUNT(*) > 0
UNION ALL
SELECT 'assistant_sayings', '', last FROM assistant_sayings
UNION ALL
SELECT 'showings', group_id, MAX(showing) FROM showings GROUP BY group_id;

DROP TABLE assistant_sayings;
