-- Who moderates one room, by its host's word.
CREATE TABLE room_moderators (
    group_id TEXT NOT NULL REFERENCES rooms (group_id),
    user_id TEXT NOT NULL REFERENCES accounts (user_id),
    added_by TEXT NOT NULL,
    -- Unix seconds.
    added_s BIGINT NOT NULL,
    PRIMARY KEY (group_id, user_id)
);

CREATE INDEX room_moderators_by_account ON room_moderators (user_id);
CREATE INDEX moderation_measures_by_account ON moderation_measures (user_id, group_id);
