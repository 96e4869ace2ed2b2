-- Times are Unix seconds.

CREATE TABLE like_totals (
    group_id TEXT PRIMARY KEY NOT NULL,
    total BIGINT NOT NULL,
    -- What the chat service was told last.
    published BIGINT NOT NULL
);

CREATE TABLE like_days (
    group_id TEXT NOT NULL,
    -- Days since 1970, UTC.
    day BIGINT NOT NULL,
    likes BIGINT NOT NULL,
    PRIMARY KEY (group_id, day)
);

CREATE TABLE like_streams (
    group_id TEXT NOT NULL,
    stream BIGINT NOT NULL,
    likes BIGINT NOT NULL,
    PRIMARY KEY (group_id, stream)
);

-- Batches that were counted, for as long as they may come again.
CREATE TABLE like_batches (
    user_id TEXT NOT NULL,
    batch TEXT NOT NULL,
    at_s BIGINT NOT NULL,
    PRIMARY KEY (user_id, batch)
);

CREATE INDEX like_batches_by_age ON like_batches (at_s);
