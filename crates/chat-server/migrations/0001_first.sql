-- Applications with their UserSig key, administrators, accounts, groups and custom group fields.
-- Only types and syntax that SQLite and PostgreSQL share. Times are Unix seconds.

CREATE TABLE applications (
    sdk_app_id  BIGINT PRIMARY KEY,
    name        TEXT   NOT NULL,
    key         TEXT   NOT NULL,
    create_time BIGINT NOT NULL
);

CREATE TABLE app_admins (
    sdk_app_id BIGINT NOT NULL REFERENCES applications (sdk_app_id),
    user_id    TEXT   NOT NULL,
    PRIMARY KEY (sdk_app_id, user_id)
);

CREATE TABLE accounts (
    sdk_app_id  BIGINT NOT NULL REFERENCES applications (sdk_app_id),
    user_id     TEXT   NOT NULL,
    nick        TEXT   NOT NULL DEFAULT '',
    face_url    TEXT   NOT NULL DEFAULT '',
    create_time BIGINT NOT NULL,
    PRIMARY KEY (sdk_app_id, user_id)
);

CREATE TABLE group_fields (
    sdk_app_id BIGINT NOT NULL REFERENCES applications (sdk_app_id),
    name       TEXT   NOT NULL,
    PRIMARY KEY (sdk_app_id, name)
);

CREATE TABLE groups (
    sdk_app_id     BIGINT NOT NULL REFERENCES applications (sdk_app_id),
    group_id       TEXT   NOT NULL,
    group_type     TEXT   NOT NULL,
    name           TEXT   NOT NULL,
    introduction   TEXT   NOT NULL DEFAULT '',
    notification   TEXT   NOT NULL DEFAULT '',
    face_url       TEXT   NOT NULL DEFAULT '',
    owner          TEXT   NOT NULL DEFAULT '',
    create_time    BIGINT NOT NULL,
    last_info_time BIGINT NOT NULL,
    info_seq       BIGINT NOT NULL DEFAULT 0,
    -- Highest message sequence number that may have been given out: after a crash the room goes on
    -- above it, so that a number is never used twice.
    seq_reserved   BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (sdk_app_id, group_id)
);

CREATE TABLE group_field_values (
    sdk_app_id BIGINT NOT NULL,
    group_id   TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    value      TEXT   NOT NULL,
    PRIMARY KEY (sdk_app_id, group_id, name),
    FOREIGN KEY (sdk_app_id, group_id) REFERENCES groups (sdk_app_id, group_id) ON DELETE CASCADE
);
