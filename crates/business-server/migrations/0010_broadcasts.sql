CREATE TABLE broadcasts (
    broadcast TEXT PRIMARY KEY NOT NULL,
    text TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    -- undecided, broadcast or rooms
    way TEXT NOT NULL,
    -- Why this way, or why it failed: the sentence of the chat service.
    reason TEXT,
    -- waiting, done or failed
    state TEXT NOT NULL
);

CREATE INDEX broadcasts_waiting ON broadcasts (made_ms) WHERE state = 'waiting';

-- The rooms of a broadcast that goes room by room.
CREATE TABLE broadcast_rooms (
    broadcast TEXT NOT NULL REFERENCES broadcasts (broadcast),
    group_id TEXT NOT NULL REFERENCES rooms (group_id),
    -- 1 when the posting of this room has been written.
    posted BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (broadcast, group_id)
);
