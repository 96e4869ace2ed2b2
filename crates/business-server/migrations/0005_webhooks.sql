-- Events of the chat service. Times ending in _ms are Unix milliseconds.

CREATE TABLE webhook_events (
    id BIGINT PRIMARY KEY NOT NULL,
    -- A second event of the same key is a duplicate. Without one there are no duplicates.
    event_key TEXT UNIQUE,
    -- JSON as it came; empty once it was heard.
    body TEXT NOT NULL,
    came_ms BIGINT NOT NULL,
    -- 0 waits, 1 was heard, 2 was set aside.
    state BIGINT NOT NULL,
    failures BIGINT NOT NULL
);

CREATE INDEX webhook_events_by_state ON webhook_events (state, id);
CREATE INDEX webhook_events_by_age ON webhook_events (state, came_ms);
