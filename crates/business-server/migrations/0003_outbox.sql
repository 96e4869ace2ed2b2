-- What rooms have to be told. Times are Unix milliseconds.

CREATE TABLE outbox (
    -- In the order of writing, over all lanes. Never given twice.
    number BIGINT PRIMARY KEY NOT NULL,
    key TEXT NOT NULL UNIQUE,
    lane TEXT NOT NULL,
    group_id TEXT NOT NULL,
    -- 'message' or 'field'
    kind TEXT NOT NULL,
    -- Of a field: its name.
    name TEXT,
    -- Of a message: its elements as JSON. Of a field: the value.
    body TEXT NOT NULL,
    -- Of a message: 'High', 'Normal' or 'Low'.
    priority TEXT,
    -- Of a message: in whose name; NULL for the administrator.
    sender TEXT,
    -- The Random of a message comes from this number. It is the row's own, until the chat service
    -- leaves the message out of a crowded room and has to be asked with another one.
    random_number BIGINT NOT NULL,
    -- 'waiting', 'delivered' or 'failed'
    state TEXT NOT NULL,
    -- Of a failed one: what the chat service said.
    reason TEXT,
    written_ms BIGINT NOT NULL,
    done_ms BIGINT
);

CREATE INDEX outbox_waiting ON outbox (number, lane) WHERE state = 'waiting';
CREATE INDEX outbox_lanes ON outbox (lane, number) WHERE state = 'waiting';
CREATE INDEX outbox_done ON outbox (state, done_ms) WHERE done_ms IS NOT NULL;

CREATE TABLE outbox_figures (
    name TEXT PRIMARY KEY NOT NULL,
    value BIGINT NOT NULL
);

-- The last number that was given, and how many postings wait.
INSERT INTO outbox_figures (name, value) VALUES ('number', 0), ('waiting', 0);
