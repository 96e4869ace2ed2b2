-- All numbers that are given once come from one table.
INSERT INTO counters (name, scope, n)
SELECT name, '', last FROM numbers_given
UNION ALL
SELECT CASE scope WHEN 'orders' THEN 'gift_orders' WHEN 'transactions' THEN 'ledger_transactions'
    ELSE scope END, '', last FROM ledger_counters
UNION ALL
SELECT 'outbox', '', value FROM outbox_figures WHERE name = 'number'
UNION ALL
SELECT 'notifications', '', value FROM notification_figures WHERE name = 'number'
UNION ALL
SELECT 'draws', group_id, last FROM draw_numbers
UNION ALL
SELECT 'streams', group_id, streams FROM rooms WHERE streams > 0;

DROP TABLE numbers_given;
DROP TABLE ledger_counters;
DROP TABLE outbox_figures;
DELETE FROM notification_figures WHERE name = 'number';
DROP TABLE draw_numbers;
ALTER TABLE rooms DROP COLUMN streams;
