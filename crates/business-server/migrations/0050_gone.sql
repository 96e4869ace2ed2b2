-- Ids of accounts that were deleted, for as long as a UserSig of before may open the chat service.
-- Nobody is let in under such an id meanwhile; at the end it is deleted once more, with what has come
-- under it, and its row goes. Unix milliseconds.
CREATE TABLE gone_accounts (
    user_id TEXT PRIMARY KEY NOT NULL,
    until_ms BIGINT NOT NULL
);

CREATE INDEX gone_accounts_until ON gone_accounts (until_ms);

-- Whose deletion the chat service has not answered yet.
INSERT INTO gone_accounts (user_id, until_ms)
SELECT user_id, 0 FROM account_jobs WHERE job = 'delete';

-- Tokens of the identity server that were issued before are refused, whoever the account's person is
-- there. Unix milliseconds.
ALTER TABLE accounts ADD COLUMN refuse_before_ms BIGINT NOT NULL DEFAULT 0;
