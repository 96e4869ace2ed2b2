-- When the receiver first refused an event for its content, in Unix milliseconds.
ALTER TABLE notifications ADD COLUMN refused_ms BIGINT;
