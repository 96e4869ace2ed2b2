-- Which process runs a routine that only one may run. Times are Unix milliseconds.
CREATE TABLE leases (
    name TEXT PRIMARY KEY NOT NULL,
    node TEXT NOT NULL,
    -- The process that has it.
    owner TEXT NOT NULL,
    until_ms BIGINT NOT NULL
);
