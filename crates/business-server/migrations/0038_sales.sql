-- Orders of the shop in the order in which they were reported.
ALTER TABLE shop_orders ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
UPDATE shop_orders SET number = ranked.number
FROM (
    SELECT order_id, ROW_NUMBER() OVER (ORDER BY taken_s, order_id) AS number FROM shop_orders
) AS ranked
WHERE ranked.order_id = shop_orders.order_id;
CREATE UNIQUE INDEX shop_orders_numbers ON shop_orders (number);
INSERT INTO ledger_counters (scope, last)
SELECT 'shop_orders', COUNT(*) FROM shop_orders;

-- 1 for an order of more pieces than were there, or of a product that is not in the catalogue.
ALTER TABLE shop_orders ADD COLUMN oversold BIGINT NOT NULL DEFAULT 0;

CREATE INDEX gift_orders_given ON gift_orders (user_id, number);
CREATE INDEX gift_orders_rooms ON gift_orders (group_id, number);
CREATE INDEX shop_orders_rooms ON shop_orders (group_id, number);
CREATE INDEX shop_orders_users ON shop_orders (user_id, number);
CREATE INDEX shop_orders_products ON shop_orders (product, number);
