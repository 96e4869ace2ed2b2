-- Who is in a room as far as the figures know, so that who loses the connection is counted once. Times
-- are Unix milliseconds.

CREATE TABLE statistics_presence (
    user_id TEXT NOT NULL,
    group_id TEXT NOT NULL REFERENCES rooms (group_id),
    -- here, lost, away or returned.
    state TEXT NOT NULL,
    since_ms BIGINT NOT NULL,
    PRIMARY KEY (user_id, group_id)
);

CREATE INDEX statistics_presence_by_state ON statistics_presence (state, since_ms);
CREATE INDEX statistics_presence_old ON statistics_presence (since_ms);
