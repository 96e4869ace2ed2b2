CREATE TABLE draws (
    draw TEXT PRIMARY KEY NOT NULL,
    group_id TEXT NOT NULL REFERENCES rooms (group_id),
    -- Counts the draws of a room from 1.
    number BIGINT NOT NULL,
    -- The stream that ran; NULL when none did.
    stream BIGINT,
    opened_by TEXT NOT NULL,
    -- As it is shown, and as comments are compared with it.
    keyword TEXT NOT NULL,
    wanted TEXT NOT NULL,
    -- contains or equals
    matching TEXT NOT NULL,
    prize TEXT NOT NULL,
    winners BIGINT NOT NULL,
    min_level BIGINT NOT NULL,
    must_have_gifted BIGINT NOT NULL,
    opened_ms BIGINT NOT NULL,
    ends_ms BIGINT NOT NULL,
    -- open, then closing (the list stands still), then drawn; or cancelled
    state TEXT NOT NULL,
    -- Hexadecimal; told to nobody before the state is drawn.
    seed TEXT NOT NULL,
    commitment TEXT NOT NULL,
    entrants BIGINT NOT NULL DEFAULT 0,
    not_admitted BIGINT NOT NULL DEFAULT 0,
    turned_away BIGINT NOT NULL DEFAULT 0,
    entrants_hash TEXT,
    over_ms BIGINT,
    UNIQUE (group_id, number)
);

CREATE UNIQUE INDEX draws_running ON draws (group_id) WHERE state IN ('open', 'closing');

CREATE TABLE draw_entrants (
    draw TEXT NOT NULL REFERENCES draws (draw),
    user_id TEXT NOT NULL,
    said_ms BIGINT NOT NULL,
    -- 0 for who did not fulfil the conditions when the draw was closed.
    admitted BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (draw, user_id)
);

CREATE TABLE draw_winners (
    draw TEXT NOT NULL REFERENCES draws (draw),
    place BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    nick TEXT NOT NULL,
    PRIMARY KEY (draw, place)
);
