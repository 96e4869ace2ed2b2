-- Whom an after-webhook concerns, which decides its order. Empty: nobody in particular. Only types
-- and syntax that SQLite and PostgreSQL share.
ALTER TABLE webhook_events ADD COLUMN group_id TEXT NOT NULL DEFAULT '';
ALTER TABLE webhook_events ADD COLUMN account TEXT NOT NULL DEFAULT '';
-- Events are found by their ids alone.
DROP INDEX webhook_events_by_app;
