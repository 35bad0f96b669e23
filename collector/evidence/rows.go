package evidence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"vigia/collector/storage"
)

// Filter selects entries; the zero Filter selects all.
type Filter struct {
	Kinds    []Kind    // nil: all
	Subject  string    // "": all
	From, To time.Time // received in [From, To); zero: no bound
	First    int64     // index >= First
	End      int64     // index < End; 0: no bound
}

// rowsPerInsert bounds one INSERT.
const rowsPerInsert = 64

func insertEntries(ctx context.Context, tx *storage.Tx, entries []Entry) error {
	for part := range slices.Chunk(entries, rowsPerInsert) {
		var args []any
		for _, e := range part {
			h := e.Header
			args = append(args, e.Index, string(h.Kind), h.Subject, h.Received.UnixMicro(), int64(h.Epoch), int64(h.Sequence),
				e.HeaderBytes, e.Salt, e.Payload, e.PayloadHash[:])
		}
		const columns = "idx, kind, subject, received, epoch, sequence, header, salt, payload, payload_hash"
		if err := insert(ctx, tx, "evidence_entries ("+columns+")", len(part), args); err != nil {
			return fmt.Errorf("store entries: %w", err)
		}
	}
	return nil
}

func insertHashes(ctx context.Context, tx *storage.Tx, first int64, hashes []tlog.Hash) error {
	for part := range slices.Chunk(hashes, rowsPerInsert) {
		var args []any
		for i := range part {
			args = append(args, first+int64(i), part[i][:])
		}
		first += int64(len(part))
		if err := insert(ctx, tx, "evidence_hashes (idx, hash)", len(part), args); err != nil {
			return fmt.Errorf("store tree hashes: %w", err)
		}
	}
	return nil
}

// insert writes n rows whose values follow each other in args.
func insert(ctx context.Context, tx *storage.Tx, into string, n int, args []any) error {
	width := len(args) / n
	rows := make([]string, n)
	for i := range rows {
		rows[i] = "(" + placeholders(1+i*width, width) + ")"
	}
	_, err := tx.Exec(ctx, "INSERT INTO "+into+" VALUES "+strings.Join(rows, ","), args...)
	return err
}

// keepHead keeps the head that is about to be replaced if it is the last one of
// its hour.
func keepHead(ctx context.Context, tx *storage.Tx, h head, now time.Time) error {
	if h.size == 0 || h.signedAt.Truncate(time.Hour).Equal(now.Truncate(time.Hour)) {
		return nil
	}
	_, err := tx.Exec(ctx, "INSERT INTO evidence_checkpoints (size, hash, signed, signed_at) VALUES ($1, $2, $3, $4)",
		h.size, h.hash[:], h.signed, h.signedAt.UnixMicro())
	if err != nil {
		return fmt.Errorf("keep checkpoint: %w", err)
	}
	return nil
}

func writeHead(ctx context.Context, tx *storage.Tx, h head) error {
	_, err := tx.Exec(ctx, `INSERT INTO evidence_head (id, origin, epoch, size, hash, signed, signed_at)
		VALUES (1, $1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, size = excluded.size, hash = excluded.hash,
			signed = excluded.signed, signed_at = excluded.signed_at`,
		h.origin, int64(h.epoch), h.size, h.hash[:], h.signed, h.signedAt.UnixMicro())
	if err != nil {
		return fmt.Errorf("store checkpoint: %w", err)
	}
	return nil
}

// readHead reads where the log stands, or errEmpty.
func readHead(ctx context.Context, tx *storage.Tx) (head, error) {
	var h head
	var epoch, signedAt int64
	var hash []byte
	err := tx.QueryRow(ctx, "SELECT origin, epoch, size, hash, signed, signed_at FROM evidence_head WHERE id = 1").
		Scan(&h.origin, &epoch, &h.size, &hash, &h.signed, &signedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return head{}, errEmpty
	}
	if err != nil {
		return head{}, fmt.Errorf("read the log's head: %w", err)
	}
	if len(hash) != tlog.HashSize || h.size < 1 || epoch < 1 {
		return head{}, &BadCheckpointError{Size: h.size, Err: errors.New("a value is out of range")}
	}
	h.hash, h.epoch, h.signedAt = tlog.Hash(hash), uint64(epoch), time.UnixMicro(signedAt).UTC()
	return h, nil
}

func scanCheckpoint(row interface{ Scan(...any) error }, origin string) (head, error) {
	h := head{origin: origin}
	var signedAt int64
	var hash []byte
	if err := row.Scan(&h.size, &hash, &h.signed, &signedAt); err != nil {
		return head{}, err
	}
	if len(hash) != tlog.HashSize {
		return head{}, &BadCheckpointError{Size: h.size, Err: errors.New("its hash is not of 32 bytes")}
	}
	h.hash, h.signedAt = tlog.Hash(hash), time.UnixMicro(signedAt).UTC()
	return h, nil
}

// record is an entry as its row holds it, unchecked.
type record struct {
	index                     int64
	kind, subject             string
	received, epoch, sequence int64
	header, salt, payload     []byte
	pruned                    bool
	payloadHash               []byte
}

