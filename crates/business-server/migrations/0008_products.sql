-- Times are Unix seconds unless a name says otherwise; prices are in the smallest unit of the
-- currency.

CREATE TABLE products (
    product TEXT PRIMARY KEY NOT NULL,
    title TEXT NOT NULL,
    price_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    -- Empty for none.
    picture TEXT NOT NULL,
    link TEXT NOT NULL,
    -- Pieces that are left; NULL when nobody counts them.
    stock BIGINT CHECK (stock >= 0)
);

-- Entries of the catalogue file that have been taken over, so that what was changed or removed
-- afterwards stays changed or removed.
CREATE TABLE seeded_products (
    product TEXT PRIMARY KEY NOT NULL
);

-- What was in the slot of a room, numbered from 1; at most one showing of a room has not left.
CREATE TABLE showings (
    group_id TEXT NOT NULL REFERENCES rooms (group_id),
    showing BIGINT NOT NULL,
    -- The stream that ran, or the next one when none did.
    stream BIGINT NOT NULL,
    product TEXT NOT NULL,
    special_minor BIGINT,
    ends_at_s BIGINT,
    -- The field as it was written last, how often, and when; stale when the product has changed
    -- since.
    value TEXT NOT NULL,
    revision BIGINT NOT NULL,
    written_ms BIGINT NOT NULL,
    stale BIGINT NOT NULL DEFAULT 0,
    shown_s BIGINT NOT NULL,
    -- Account; NULL for the schedule.
    shown_by TEXT,
    left_s BIGINT,
    left_why TEXT,
    PRIMARY KEY (group_id, showing)
);

CREATE UNIQUE INDEX showings_in_slots ON showings (group_id) WHERE left_s IS NULL;

CREATE TABLE slot_queue (
    group_id TEXT NOT NULL REFERENCES rooms (group_id),
    position BIGINT NOT NULL,
    product TEXT NOT NULL,
    PRIMARY KEY (group_id, position)
);

CREATE TABLE slot_schedule (
    group_id TEXT NOT NULL REFERENCES rooms (group_id),
    at_s BIGINT NOT NULL,
    product TEXT NOT NULL,
    special_minor BIGINT,
    ends_in_s BIGINT,
    -- waiting, shown or missed
    state TEXT NOT NULL,
    PRIMARY KEY (group_id, at_s)
);

CREATE INDEX slot_schedule_waiting ON slot_schedule (at_s) WHERE state = 'waiting';

-- Who has opened the link of a product, once in each stream of a room.
CREATE TABLE product_clicks (
    group_id TEXT NOT NULL REFERENCES rooms (group_id),
    stream BIGINT NOT NULL,
    product TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (group_id, stream, product, user_id)
);

-- What the shop has sold, by the shop's own order ids.
CREATE TABLE shop_orders (
    order_id TEXT PRIMARY KEY NOT NULL,
    product TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    -- Room and stream that it is counted for; both NULL when the shop names no room.
    group_id TEXT REFERENCES rooms (group_id),
    stream BIGINT,
    user_id TEXT,
    taken_s BIGINT NOT NULL
);

CREATE INDEX shop_orders_of_streams ON shop_orders (group_id, stream, product);
