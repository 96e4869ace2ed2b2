-- Wallets and gifts. Amounts are whole coins. Times are Unix milliseconds.

-- The ledger. Accounts are 'wallet:USER', 'income:USER' of who owns a room, and the sources of
-- coins, 'source:development' and 'source:payment', which stand below zero by what they gave.
CREATE TABLE ledger_accounts (
    account TEXT PRIMARY KEY NOT NULL,
    -- The sum of the account's entries, kept in the transactions that write them.
    balance BIGINT NOT NULL,
    CHECK (balance >= 0 OR account NOT LIKE 'wallet:%')
);

CREATE TABLE ledger_transactions (
    number BIGINT PRIMARY KEY NOT NULL,
    -- 'top_up', 'gift' or 'refund'
    kind TEXT NOT NULL,
    -- What it was made for. Nothing is booked twice.
    reference TEXT NOT NULL UNIQUE,
    at_ms BIGINT NOT NULL
);

-- Each transaction has two, which add up to zero.
CREATE TABLE ledger_entries (
    transaction_number BIGINT NOT NULL REFERENCES ledger_transactions (number),
    account TEXT NOT NULL REFERENCES ledger_accounts (account),
    amount BIGINT NOT NULL,
    PRIMARY KEY (transaction_number, account)
);

CREATE INDEX ledger_entries_of ON ledger_entries (account, transaction_number);

-- First answers of calls that move coins, for repeats of them.
CREATE TABLE idempotency_keys (
    user_id TEXT NOT NULL,
    key TEXT NOT NULL,
    request TEXT NOT NULL,
    answer TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (user_id, key)
);

CREATE INDEX idempotency_keys_at ON idempotency_keys (at_ms);

-- Gifts of one kind that one person gives in a row.
CREATE TABLE gift_combos (
    group_id TEXT NOT NULL REFERENCES rooms (group_id),
    combo TEXT NOT NULL,
    user_id TEXT NOT NULL,
    gift TEXT NOT NULL,
    -- Number of the order that opened it.
    opened BIGINT NOT NULL,
    -- Gifts that were paid, and how many of them the room has been told or is about to be told.
    total BIGINT NOT NULL,
    told BIGINT NOT NULL,
    -- The gift message, as the last order would tell it.
    message TEXT NOT NULL,
    last_ms BIGINT NOT NULL,
    -- Of gifts that are not told yet: when the first was paid, and when they have to be told.
    since_ms BIGINT,
    due_ms BIGINT,
    PRIMARY KEY (group_id, combo)
);

CREATE INDEX gift_combos_due ON gift_combos (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX gift_combos_of ON gift_combos (group_id, user_id, gift, opened);

-- What was bought by one call.
CREATE TABLE gift_orders (
    number BIGINT PRIMARY KEY NOT NULL,
    order_id TEXT NOT NULL UNIQUE,
    group_id TEXT NOT NULL REFERENCES rooms (group_id),
    stream BIGINT NOT NULL,
    -- Days since 1970 in UTC.
    day BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    -- Whose income it is: the owner of the room.
    owner TEXT NOT NULL,
    gift TEXT NOT NULL,
    combo TEXT NOT NULL,
    count BIGINT NOT NULL,
    -- For all of them together.
    coins BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    refunded_ms BIGINT
);

CREATE INDEX gift_orders_of ON gift_orders (group_id, stream, at_ms);

-- What each person gave in a room, on a day or in a stream, without what was refunded.
CREATE TABLE gift_sums (
    group_id TEXT NOT NULL REFERENCES rooms (group_id),
    -- 'day' or 'stream', and its number
    span TEXT NOT NULL,
    span_number BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    coins BIGINT NOT NULL,
    -- Number of the order by which the sum was reached.
    reached BIGINT NOT NULL,
    PRIMARY KEY (group_id, span, span_number, user_id)
);

CREATE INDEX gift_sums_ranked ON gift_sums (group_id, span, span_number, coins DESC, reached);

-- What a room has brought in all, without what was refunded.
CREATE TABLE gift_income (
    group_id TEXT PRIMARY KEY NOT NULL REFERENCES rooms (group_id),
    gifts BIGINT NOT NULL,
    coins BIGINT NOT NULL
);
