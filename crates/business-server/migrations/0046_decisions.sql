-- What an administrator decided of an account that was deleted: it holds for who comes back under the
-- same id.
CREATE TABLE kept_decisions (
    user_id TEXT PRIMARY KEY NOT NULL,
    -- NULL where the sign-ins say it.
    role TEXT,
    -- As in accounts.
    blocked_s BIGINT
);
