-- Times are microseconds since 1970 UTC; 0 means never.
CREATE TABLE enroll_tokens (
    id          TEXT   NOT NULL PRIMARY KEY, -- public; begins base32(SHA-256(secret))
    secret_hash BYTEA  NOT NULL UNIQUE,      -- SHA-256 of the 16 secret bytes
    hostname    TEXT   NOT NULL,             -- the only machine it admits, or ''
    department  TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    created_by  TEXT   NOT NULL,
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT NOT NULL,
    used_by     TEXT   NOT NULL,             -- agent_id, or ''
    revoked_at  BIGINT NOT NULL
);

CREATE TABLE enroll_machines (
    agent_id       TEXT   NOT NULL PRIMARY KEY,
    hostname       TEXT   NOT NULL,
    os             TEXT   NOT NULL,
    os_name        TEXT   NOT NULL,
    os_version     TEXT   NOT NULL,
    arch           TEXT   NOT NULL,
    agent_version  TEXT   NOT NULL,
    department     TEXT   NOT NULL,
    report_key     BYTEA  NOT NULL UNIQUE,   -- Ed25519
    token_id       TEXT   NOT NULL,
    enrolled_at    BIGINT NOT NULL,
    last_seen      BIGINT NOT NULL,
    status         TEXT   NOT NULL,          -- active, revoked or retired
    status_since   BIGINT NOT NULL,
    status_why     TEXT   NOT NULL,
    status_by      TEXT   NOT NULL,
    cert_serial    TEXT   NOT NULL,          -- hexadecimal
    cert_not_after BIGINT NOT NULL,
    cert_key       BYTEA  NOT NULL,          -- SHA-256 of the public key's SubjectPublicKeyInfo
    cert_key_old   BYTEA  NOT NULL           -- the one before, for an agent that never got the answer
);

CREATE TABLE enroll_known (
    hostname    TEXT   NOT NULL PRIMARY KEY, -- lower case
    department  TEXT   NOT NULL,
    note        TEXT   NOT NULL,
    excluded    BIGINT NOT NULL,
    imported_at BIGINT NOT NULL
);
