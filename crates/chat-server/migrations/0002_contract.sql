-- The whole contract: editions, settings, webhooks, field rights, profiles, group data, one-to-one
-- messages. Only types and syntax that SQLite and PostgreSQL share. Times are Unix seconds where a
-- name does not say otherwise; 4294967295 is for ever.

-- Counts every change of the configuration, so that a running service notices one.
CREATE TABLE configuration (
    id      BIGINT PRIMARY KEY,
    version BIGINT NOT NULL
);
INSERT INTO configuration (id, version) VALUES (1, 1);

ALTER TABLE applications ADD COLUMN edition TEXT NOT NULL DEFAULT 'free';
ALTER TABLE applications ADD COLUMN callback_url TEXT NOT NULL DEFAULT '';
ALTER TABLE applications ADD COLUMN callback_token TEXT NOT NULL DEFAULT '';
ALTER TABLE applications ADD COLUMN callback_on_failure TEXT NOT NULL DEFAULT 'allow';
-- The number of the last broadcast.
ALTER TABLE applications ADD COLUMN broadcast_seq BIGINT NOT NULL DEFAULT 0;

CREATE TABLE app_callbacks (
    sdk_app_id BIGINT NOT NULL REFERENCES applications (sdk_app_id),
    command    TEXT   NOT NULL,
    PRIMARY KEY (sdk_app_id, command)
);

CREATE TABLE app_settings (
    sdk_app_id BIGINT NOT NULL REFERENCES applications (sdk_app_id),
    name       TEXT   NOT NULL,
    value      TEXT   NOT NULL,
    PRIMARY KEY (sdk_app_id, name)
);

-- Group types are their names with commas between them.
ALTER TABLE group_fields ADD COLUMN group_types TEXT NOT NULL DEFAULT 'AVChatRoom';
ALTER TABLE group_fields ADD COLUMN read_right TEXT NOT NULL DEFAULT 'anyone';
ALTER TABLE group_fields ADD COLUMN write_right TEXT NOT NULL DEFAULT 'app-admin';
ALTER TABLE group_fields ADD COLUMN create_time BIGINT NOT NULL DEFAULT 0;

CREATE TABLE member_fields (
    sdk_app_id BIGINT NOT NULL REFERENCES applications (sdk_app_id),
    name       TEXT   NOT NULL,
    PRIMARY KEY (sdk_app_id, name)
);

ALTER TABLE accounts ADD COLUMN c2c_muted_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN group_muted_until BIGINT NOT NULL DEFAULT 0;

-- Profile tags other than nickname and picture; the value is JSON, because a tag has a type.
CREATE TABLE profile_values (
    sdk_app_id BIGINT NOT NULL,
    user_id    TEXT   NOT NULL,
    tag        TEXT   NOT NULL,
    value      TEXT   NOT NULL,
    PRIMARY KEY (sdk_app_id, user_id, tag),
    FOREIGN KEY (sdk_app_id, user_id) REFERENCES accounts (sdk_app_id, user_id) ON DELETE CASCADE
);

ALTER TABLE groups ADD COLUMN mute_all BIGINT NOT NULL DEFAULT 0;
ALTER TABLE groups ADD COLUMN apply_join_option TEXT NOT NULL DEFAULT 'FreeAccess';
ALTER TABLE groups ADD COLUMN max_member_num BIGINT NOT NULL DEFAULT 0;
CREATE INDEX groups_by_type ON groups (sdk_app_id, group_type, group_id);

CREATE TABLE group_attributes (
    sdk_app_id BIGINT NOT NULL,
    group_id   TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    value      TEXT   NOT NULL,
    PRIMARY KEY (sdk_app_id, group_id, name),
    FOREIGN KEY (sdk_app_id, group_id) REFERENCES groups (sdk_app_id, group_id) ON DELETE CASCADE
);

CREATE TABLE group_counters (
    sdk_app_id BIGINT NOT NULL,
    group_id   TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    value      BIGINT NOT NULL,
    PRIMARY KEY (sdk_app_id, group_id, name),
    FOREIGN KEY (sdk_app_id, group_id) REFERENCES groups (sdk_app_id, group_id) ON DELETE CASCADE
);

CREATE TABLE group_mutes (
    sdk_app_id  BIGINT NOT NULL,
    group_id    TEXT   NOT NULL,
    user_id     TEXT   NOT NULL,
    muted_until BIGINT NOT NULL,
    PRIMARY KEY (sdk_app_id, group_id, user_id),
    FOREIGN KEY (sdk_app_id, group_id) REFERENCES groups (sdk_app_id, group_id) ON DELETE CASCADE
);
CREATE INDEX group_mutes_by_end ON group_mutes (muted_until);

CREATE TABLE group_bans (
    sdk_app_id   BIGINT NOT NULL,
    group_id     TEXT   NOT NULL,
    user_id      TEXT   NOT NULL,
    banned_until BIGINT NOT NULL,
    description  TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (sdk_app_id, group_id, user_id),
    FOREIGN KEY (sdk_app_id, group_id) REFERENCES groups (sdk_app_id, group_id) ON DELETE CASCADE
);
CREATE INDEX group_bans_by_end ON group_bans (banned_until);

