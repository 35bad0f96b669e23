-- The acts of the reviews. Times are microseconds since 1970 UTC. An act is what its steps
-- make of it: state and the other columns of reviews_acts repeat them for lists.
CREATE TABLE reviews_acts (
    id        TEXT   NOT NULL PRIMARY KEY, -- 2026Q4, and 2026Q4.1 for its first amendment
    period    TEXT   NOT NULL,
    amends    TEXT   NOT NULL, -- the act that it amends; empty
    state     TEXT   NOT NULL,
    steps     BIGINT NOT NULL, -- how many there are
    opened_at BIGINT NOT NULL,
    closed_at BIGINT NOT NULL  -- when it was locked; 0
);

CREATE INDEX reviews_acts_time ON reviews_acts (opened_at, id);

CREATE TABLE reviews_steps (
    act     TEXT   NOT NULL,
    number  BIGINT NOT NULL, -- 1, 2, 3, ... of the act
    leaf    BIGINT NOT NULL, -- of the evidence log, with the same payload
    payload TEXT   NOT NULL,
    PRIMARY KEY (act, number)
);

-- The frozen numbers of a period, as gzipped JSON. Their digest is in the first step.
CREATE TABLE reviews_snapshots (
    act  TEXT  NOT NULL PRIMARY KEY,
    data BYTEA NOT NULL
);
