-- The number of the last stream of the room.
ALTER TABLE rooms ADD COLUMN streams BIGINT NOT NULL DEFAULT 0;
UPDATE rooms SET streams = (
    SELECT COALESCE(MAX(s.stream), 0) FROM streams s WHERE s.group_id = rooms.group_id);

-- Since when the group of the room is gone; NULL while there is one.
ALTER TABLE rooms ADD COLUMN gone_s BIGINT;

-- At most one stream of a room runs.
CREATE UNIQUE INDEX streams_that_run ON streams (group_id) WHERE ended_s IS NULL;
