-- Times are microseconds since 1970 UTC; 0 is never.
CREATE TABLE notify_messages (
    id          BIGINT NOT NULL PRIMARY KEY, -- 1, 2, 3, ...
    about_key   TEXT   NOT NULL UNIQUE,      -- the sender's own: the same matter is queued once
    kind        TEXT   NOT NULL,
    urgent      BIGINT NOT NULL,             -- 1: no quiet hours, no digest
    portal_only BIGINT NOT NULL,             -- 1: by no channel but the portal
    subject_es  TEXT   NOT NULL,
    subject_en  TEXT   NOT NULL,
    body_es     TEXT   NOT NULL,
    body_en     TEXT   NOT NULL,
    link        TEXT   NOT NULL,             -- path of a page of the portal, may be empty
    to_json     TEXT   NOT NULL,             -- {"roles":[],"accounts":[],"escalate":[]}
    not_before  BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    planned_at  BIGINT NOT NULL,             -- when the first people were told
    level       BIGINT NOT NULL,             -- how often it went to the next role
    watched     BIGINT NOT NULL              -- 1: there may be something to do still
);

CREATE INDEX notify_messages_watched ON notify_messages (watched, not_before);

-- What stands in a person's inbox.
CREATE TABLE notify_notices (
    message   BIGINT NOT NULL,
    account   TEXT   NOT NULL,
    level     BIGINT NOT NULL, -- 0, or after how many steps it came here
    told_at   BIGINT NOT NULL,
    read_at   BIGINT NOT NULL,
    acked_at  BIGINT NOT NULL,
    acked_via TEXT   NOT NULL, -- portal or paper
    acked_by  TEXT   NOT NULL, -- account that recorded it
    slip      TEXT   NOT NULL, -- SHA-256 of the signed slip among the documents
    PRIMARY KEY (message, account)
);

CREATE INDEX notify_notices_account ON notify_notices (account, acked_at);

CREATE TABLE notify_deliveries (
    id         BIGINT NOT NULL PRIMARY KEY,
    message    BIGINT NOT NULL,
    channel    TEXT   NOT NULL, -- mail, webhook or syslog
    recipient  TEXT   NOT NULL, -- account; of a channel that has one receiver, empty
    state      TEXT   NOT NULL, -- waiting, held (for a digest), digest (went in one), delivered, given_up
    created_at BIGINT NOT NULL,
    next_at    BIGINT NOT NULL,
    attempts   BIGINT NOT NULL,
    trouble    TEXT   NOT NULL, -- code of the last one
    detail     TEXT   NOT NULL,
    tried_at   BIGINT NOT NULL,
    done_at    BIGINT NOT NULL,
    digest     BIGINT NOT NULL, -- the message that it went in
    UNIQUE (message, channel, recipient)
);

CREATE INDEX notify_deliveries_due ON notify_deliveries (state, next_at);

-- How a person is reached.
CREATE TABLE notify_people (
    account TEXT   NOT NULL PRIMARY KEY,
    address TEXT   NOT NULL,
    lang    TEXT   NOT NULL,
    mode    TEXT   NOT NULL, -- each, daily, weekly, none; empty: as the role
    paper   BIGINT NOT NULL  -- 1: is given notices on paper
);

CREATE TABLE notify_settings (
    id            BIGINT NOT NULL PRIMARY KEY, -- 1
    settings_json TEXT   NOT NULL,
    by_name       TEXT   NOT NULL,
    at            BIGINT NOT NULL
);
