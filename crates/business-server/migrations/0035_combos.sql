-- The last number that was given, for each scope. A number is claimed in the transaction that uses it.
CREATE TABLE ledger_counters (
    -- 'orders' of gifts, and 'transactions' of the ledger
    scope TEXT PRIMARY KEY NOT NULL,
    last BIGINT NOT NULL
);

INSERT INTO ledger_counters (scope, last)
SELECT 'orders', COALESCE(MAX(number), 0) FROM gift_orders;
INSERT INTO ledger_counters (scope, last)
SELECT 'transactions', COALESCE(MAX(number), 0) FROM ledger_transactions;

-- Names of combos that begin as orders do are the service's own from now on. Orders get another
-- beginning with the next start, which nobody can have chosen for a combo before.
DELETE FROM secrets WHERE name = 'order_tag';

-- How many merged messages a combo has made: the last part of their names.
ALTER TABLE gift_combos ADD COLUMN messages BIGINT NOT NULL DEFAULT 0;
UPDATE gift_combos SET messages = told;

-- A combo's orders, in their order.
CREATE INDEX gift_orders_combo ON gift_orders (group_id, combo, number);
