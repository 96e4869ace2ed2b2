-- 1 for a draw that was over before lists were told to the room: its record is made, and nobody is
-- told of it any more.
ALTER TABLE draws ADD COLUMN quiet BIGINT NOT NULL DEFAULT 0;

UPDATE draws SET quiet = 1
WHERE state IN ('drawn', 'cancelled') AND recorded = 0 AND entrants_hash IS NULL;
