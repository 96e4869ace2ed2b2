CREATE TABLE rooms (
    group_id TEXT PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL,
    title TEXT NOT NULL,
    -- The name of a live status.
    status TEXT NOT NULL,
    status_since_s BIGINT NOT NULL,
    created_s BIGINT NOT NULL
);

-- From going live to the end; pauses belong to it.
CREATE TABLE streams (
    stream BIGINT NOT NULL,
    group_id TEXT NOT NULL REFERENCES rooms (group_id),
    began_s BIGINT NOT NULL,
    ended_s BIGINT,
    PRIMARY KEY (group_id, stream)
);
