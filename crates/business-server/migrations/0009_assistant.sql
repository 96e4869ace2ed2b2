-- Times are Unix seconds unless a name says otherwise.

CREATE TABLE assistant_greetings (
    group_id TEXT PRIMARY KEY NOT NULL REFERENCES rooms (group_id),
    -- 1 or 0
    is_on BIGINT NOT NULL,
    text TEXT NOT NULL,
    text_many TEXT NOT NULL,
    every_s BIGINT NOT NULL,
    greeted_ms BIGINT,
    -- Who came in since the last greeting: up to three names in lines, and how many beside them.
    waiting_names TEXT NOT NULL DEFAULT '',
    waiting_more BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE assistant_rules (
    group_id TEXT NOT NULL REFERENCES rooms (group_id),
    position BIGINT NOT NULL,
    keyword TEXT NOT NULL,
    -- The keyword as it is compared.
    folded TEXT NOT NULL,
    answer TEXT NOT NULL,
    cool_down_s BIGINT NOT NULL,
    answered_ms BIGINT,
    PRIMARY KEY (group_id, position)
);

CREATE TABLE assistant_notices (
    group_id TEXT NOT NULL REFERENCES rooms (group_id),
    position BIGINT NOT NULL,
    text TEXT NOT NULL,
    -- One of the two: at a time, or again and again.
    at_s BIGINT,
    every_s BIGINT,
    -- NULL when it will not be posted any more.
    due_s BIGINT,
    PRIMARY KEY (group_id, position)
);

CREATE INDEX assistant_notices_due ON assistant_notices (due_s);

-- Numbers what the assistant says, over all rooms. One row.
CREATE TABLE assistant_sayings (
    name TEXT PRIMARY KEY NOT NULL,
    last BIGINT NOT NULL
);
