-- Times are Unix seconds unless a name says otherwise. The empty group id stands for all rooms.

CREATE TABLE moderation_rules (
    group_id TEXT PRIMARY KEY NOT NULL,
    -- JSON.
    rules TEXT NOT NULL
);

CREATE TABLE moderation_words (
    group_id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- JSON of the whole list.
    list TEXT NOT NULL,
    PRIMARY KEY (group_id, name)
);

CREATE TABLE moderation_log (
    id BIGINT PRIMARY KEY NOT NULL,
    group_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    text TEXT NOT NULL,
    reason TEXT NOT NULL,
    action TEXT NOT NULL,
    -- 1 when it counts against the account.
    strike BIGINT NOT NULL,
    at_s BIGINT NOT NULL
);

CREATE INDEX moderation_log_by_account ON moderation_log (group_id, user_id, strike, at_s);
CREATE INDEX moderation_log_by_age ON moderation_log (at_s);

CREATE TABLE moderation_reviews (
    id BIGINT PRIMARY KEY NOT NULL,
    group_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    text TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- Random of the message, by which its number is found.
    random BIGINT NOT NULL,
    msg_seq BIGINT,
    at_s BIGINT NOT NULL,
    -- Absent while it is open.
    verdict TEXT,
    moderator TEXT
);

CREATE INDEX moderation_reviews_open ON moderation_reviews (group_id, verdict, id);
CREATE INDEX moderation_reviews_by_message ON moderation_reviews (group_id, user_id, random);

-- What is to be done to an account in a room, one row for each kind.
CREATE TABLE moderation_measures (
    group_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    measure TEXT NOT NULL,
    -- 0 lifts it.
    until_s BIGINT NOT NULL,
    reason TEXT NOT NULL,
    -- 0 is to be carried out, 1 was, 2 cannot be.
    state BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    written_s BIGINT NOT NULL,
    PRIMARY KEY (group_id, user_id, measure)
);

CREATE INDEX moderation_measures_due ON moderation_measures (state, attempts);
