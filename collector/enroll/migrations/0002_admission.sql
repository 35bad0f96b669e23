-- Tokens that admit several machines, from some networks, or when a person approves.
ALTER TABLE enroll_tokens ADD COLUMN machines BIGINT NOT NULL DEFAULT 1;
ALTER TABLE enroll_tokens ADD COLUMN networks TEXT NOT NULL DEFAULT ''; -- prefixes, apart by spaces; '' is any
ALTER TABLE enroll_tokens ADD COLUMN approval BIGINT NOT NULL DEFAULT 0; -- 1: a person approves each machine

-- Hashes of 16 bytes in hexadecimal, '' while they are not known.
ALTER TABLE enroll_machines ADD COLUMN hardware_id TEXT NOT NULL DEFAULT '';
ALTER TABLE enroll_machines ADD COLUMN installation_id TEXT NOT NULL DEFAULT '';
ALTER TABLE enroll_machines ADD COLUMN replaced_by TEXT NOT NULL DEFAULT ''; -- agent_id, or ''
CREATE INDEX enroll_machines_token ON enroll_machines (token_id);

-- Machines that asked with a token whose machines a person approves.
CREATE TABLE enroll_requests (
    code                TEXT   NOT NULL PRIMARY KEY, -- check code of report_key
    report_key          BYTEA  NOT NULL UNIQUE,      -- Ed25519
    certificate_request BYTEA  NOT NULL,             -- PKCS #10, DER
    token_id            TEXT   NOT NULL,
    hostname            TEXT   NOT NULL,
    os                  TEXT   NOT NULL,
    os_name             TEXT   NOT NULL,
    os_version          TEXT   NOT NULL,
    arch                TEXT   NOT NULL,
    agent_version       TEXT   NOT NULL,
    hardware_id         TEXT   NOT NULL,
    installation_id     TEXT   NOT NULL,
    said_department     TEXT   NOT NULL,             -- by the installer
    source              TEXT   NOT NULL,             -- address; '' when it came in a file
    asked_at            BIGINT NOT NULL,
    last_asked          BIGINT NOT NULL,
    state               TEXT   NOT NULL,             -- pending, approved, rejected or enrolled
    department          TEXT   NOT NULL,             -- by the person who approved
    decided_at          BIGINT NOT NULL,
    decided_by          TEXT   NOT NULL,
    why                 TEXT   NOT NULL,             -- of a rejection
    agent_id            TEXT   NOT NULL              -- once it is enrolled
);
CREATE INDEX enroll_requests_token ON enroll_requests (token_id);
CREATE INDEX enroll_requests_state ON enroll_requests (state, asked_at);

-- The hardware from which a machine's agent reported, at most a few.
CREATE TABLE enroll_hardware (
    agent_id    TEXT   NOT NULL,
    hardware_id TEXT   NOT NULL,
    first_seen  BIGINT NOT NULL,
    last_seen   BIGINT NOT NULL,
    PRIMARY KEY (agent_id, hardware_id)
);

-- Machines whose key signed two different reports with one number.
CREATE TABLE enroll_alarms (
    agent_id TEXT   NOT NULL PRIMARY KEY,
    first_at BIGINT NOT NULL,
    last_at  BIGINT NOT NULL,
    times    BIGINT NOT NULL
);

-- Machines that a person looked at and said to be what they seem: two different
-- ones, or one that changed with a reason (first = second).
CREATE TABLE enroll_distinct (
    first_id  TEXT   NOT NULL, -- first_id <= second_id, byte by byte
    second_id TEXT   NOT NULL,
    closed_at BIGINT NOT NULL,
    closed_by TEXT   NOT NULL,
    why       TEXT   NOT NULL,
    PRIMARY KEY (first_id, second_id)
);
