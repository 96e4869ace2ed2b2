-- Numbers that are given once and never again, whatever becomes of what had them. Only types and
-- syntax that SQLite and PostgreSQL share.

CREATE TABLE last_numbers (
    name TEXT   PRIMARY KEY,
    last BIGINT NOT NULL
);
-- The ids of applications have ten digits.
INSERT INTO last_numbers (name, last)
SELECT 'sdk_app_id', COALESCE(MAX(sdk_app_id), 1400000000) FROM applications;

-- The number of the last message of a conversation. What an account has read stays read when the
-- messages themselves are gone.
CREATE TABLE c2c_numbers (
    sdk_app_id BIGINT NOT NULL,
    low        TEXT   NOT NULL,
    high       TEXT   NOT NULL,
    last       BIGINT NOT NULL,
    PRIMARY KEY (sdk_app_id, low, high)
);
INSERT INTO c2c_numbers (sdk_app_id, low, high, last)
SELECT sdk_app_id, low, high, MAX(number) FROM (
    SELECT sdk_app_id, low, high, number FROM c2c_messages
    UNION ALL
    SELECT sdk_app_id,
           CASE WHEN user_id <= peer THEN user_id ELSE peer END,
           CASE WHEN user_id <= peer THEN peer ELSE user_id END,
           read_number
    FROM c2c_reads
) AS numbers GROUP BY sdk_app_id, low, high;
