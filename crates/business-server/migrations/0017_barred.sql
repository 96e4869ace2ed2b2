-- 1 for an account that is an administrator of the application, as the chat service said last.
ALTER TABLE accounts ADD COLUMN barred BIGINT NOT NULL DEFAULT 0;
