-- How far each machine's chain of reports has come.
CREATE TABLE ingest_cursors (
    agent_id TEXT   NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL, -- highest durable one
    hash     BYTEA  NOT NULL  -- of that report; empty when a gap hides it
);

-- The hash of each report, so that a repeated one is told from another with
-- its number. Only the last few thousand of each machine are kept.
CREATE TABLE ingest_reports (
    agent_id TEXT   NOT NULL,
    sequence BIGINT NOT NULL,
    hash     BYTEA  NOT NULL,
    leaf     BIGINT NOT NULL, -- index in the evidence log; -1: a gap told of it, it never came
    PRIMARY KEY (agent_id, sequence)
);

-- Alarms raised, so that one and the same is raised once.
CREATE TABLE ingest_alarms (
    agent_id  TEXT   NOT NULL,
    sequence  BIGINT NOT NULL,
    hash      BYTEA  NOT NULL, -- of what came and should not have
    raised_at BIGINT NOT NULL, -- microseconds since 1970 UTC
    leaf      BIGINT NOT NULL,
    PRIMARY KEY (agent_id, sequence, hash)
);
