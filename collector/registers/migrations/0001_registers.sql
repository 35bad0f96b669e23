-- Times are microseconds since 1970 UTC. A row of a book has as many rows here as it had
-- versions: the one in force has until_at 9223372036854775807.
CREATE TABLE registers_rows (
    book       TEXT   NOT NULL,
    folio      BIGINT NOT NULL, -- 1, 2, 3, ... of the book; never used again
    version    BIGINT NOT NULL, -- 1, 2, 3, ... of the folio
    from_at    BIGINT NOT NULL, -- when it was written
    until_at   BIGINT NOT NULL, -- when the next version was
    removed    BIGINT NOT NULL, -- 1: struck out; values_json is the last before
    values_json TEXT  NOT NULL, -- the fields that are not empty, canonical, as a JSON object
    by_name    TEXT   NOT NULL,
    why        TEXT   NOT NULL,
    via        TEXT   NOT NULL, -- portal, import or command
    leaf       BIGINT NOT NULL, -- of the evidence log
    -- What follows is made from the values, so that rows are found without reading a book.
    row_key    TEXT   NOT NULL, -- 32 hexadecimal digits of a hash of the book's key; '': none
    department TEXT   NOT NULL, -- folded, of the field that tells whose the row is
    words      TEXT   NOT NULL, -- folded, of the fields that name nobody
    names      TEXT   NOT NULL, -- folded, of those that do
    lacks      BIGINT NOT NULL, -- how many wanted fields are empty
    ends       TEXT   NOT NULL, -- the last day on which it holds, YYYY-MM-DD; '': always
    PRIMARY KEY (book, folio, version)
);

-- Books as they stand, in the order of their folios, and all that the shelf counts.
CREATE INDEX registers_rows_force ON registers_rows (until_at, removed, book, folio, lacks, ends, department);
CREATE INDEX registers_rows_key ON registers_rows (book, row_key, until_at, removed, folio);
-- What was written when, in one book and in all.
CREATE INDEX registers_rows_written ON registers_rows (book, from_at);
CREATE INDEX registers_rows_time ON registers_rows (from_at, leaf, book, department, by_name);

-- Files that were uploaded and wait for somebody to confirm what they would change.
CREATE TABLE registers_uploads (
    id      TEXT   NOT NULL PRIMARY KEY,
    book    TEXT   NOT NULL,
    name    TEXT   NOT NULL,
    data    BYTEA  NOT NULL, -- the table, as JSON
    by_name TEXT   NOT NULL,
    at      BIGINT NOT NULL
);
