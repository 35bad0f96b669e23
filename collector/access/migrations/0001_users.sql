CREATE TABLE access_users (
    name TEXT PRIMARY KEY,        -- lower case
    role TEXT NOT NULL,
    password TEXT NOT NULL,       -- argon2id, PHC string
    created_at BIGINT NOT NULL,
    disabled BIGINT NOT NULL,     -- 0 or 1
    failures BIGINT NOT NULL,     -- wrong passwords in a row
    locked_until BIGINT NOT NULL, -- 0: not locked
    last_login_at BIGINT NOT NULL -- 0: never
);
