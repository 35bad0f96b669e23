-- Times are microseconds since 1970 UTC; until_at is 9223372036854775807 while
-- a row is open. All of this is a view: it can be made again from the log.

-- One row per stretch of time during which one part of one machine was seen in
-- one state. The rows of a track (machine, entry, key) never overlap.
CREATE TABLE findings_states (
    machine       TEXT   NOT NULL,
    entry         TEXT   NOT NULL,
    part          TEXT   NOT NULL, -- '' is the whole, else the finding's key
    from_at       BIGINT NOT NULL,
    sequence      BIGINT NOT NULL, -- of the report that began the row
    until_at      BIGINT NOT NULL,
    since         BIGINT NOT NULL, -- since when the status holds, perhaps in earlier rows
    last_at       BIGINT NOT NULL, -- last observation within the row
    last_sequence BIGINT NOT NULL,
    leaf          BIGINT NOT NULL, -- evidence of the last observation
    control       TEXT   NOT NULL,
    check_id      TEXT   NOT NULL,
    severity      TEXT   NOT NULL,
    status        TEXT   NOT NULL,
    agent_status  TEXT   NOT NULL,
    reason_code   TEXT   NOT NULL,
    reason_args   TEXT   NOT NULL, -- JSON object, or ''
    gone          BIGINT NOT NULL, -- the part is not there any more
    late          BIGINT NOT NULL, -- told after later observations were known
    fresh         BIGINT NOT NULL, -- microseconds for which an observation is believed
    settled       BIGINT NOT NULL, -- when a second observation, or a full report, confirmed it; 0: not yet
    first_seen    BIGINT NOT NULL, -- of the finding; 0: there never was one
    opened        BIGINT NOT NULL, -- of its present or last episode
    resolved      BIGINT NOT NULL, -- when that ended; 0: it lasts
    times         BIGINT NOT NULL, -- episodes so far
    PRIMARY KEY (machine, entry, part, from_at, sequence)
);
CREATE INDEX findings_states_until ON findings_states (until_at);
CREATE INDEX findings_states_machine ON findings_states (machine, until_at);

-- Facts that later reports may refer to by "as in sequence N".
CREATE TABLE findings_facts (
    machine       TEXT   NOT NULL,
    entry         TEXT   NOT NULL,
    sequence      BIGINT NOT NULL,
    last_sequence BIGINT NOT NULL, -- last report that referred to them
    observed      BYTEA  NOT NULL, -- JSON; empty: nothing could be observed
    agent_status  TEXT   NOT NULL,
    reason        TEXT   NOT NULL, -- the agent's, JSON
    PRIMARY KEY (machine, entry, sequence)
);

-- Stretches of time during which a machine reported.
CREATE TABLE findings_heard (
    machine TEXT   NOT NULL,
    from_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    silence BIGINT NOT NULL, -- microseconds after last_at at which it counts as silent
    PRIMARY KEY (machine, from_at)
);

-- What is known of a machine besides.
CREATE TABLE findings_machines (
    machine    TEXT   NOT NULL PRIMARY KEY,
    department TEXT   NOT NULL,
    ended_at   BIGINT NOT NULL -- when it was revoked or retired
);

-- The status of each control on each machine, the worst of its entries, with
-- past silence counted as unknown; and the changes of the counts by day, whose
-- running sums are the trend.
CREATE TABLE findings_controls (
    machine    TEXT   NOT NULL,
    control    TEXT   NOT NULL,
    from_at    BIGINT NOT NULL,
    until_at   BIGINT NOT NULL,
    department TEXT   NOT NULL,
    status     TEXT   NOT NULL,
    PRIMARY KEY (machine, control, from_at)
);
CREATE TABLE findings_days (
    day        BIGINT NOT NULL, -- days since 1970 in the organisation's time zone
    control    TEXT   NOT NULL,
    department TEXT   NOT NULL,
    status     TEXT   NOT NULL,
    delta      BIGINT NOT NULL,
    PRIMARY KEY (day, control, department, status)
);
