-- Times are Unix seconds unless a name says otherwise.

CREATE TABLE secrets (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

CREATE TABLE accounts (
    user_id TEXT PRIMARY KEY NOT NULL,
    nick TEXT NOT NULL,
    role TEXT NOT NULL,
    -- From watching, speaking and giving; never falls.
    experience BIGINT NOT NULL DEFAULT 0,
    created_s BIGINT NOT NULL
);