const recordColumns = `idx, kind, subject, received, epoch, sequence, header, salt, payload,
	CASE WHEN payload IS NULL THEN 1 ELSE 0 END, payload_hash`

func (r *record) scan(row interface{ Scan(...any) error }) error {
	var pruned int
	err := row.Scan(&r.index, &r.kind, &r.subject, &r.received, &r.epoch, &r.sequence, &r.header, &r.salt, &r.payload,
		&pruned, &r.payloadHash)
	if err != nil {
		return err
	}
	r.pruned = pruned == 1
	if !r.pruned && r.payload == nil {
		r.payload = []byte{} // SQLite's driver reads an empty value as nil
	}
	return nil
}

// entry checks that the row agrees with itself and returns what it holds.
func (r *record) entry() (Entry, *BadEntryError) {
	bad := func(why Defect) (Entry, *BadEntryError) {
		return Entry{}, &BadEntryError{Index: r.index, Last: r.index, Why: why}
	}
	h, err := ParseHeader(r.header)
	if err != nil || string(h.Kind) != r.kind || h.Subject != r.subject || h.Received.UnixMicro() != r.received ||
		int64(h.Epoch) != r.epoch || int64(h.Sequence) != r.sequence {
		return bad(HeaderAltered)
	}
	if len(r.payloadHash) != len(Entry{}.PayloadHash) {
		return bad(PayloadAltered)
	}
	e := Entry{Index: r.index, Header: h, HeaderBytes: r.header, PayloadHash: [32]byte(r.payloadHash)}
	switch {
	case r.pruned && r.salt != nil, !r.pruned && len(r.salt) != SaltSize:
		return bad(SaltAltered)
	case !r.pruned:
		e.Salt, e.Payload = r.salt, r.payload
		if PayloadHash(e.Salt, e.Payload) != e.PayloadHash {
			return bad(PayloadAltered)
		}
	}
	e.Hash = LeafHash(e.HeaderBytes, e.PayloadHash)
	return e, nil
}

// Entry returns one entry, or ErrNoEntry. An entry that does not agree with
// itself is a *BadEntryError.
func (l *Log) Entry(ctx context.Context, tx *storage.Tx, index int64) (Entry, error) {
	var r record
	err := r.scan(tx.QueryRow(ctx, "SELECT "+recordColumns+" FROM evidence_entries WHERE idx = $1", index))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoEntry
	}
	if err != nil {
		return Entry{}, fmt.Errorf("read entry %d: %w", index, err)
	}
	e, bad := r.entry()
	if bad != nil {
		return Entry{}, bad
	}
	return e, nil
}

// Entries calls fn with each selected entry in order, and stops at its first
// error, which it returns as it is. fn may use tx. An entry that does not agree
// with itself ends it with a *BadEntryError.
func (l *Log) Entries(ctx context.Context, tx *storage.Tx, filter Filter, fn func(Entry) error) error {
	return eachRecord(ctx, tx, filter, func(page []record) error {
		for i := range page {
			e, bad := page[i].entry()
			if bad != nil {
				return bad
			}
			if err := fn(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// A page of entries in memory is bounded by number and by bytes of payload.
const (
	pageEntries = 256
	pageBytes   = 8 << 20
)

// eachRecord calls fn with the selected rows in order, a page at a time and with
// no query open.
func eachRecord(ctx context.Context, tx *storage.Tx, filter Filter, fn func(page []record) error) error {
	for {
		page, err := readPage(ctx, tx, filter)
		if err != nil {
			return fmt.Errorf("read entries: %w", err)
		}
		if len(page) == 0 {
			return nil
		}
		filter.First = page[len(page)-1].index + 1
		if err := fn(page); err != nil {
			return err
		}
	}
}

func readPage(ctx context.Context, tx *storage.Tx, filter Filter) ([]record, error) {
	where, args := filter.where()
	rows, err := tx.Query(ctx, fmt.Sprintf("SELECT %s FROM evidence_entries WHERE %s ORDER BY idx LIMIT %d",
		recordColumns, where, pageEntries), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var page []record
	for size := 0; size < pageBytes && rows.Next(); {
		var r record
		if err := r.scan(rows); err != nil {
			return nil, err
		}
		size += len(r.payload)
		page = append(page, r)
	}
	return page, rows.Err()
}

func (f Filter) where() (string, []any) {
	var terms []string
	var args []any
	add := func(term string, values ...any) {
		terms = append(terms, fmt.Sprintf(term, placeholders(len(args)+1, len(values))))
		args = append(args, values...)
	}
	add("idx >= %s", f.First)
	if f.End > 0 {
		add("idx < %s", f.End)
	}
	if len(f.Kinds) > 0 {
		var kinds []any
		for _, k := range f.Kinds {
			kinds = append(kinds, string(k))
		}
		add("kind IN (%s)", kinds...)
	}
	if f.Subject != "" {
		add("subject = %s", f.Subject)
	}
	if !f.From.IsZero() {
		add("received >= %s", f.From.UnixMicro())
	}
	if !f.To.IsZero() {
		add("received < %s", f.To.UnixMicro())
	}
	return strings.Join(terms, " AND "), args
}
