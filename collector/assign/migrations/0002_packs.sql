-- Packs that were imported. Times are microseconds since 1970 UTC. Rows are only added.
CREATE TABLE assign_packs (
    number      BIGINT NOT NULL PRIMARY KEY, -- 1, 2, 3, ... of the import
    name        TEXT   NOT NULL,
    version     BIGINT NOT NULL,
    file        TEXT   NOT NULL, -- the imported file's name, without its folder
    body        BYTEA  NOT NULL, -- its bytes
    signature   BYTEA  NOT NULL, -- the signed note that came with it
    signer      TEXT   NOT NULL, -- whose key signed it
    imported_at BIGINT NOT NULL,
    imported_by TEXT   NOT NULL,
    leaf        BIGINT NOT NULL,
    UNIQUE (name, version)
);
