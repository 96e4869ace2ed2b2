-- Attempts of which nobody knows whether the chat service took the posting. While there are any, it
-- may have been told, and can be neither changed nor taken back.
ALTER TABLE outbox ADD COLUMN unanswered BIGINT NOT NULL DEFAULT 0;
UPDATE outbox SET unanswered = 1
WHERE reason IS NULL
    AND number IN (SELECT MIN(number) FROM outbox WHERE state = 'waiting' GROUP BY lane);

-- 1 for a posting that waits because its sender may not speak in the room.
ALTER TABLE outbox ADD COLUMN held BIGINT NOT NULL DEFAULT 0;
UPDATE outbox SET held = 1 WHERE state = 'waiting' AND reason IS NOT NULL;
INSERT INTO outbox_figures (name, value)
SELECT 'held', COUNT(*) FROM outbox WHERE held = 1;

-- How many postings wait for each room.
CREATE TABLE outbox_rooms (
    group_id TEXT PRIMARY KEY NOT NULL,
    waiting BIGINT NOT NULL
);
INSERT INTO outbox_rooms (group_id, waiting)
SELECT group_id, COUNT(*) FROM outbox WHERE state = 'waiting' GROUP BY group_id;

CREATE INDEX gift_combos_pending ON gift_combos (group_id) WHERE due_ms IS NOT NULL;

-- Gifts of an order that were taken back before the room was told of them.
ALTER TABLE gift_orders ADD COLUMN withdrawn BIGINT NOT NULL DEFAULT 0;
-- 'asked' when an administrator gave it back, 'untold' when the room could not be told of it.
ALTER TABLE gift_orders ADD COLUMN refund_reason TEXT;
UPDATE gift_orders SET refund_reason = 'asked' WHERE refunded_ms IS NOT NULL;
-- Why a refund was booked; the same words.
ALTER TABLE ledger_transactions ADD COLUMN reason TEXT;
UPDATE ledger_transactions SET reason = 'asked' WHERE kind = 'refund';
