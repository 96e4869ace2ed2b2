-- How many postings wait for each room, by their kind and by who says them. The chat service mutes a
-- sender in a room, so its answer to one posting holds for all of them. A row goes when nothing waits.
CREATE TABLE outbox_senders (
    group_id TEXT NOT NULL,
    -- 'message' or 'field'
    kind TEXT NOT NULL,
    -- Of messages: in whose name; empty for the administrator.
    sender TEXT NOT NULL,
    waiting BIGINT NOT NULL,
    -- What the chat service said when it would not let this sender speak there; NULL as far as it may.
    muted TEXT,
    PRIMARY KEY (group_id, kind, sender)
);

INSERT INTO outbox_senders (group_id, kind, sender, waiting, muted)
SELECT group_id, kind, COALESCE(sender, ''), COUNT(*), MAX(CASE WHEN held = 1 THEN reason END)
FROM outbox WHERE state = 'waiting' GROUP BY group_id, kind, COALESCE(sender, '');

DROP TABLE outbox_rooms;
DELETE FROM outbox_figures WHERE name IN ('waiting', 'held');
ALTER TABLE outbox DROP COLUMN held;

-- How long a message is worth telling while its sender may not speak, in milliseconds: NULL for as long
-- as that takes, 0 until something later waits in its lane.
ALTER TABLE outbox ADD COLUMN life_ms BIGINT;
UPDATE outbox SET life_ms = 60000 WHERE state = 'waiting' AND lane LIKE 'assistant:%';
UPDATE outbox SET life_ms = 3600000 WHERE state = 'waiting' AND lane LIKE 'broadcast:%';
UPDATE outbox SET life_ms = 0
WHERE state = 'waiting' AND kind = 'message' AND (lane LIKE 'status:%' OR lane LIKE 'slot:%');

CREATE INDEX outbox_mortal ON outbox (number) WHERE state = 'waiting' AND life_ms IS NOT NULL;
CREATE INDEX outbox_groups ON outbox (group_id, number) WHERE state = 'waiting';

-- When the attempt began that is on its way, and the first one of which nobody knows whether the chat
-- service took the posting. While there is either, it may have been told.
ALTER TABLE outbox ADD COLUMN begun_ms BIGINT;
ALTER TABLE outbox ADD COLUMN unclear_ms BIGINT;
UPDATE outbox SET unclear_ms = written_ms WHERE unanswered > 0;
ALTER TABLE outbox DROP COLUMN unanswered;
CREATE INDEX outbox_tried ON outbox (group_id)
WHERE state = 'waiting' AND COALESCE(unclear_ms, begun_ms) IS NOT NULL;
