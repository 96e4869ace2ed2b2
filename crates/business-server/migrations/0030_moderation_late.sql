-- 1 where nothing passes that could not be looked at in time; also said by the rules themselves.
ALTER TABLE moderation_rules ADD COLUMN late_refused BIGINT NOT NULL DEFAULT 0;

-- Rises with every change of a room's rules, words or moderators: what is kept in memory is of one
-- version. The empty group id stands for all rooms.
CREATE TABLE moderation_versions (
    group_id TEXT PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL
);
