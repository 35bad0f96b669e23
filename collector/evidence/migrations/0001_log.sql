-- One row per leaf; FORMAT.md describes the bytes. The columns from kind to
-- sequence repeat the header for queries, and verification compares them.
CREATE TABLE evidence_entries (
	idx BIGINT PRIMARY KEY,
	kind TEXT NOT NULL,
	subject TEXT NOT NULL,
	received BIGINT NOT NULL,
	epoch BIGINT NOT NULL,
	sequence BIGINT NOT NULL,
	header BYTEA NOT NULL,
	salt BYTEA,
	payload BYTEA,
	payload_hash BYTEA NOT NULL
);
CREATE INDEX evidence_entries_kind ON evidence_entries (kind, idx);
CREATE INDEX evidence_entries_subject ON evidence_entries (subject, idx);
CREATE INDEX evidence_entries_received ON evidence_entries (received);

-- The hashes of all complete subtrees, by their stored hash index.
CREATE TABLE evidence_hashes (
	idx BIGINT PRIMARY KEY,
	hash BYTEA NOT NULL
);

-- The one row (id 1) that says where the log stands.
CREATE TABLE evidence_head (
	id BIGINT PRIMARY KEY,
	origin TEXT NOT NULL,
	epoch BIGINT NOT NULL,
	size BIGINT NOT NULL,
	hash BYTEA NOT NULL,
	signed BYTEA NOT NULL,
	signed_at BIGINT NOT NULL
);

-- Earlier heads: the last of every hour in which the log grew.
CREATE TABLE evidence_checkpoints (
	size BIGINT PRIMARY KEY,
	hash BYTEA NOT NULL,
	signed BYTEA NOT NULL,
	signed_at BIGINT NOT NULL
);
