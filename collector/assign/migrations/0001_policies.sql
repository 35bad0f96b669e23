-- Times are microseconds since 1970 UTC. Rows are only added.
CREATE TABLE assign_sources (
    version     BIGINT NOT NULL PRIMARY KEY, -- 1, 2, 3, ...
    name        TEXT   NOT NULL,             -- the imported file's name, without its folder
    body        BYTEA  NOT NULL,             -- its bytes
    imported_at BIGINT NOT NULL,
    imported_by TEXT   NOT NULL,
    leaf        BIGINT NOT NULL
);

CREATE TABLE assign_policies (
    agent_id  TEXT   NOT NULL,
    epoch     BIGINT NOT NULL,
    version   BIGINT NOT NULL,
    content   BYTEA  NOT NULL, -- SHA-256 of the policy without epoch, version and date
    policy    BYTEA  NOT NULL, -- verbatim JSON, as signed
    signature BYTEA  NOT NULL,
    issued_at BIGINT NOT NULL,
    leaf      BIGINT NOT NULL,
    PRIMARY KEY (agent_id, epoch, version)
);
