-- Times are microseconds since 1970 UTC. Entries are added and never changed.
CREATE TABLE incidents_entries (
    folio       BIGINT NOT NULL, -- of the book: 1, 2, 3, ...
    number      BIGINT NOT NULL, -- of the entry: 1, 2, 3, ... of the folio
    at          BIGINT NOT NULL,
    kind        TEXT   NOT NULL,
    by_name     TEXT   NOT NULL,
    why         TEXT   NOT NULL,
    via         TEXT   NOT NULL,
    corrects    BIGINT NOT NULL, -- number of the entry that this one corrects, or 0
    values_json TEXT   NOT NULL, -- what the entry says, as a JSON object of text
    leaf        BIGINT NOT NULL, -- of the evidence log
    PRIMARY KEY (folio, number)
);

-- What somebody told without an account, until the officer takes it into the book.
CREATE TABLE incidents_notes (
    code    TEXT   NOT NULL, -- what whoever told it knows it by
    number  BIGINT NOT NULL, -- 1 is the first, others were added later
    at      BIGINT NOT NULL,
    source  TEXT   NOT NULL, -- network that it came from, for the limits
    values_json TEXT NOT NULL,
    folio   BIGINT NOT NULL, -- of the incident it was taken into, 0 while it waits, -1 when it is none
    decided_by TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    leaf    BIGINT NOT NULL,
    PRIMARY KEY (code, number)
);

CREATE INDEX incidents_notes_at ON incidents_notes (at);
CREATE INDEX incidents_notes_folio ON incidents_notes (folio, at);
