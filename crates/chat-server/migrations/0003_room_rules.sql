-- The rules that somebody gave a room. Only types and syntax that SQLite and PostgreSQL share.

-- As JSON; a member that is absent was never set.
ALTER TABLE groups ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';
