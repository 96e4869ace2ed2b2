-- How many minutes the last sitting that ended was credited.
ALTER TABLE experience_caps ADD COLUMN taken BIGINT NOT NULL DEFAULT 0;
