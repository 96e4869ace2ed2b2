-- Who is in which room, for the time that is spent there. Times are Unix milliseconds.
CREATE TABLE watching (
    user_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    -- From here on nothing has been credited.
    since_ms BIGINT NOT NULL,
    -- When the connection was lost; NULL while it is there.
    away_ms BIGINT,
    PRIMARY KEY (user_id, group_id)
);

-- How much of the caps of a day and of a minute each account has used.
CREATE TABLE experience_caps (
    user_id TEXT PRIMARY KEY NOT NULL,
    -- Unix days, in UTC.
    day BIGINT NOT NULL,
    watched_minutes BIGINT NOT NULL,
    -- Unix minutes.
    minute BIGINT NOT NULL,
    comments BIGINT NOT NULL
);

-- Gift messages that have been credited: the outbox may deliver one twice.
CREATE TABLE experience_gifts (
    message TEXT PRIMARY KEY NOT NULL,
    at_ms BIGINT NOT NULL
);

CREATE INDEX experience_gifts_old ON experience_gifts (at_ms);

-- Accounts whose level has to be written to their profile.
CREATE TABLE levels_to_write (
    user_id TEXT PRIMARY KEY NOT NULL,
    -- Counts the changes, so that one that comes during the writing is not lost.
    version BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_ms BIGINT NOT NULL
);

CREATE INDEX levels_to_write_next ON levels_to_write (next_ms);
