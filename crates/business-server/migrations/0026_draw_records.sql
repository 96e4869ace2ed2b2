-- Comments in time that came when the list stood.
ALTER TABLE draws ADD COLUMN came_late BIGINT NOT NULL DEFAULT 0;

-- 1 once the record stands; nothing of the draw changes after that.
ALTER TABLE draws ADD COLUMN recorded BIGINT NOT NULL DEFAULT 0;

CREATE INDEX draws_pending ON draws (ends_ms) WHERE recorded = 0;
CREATE INDEX draws_by_end ON draws (group_id, ends_ms);

-- The list that is drawn from, in its order; page by page, each a JSON array of account ids. Complete
-- when the draw has its entrants_hash.
CREATE TABLE draw_pages (
    draw TEXT NOT NULL REFERENCES draws (draw),
    -- From 0.
    page BIGINT NOT NULL,
    entrants TEXT NOT NULL,
    PRIMARY KEY (draw, page)
);

-- What stands before the list of entrants in the public record, as text.
CREATE TABLE draw_records (
    draw TEXT PRIMARY KEY NOT NULL REFERENCES draws (draw),
    head TEXT NOT NULL
);

-- The last number that was given to a draw of a room.
CREATE TABLE draw_numbers (
    group_id TEXT PRIMARY KEY NOT NULL REFERENCES rooms (group_id),
    last BIGINT NOT NULL
);

INSERT INTO draw_numbers (group_id, last) SELECT group_id, MAX(number) FROM draws GROUP BY group_id;

-- Pages and records of draws that were drawn before are made by the service when it starts.
UPDATE draws SET entrants_hash = NULL WHERE state = 'drawn';
