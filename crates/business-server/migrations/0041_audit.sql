-- What administrators, moderators and hosts did.
CREATE TABLE audit (
    number BIGINT PRIMARY KEY NOT NULL,
    at_ms BIGINT NOT NULL,
    -- Who, and by which role.
    actor TEXT NOT NULL,
    role TEXT NOT NULL,
    -- Method and path of the call, such as 'PUT /rooms/{room}/status'.
    call TEXT NOT NULL,
    -- NULL for what concerns no single room.
    room TEXT,
    -- An account, an order, a product, a draw: what the call is about.
    target TEXT NOT NULL,
    -- JSON; NULL where nothing was, or nothing is left.
    state_before TEXT,
    state_after TEXT,
    -- Name of the request, as its answer's header has it.
    request TEXT NOT NULL
);

CREATE INDEX audit_by_time ON audit (at_ms);
CREATE INDEX audit_by_actor ON audit (actor, number);
CREATE INDEX audit_by_target ON audit (target, number);
CREATE INDEX audit_by_room ON audit (room, number);
