ALTER TABLE access_users ADD COLUMN department TEXT NOT NULL DEFAULT '';  -- of whoever speaks for one
ALTER TABLE access_users ADD COLUMN until_at BIGINT NOT NULL DEFAULT 0;   -- when it ends; 0: never
ALTER TABLE access_users ADD COLUMN provisional BIGINT NOT NULL DEFAULT 0; -- 1: the password is to be replaced by its owner
ALTER TABLE access_users ADD COLUMN scope_from TEXT NOT NULL DEFAULT '';  -- first day of what an auditor looks at
ALTER TABLE access_users ADD COLUMN scope_until TEXT NOT NULL DEFAULT ''; -- last day
ALTER TABLE access_users ADD COLUMN requirement TEXT NOT NULL DEFAULT ''; -- the requirement that an auditor has
ALTER TABLE access_users ADD COLUMN via TEXT NOT NULL DEFAULT '';         -- where its password is checked; empty: here

-- Wrong attempts. source is '' for the account from its own places, '*' from all others,
-- or one other place.
CREATE TABLE access_attempts (
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    locked_until BIGINT NOT NULL, -- 0: not locked
    struck BIGINT NOT NULL,       -- 1: it was locked since the last good attempt
    suspended BIGINT NOT NULL,    -- 1: until it is unlocked
    PRIMARY KEY (name, source)
);

-- From where an account logged in.
CREATE TABLE access_places (
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (name, source)
);

CREATE TABLE access_totp (
    name TEXT PRIMARY KEY,
    secret TEXT NOT NULL,      -- base32
    added_at BIGINT NOT NULL,
    last_step BIGINT NOT NULL  -- of the last code that was used
);

CREATE TABLE access_codes (
    name TEXT NOT NULL,
    hash TEXT NOT NULL,        -- argon2id, hexadecimal
    salt TEXT NOT NULL,        -- of all codes of one sheet, hexadecimal
    made_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,   -- 0: not used
    PRIMARY KEY (name, hash)
);

CREATE TABLE access_keys (
    name TEXT NOT NULL,
    id TEXT NOT NULL,          -- of the credential, base64url
    label TEXT NOT NULL,
    credential TEXT NOT NULL,  -- JSON
    added_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,   -- 0: never
    PRIMARY KEY (name, id)
);

CREATE TABLE access_sessions (
    token TEXT PRIMARY KEY,    -- hash of the browser's
    name TEXT NOT NULL,
    data BYTEA NOT NULL,
    source TEXT NOT NULL,
    browser TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX access_sessions_name ON access_sessions (name);

CREATE TABLE access_unlocks (
    name TEXT PRIMARY KEY,
    why TEXT NOT NULL,         -- the written request
    asked_by TEXT NOT NULL,
    asked_at BIGINT NOT NULL
);
