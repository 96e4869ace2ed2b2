-- Who may come in, for how long, and what ended it.

-- Tokens carry the number that their account had when they were made; another one ends them all.
ALTER TABLE accounts ADD COLUMN token_epoch BIGINT NOT NULL DEFAULT 0;
-- Since when the account is kept out, in Unix seconds; NULL for one that is not.
ALTER TABLE accounts ADD COLUMN blocked_s BIGINT;
-- The role of the last sign-in, and whether an administrator has set another one that holds instead.
ALTER TABLE accounts ADD COLUMN told_role TEXT;
ALTER TABLE accounts ADD COLUMN role_is_set BIGINT NOT NULL DEFAULT 0;
-- The name in small letters, for the search.
ALTER TABLE accounts ADD COLUMN nick_key TEXT NOT NULL DEFAULT '';
UPDATE accounts SET told_role = role, nick_key = lower(nick);
CREATE INDEX accounts_by_name ON accounts (nick_key);

-- The last number that was given of each kind. Never given twice, whatever is deleted.
CREATE TABLE numbers_given (
    name TEXT PRIMARY KEY NOT NULL,
    last BIGINT NOT NULL
);

-- Which account a person of the identity server has.
CREATE TABLE account_subjects (
    -- SHA-256 of issuer and subject, in hexadecimal. It stays when the person is deleted.
    digest TEXT PRIMARY KEY NOT NULL,
    issuer TEXT,
    subject TEXT,
    user_id TEXT UNIQUE,
    -- Tokens that were issued before are refused. Unix milliseconds.
    newest_ms BIGINT NOT NULL
);

-- What the chat service has to do to an account, until it has done it.
CREATE TABLE account_jobs (
    user_id TEXT PRIMARY KEY NOT NULL,
    -- sign_out or delete
    job TEXT NOT NULL,
    -- Counts the wishes, so that one that comes during the work is not lost.
    version BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_ms BIGINT NOT NULL
);

CREATE INDEX account_jobs_next ON account_jobs (next_ms);
