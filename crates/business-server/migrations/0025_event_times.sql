-- When an event happened by the chat service's clock, in Unix milliseconds; 0 when that is not known,
-- as for everything that was stored before.
ALTER TABLE webhook_events ADD COLUMN at_ms BIGINT NOT NULL DEFAULT 0;

-- For the oldest one that has not been processed.
CREATE INDEX webhook_events_waiting_since ON webhook_events (at_ms) WHERE state = 0;
