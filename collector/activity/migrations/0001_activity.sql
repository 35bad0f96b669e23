CREATE TABLE activity_entries (
    id BIGINT PRIMARY KEY,     -- in the order in which they were written, from 1
    at_us BIGINT NOT NULL,
    who TEXT NOT NULL,         -- account, or the system account at the console; empty: nobody
    role TEXT NOT NULL,
    source TEXT NOT NULL,      -- address, or console
    act TEXT NOT NULL,
    route TEXT NOT NULL,       -- GET /equipos/{id}
    record TEXT NOT NULL,      -- what was looked at or changed
    result BIGINT NOT NULL     -- status of the answer
);
CREATE INDEX activity_entries_at ON activity_entries (at_us);
CREATE INDEX activity_entries_who ON activity_entries (who, id);
CREATE INDEX activity_entries_record ON activity_entries (record, id);

CREATE TABLE activity_seals (
    day TEXT PRIMARY KEY,      -- YYYY-MM-DD in the organisation's zone
    first_id BIGINT NOT NULL,
    last_id BIGINT NOT NULL,   -- first_id - 1: nothing happened
    hash TEXT NOT NULL,        -- SHA-256 over the entries, hexadecimal
    previous TEXT NOT NULL,    -- hash of the seal before, or empty
    leaf BIGINT NOT NULL,
    erased BIGINT NOT NULL     -- 1: their term ended
);