CREATE TABLE group_admins (
    sdk_app_id BIGINT NOT NULL,
    group_id   TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    PRIMARY KEY (sdk_app_id, group_id, user_id),
    FOREIGN KEY (sdk_app_id, group_id) REFERENCES groups (sdk_app_id, group_id) ON DELETE CASCADE
);
CREATE INDEX group_admins_by_user ON group_admins (sdk_app_id, user_id);

-- Members of groups that store them; an AVChatRoom has none.
CREATE TABLE group_members (
    sdk_app_id     BIGINT NOT NULL,
    group_id       TEXT   NOT NULL,
    user_id        TEXT   NOT NULL,
    join_time      BIGINT NOT NULL,
    name_card      TEXT   NOT NULL DEFAULT '',
    msg_flag       TEXT   NOT NULL DEFAULT 'AcceptAndNotify',
    read_seq       BIGINT NOT NULL DEFAULT 0,
    last_send_time BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (sdk_app_id, group_id, user_id),
    FOREIGN KEY (sdk_app_id, group_id) REFERENCES groups (sdk_app_id, group_id) ON DELETE CASCADE
);
CREATE INDEX group_members_by_user ON group_members (sdk_app_id, user_id);

CREATE TABLE group_messages (
    sdk_app_id BIGINT NOT NULL,
    group_id   TEXT   NOT NULL,
    seq        BIGINT NOT NULL,
    time_s     BIGINT NOT NULL,
    from_user  TEXT   NOT NULL,
    random     BIGINT NOT NULL,
    recalled   BIGINT NOT NULL DEFAULT 0,
    -- The message as the gateway gives it, as JSON.
    message    TEXT   NOT NULL,
    PRIMARY KEY (sdk_app_id, group_id, seq),
    FOREIGN KEY (sdk_app_id, group_id) REFERENCES groups (sdk_app_id, group_id) ON DELETE CASCADE
);
CREATE INDEX group_messages_by_time ON group_messages (time_s);

-- The two accounts of a conversation stand in `low` and `high`, in the order of their bytes, so that
-- a conversation is one range whoever asks.
CREATE TABLE c2c_messages (
    sdk_app_id   BIGINT NOT NULL,
    low          TEXT   NOT NULL,
    high         TEXT   NOT NULL,
    -- In the order of arrival, which is not that of the times: old messages can be imported.
    number       BIGINT NOT NULL,
    msg_key      TEXT   NOT NULL,
    from_user    TEXT   NOT NULL,
    to_user      TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    random       BIGINT NOT NULL,
    time_s       BIGINT NOT NULL,
    expire_time  BIGINT NOT NULL,
    -- 1: the sender's own devices have it too.
    for_sender   BIGINT NOT NULL,
    -- 1: it counts as unread until it is read.
    counts       BIGINT NOT NULL,
    -- 1: it may stand in the list of conversations.
    listed       BIGINT NOT NULL DEFAULT 1,
    withdrawn    BIGINT NOT NULL DEFAULT 0,
    client_id    TEXT   NOT NULL DEFAULT '',
    elements     TEXT   NOT NULL,
    cloud_custom_data TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (sdk_app_id, low, high, number)
);
CREATE INDEX c2c_messages_by_time ON c2c_messages (sdk_app_id, low, high, time_s, seq, number);
CREATE INDEX c2c_messages_by_key ON c2c_messages (sdk_app_id, low, high, msg_key);
-- Beside the primary key, for the conversations of an account.
CREATE INDEX c2c_messages_by_high ON c2c_messages (sdk_app_id, high, low);
CREATE INDEX c2c_messages_unread ON c2c_messages (sdk_app_id, to_user, from_user, number, expire_time)
    WHERE counts = 1 AND withdrawn = 0;
CREATE INDEX c2c_messages_by_client_id ON c2c_messages (sdk_app_id, from_user, client_id)
    WHERE client_id <> '';
CREATE INDEX c2c_messages_by_expiry ON c2c_messages (expire_time);

-- How far an account has read what a peer sent it.
CREATE TABLE c2c_reads (
    sdk_app_id  BIGINT NOT NULL,
    user_id     TEXT   NOT NULL,
    peer        TEXT   NOT NULL,
    read_number BIGINT NOT NULL,
    PRIMARY KEY (sdk_app_id, user_id, peer)
);

-- After-webhooks that no receiver has taken yet.
CREATE TABLE webhook_events (
    id         BIGINT PRIMARY KEY,
    sdk_app_id BIGINT NOT NULL,
    command    TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    client_ip  TEXT   NOT NULL,
    platform   TEXT   NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0,
    next_ms    BIGINT NOT NULL,
    create_ms  BIGINT NOT NULL
);
CREATE INDEX webhook_events_by_app ON webhook_events (sdk_app_id, id, next_ms);

-- The last id that was given to an event: ids are not used twice.
CREATE TABLE webhook_numbers (
    id   BIGINT PRIMARY KEY,
    last BIGINT NOT NULL
);
INSERT INTO webhook_numbers (id, last) VALUES (1, 0);
