-- What the shop's own server has to be told. Times are Unix milliseconds.

CREATE TABLE notifications (
    -- In the order of writing, over all rooms. Never given twice; an event that is sent again after
    -- it was given up gets another one.
    number BIGINT PRIMARY KEY NOT NULL,
    -- By which the receiver knows the event, whatever happens.
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    -- Events of one room are delivered in their order. Empty for those of no room.
    room TEXT NOT NULL,
    -- As it is sent.
    body TEXT NOT NULL,
    -- 'waiting' or 'dead'; what was delivered is deleted.
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    -- Of the last attempt: why it failed.
    reason TEXT,
    queued_ms BIGINT NOT NULL,
    -- Of a dead one: when it was given up.
    dead_ms BIGINT
);

CREATE INDEX notifications_waiting ON notifications (number, room) WHERE state = 'waiting';
CREATE INDEX notifications_rooms ON notifications (room, number) WHERE state = 'waiting';
CREATE INDEX notifications_dead ON notifications (number, dead_ms) WHERE state = 'dead';

CREATE TABLE notification_figures (
    name TEXT PRIMARY KEY NOT NULL,
    value BIGINT NOT NULL
);

-- What the shop has chosen to be told of; empty while it has no webhook.
CREATE TABLE notification_kinds (
    kind TEXT PRIMARY KEY NOT NULL
);

-- How many events may wait, the last number that was given, how many events wait, how many were not taken because too many
-- waited, and how many were given up and forgotten without ever being delivered.
INSERT INTO notification_figures (name, value)
VALUES ('limit', 0), ('number', 0), ('waiting', 0), ('dropped', 0), ('forgotten', 0);
