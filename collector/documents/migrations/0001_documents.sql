-- What was handed in. at is microseconds since 1970 UTC. A file that was handed in twice is
-- one row of documents_content and two of documents_received.
CREATE TABLE documents_content (
    sha256 TEXT   NOT NULL PRIMARY KEY, -- of the content, 64 hexadecimal digits
    size   BIGINT NOT NULL,             -- bytes
    type   TEXT   NOT NULL,             -- media type, as its first bytes tell
    data   BYTEA                        -- NULL when it was erased
);

CREATE TABLE documents_received (
    leaf    BIGINT NOT NULL PRIMARY KEY, -- of the evidence log
    sha256  TEXT   NOT NULL,
    name    TEXT   NOT NULL,
    about   TEXT   NOT NULL, -- what it belongs to: "incident/12"
    by_name TEXT   NOT NULL,
    at      BIGINT NOT NULL
);

CREATE INDEX documents_received_sha ON documents_received (sha256, leaf);
CREATE INDEX documents_received_about ON documents_received (about, leaf);
