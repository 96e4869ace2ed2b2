-- Minutes are Unix seconds divided by 60. What happens while no stream runs is counted for the next
-- one. What was given and sold is not here: it is read from the orders.

CREATE TABLE statistics_minutes (
    group_id TEXT NOT NULL REFERENCES rooms (group_id),
    stream BIGINT NOT NULL,
    minute BIGINT NOT NULL,
    -- Online when the minute was sampled; NULL when it was not.
    viewers BIGINT,
    joins BIGINT NOT NULL DEFAULT 0,
    leaves BIGINT NOT NULL DEFAULT 0,
    comments BIGINT NOT NULL DEFAULT 0,
    -- Accounts that commented for the first time in the stream.
    new_chatters BIGINT NOT NULL DEFAULT 0,
    likes BIGINT NOT NULL DEFAULT 0,
    -- Messages that the chat service or this one refused, and that a crowded room left out.
    refused BIGINT NOT NULL DEFAULT 0,
    left_out BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (group_id, stream, minute)
);

CREATE INDEX statistics_minutes_old ON statistics_minutes (minute);

-- Who has commented in a stream.
CREATE TABLE statistics_chatters (
    group_id TEXT NOT NULL REFERENCES rooms (group_id),
    stream BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    -- Of the first comment that was heard.
    minute BIGINT NOT NULL,
    PRIMARY KEY (group_id, stream, user_id)
);

CREATE INDEX statistics_chatters_old ON statistics_chatters (minute);
