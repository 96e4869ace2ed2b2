-- How far the batches of likes of each run of a client have been counted: they count upwards. Times
-- are Unix seconds.
CREATE TABLE like_runs (
    user_id TEXT NOT NULL,
    run TEXT NOT NULL,
    last BIGINT NOT NULL,
    at_s BIGINT NOT NULL,
    PRIMARY KEY (user_id, run)
);

CREATE INDEX like_runs_old ON like_runs (at_s);
DROP TABLE like_batches;

-- By which what is too old is found.
CREATE INDEX watching_old ON watching (since_ms);
CREATE INDEX moderation_reviews_old ON moderation_reviews (at_s);
CREATE INDEX moderation_measures_old ON moderation_measures (written_s) WHERE state > 0;
CREATE INDEX gift_combos_old ON gift_combos (last_ms) WHERE due_ms IS NULL;
CREATE INDEX gift_sums_old ON gift_sums (span_number) WHERE span = 'day';
CREATE INDEX like_days_old ON like_days (day);
CREATE INDEX streams_old ON streams (ended_s) WHERE ended_s IS NOT NULL;
CREATE INDEX showings_old ON showings (left_s) WHERE left_s IS NOT NULL;
CREATE INDEX draws_over ON draws (over_ms);
CREATE INDEX broadcasts_old ON broadcasts (made_ms) WHERE state <> 'waiting';
