-- Times are microseconds since 1970 UTC. Both tables are made of the leaves of kind
-- decision, and can be made again from them.

-- What a person decided on a cause.
CREATE TABLE decisions_taken (
    id      BIGINT NOT NULL PRIMARY KEY, -- 1, 2, 3, ...; the leaf's sequence
    at      BIGINT NOT NULL,
    leaf    BIGINT NOT NULL, -- of the evidence log
    cause   TEXT   NOT NULL, -- key of the group
    record  TEXT   NOT NULL  -- the leaf's payload without its members, JSON
);
CREATE INDEX decisions_taken_cause ON decisions_taken (cause);

-- The findings that were there when it was taken.
CREATE TABLE decisions_members (
    decision BIGINT NOT NULL,
    machine  TEXT   NOT NULL, -- agent id; '' where it is not about a machine
    entry    TEXT   NOT NULL,
    part     TEXT   NOT NULL,
    opened   BIGINT NOT NULL, -- when the finding's episode began
    PRIMARY KEY (decision, machine, entry, part)
);
