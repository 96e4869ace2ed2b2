-- Who follows whom. A row stays when somebody follows no more, so that an older word about it, which
-- comes late, changes nothing.
CREATE TABLE follows (
    host TEXT NOT NULL,
    user_id TEXT NOT NULL,
    following BIGINT NOT NULL,
    -- Of the last word, in Unix seconds.
    told_s BIGINT NOT NULL,
    PRIMARY KEY (host, user_id)
);

-- How many follow: everybody who opens a room asks for it.
CREATE TABLE follow_sums (
    host TEXT PRIMARY KEY NOT NULL,
    followers BIGINT NOT NULL
);

ALTER TABLE draws ADD COLUMN must_follow BIGINT NOT NULL DEFAULT 0;
