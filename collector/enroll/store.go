package enroll

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"time"

	"vigia/collector/evidence"
	"vigia/collector/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the package's tables.
func Schema() storage.Schema { return storage.Embedded("enroll", migrations) }

// Appender is where evidence goes: the evidence log.
type Appender interface {
	Append(ctx context.Context, tx *storage.Tx, leaves ...evidence.Leaf) (first int64, err error)
}

// StoreOptions configures NewStore.
type StoreOptions struct {
	// CA is what new tokens pin; a Store that makes none needs none.
	CA *CA
	// Log receives a leaf for every change.
	Log Appender
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Joined is called in the transaction in which a machine enrols, so that it
	// is missed when it never reports; nil means that nobody asks.
	Joined func(ctx context.Context, tx *storage.Tx, m Machine) error
	// Left is called in the transaction in which a machine is revoked or
	// retired, so that what others keep about it ends with it; nil means that
	// nobody asks.
	Left func(ctx context.Context, tx *storage.Tx, m Machine, at time.Time) error
}

// Store keeps tokens, machines and the list of known machines. Every method
// works inside the caller's transaction and is safe for concurrent use.
type Store struct {
	ca     *CA
	log    Appender
	now    func() time.Time
	joined func(ctx context.Context, tx *storage.Tx, m Machine) error
	left   func(ctx context.Context, tx *storage.Tx, m Machine, at time.Time) error
}

// NewStore returns a Store on the tables of Schema.
func NewStore(opts StoreOptions) *Store {
	s := &Store{ca: opts.CA, log: opts.Log, now: clock(opts.Now), joined: opts.Joined, left: opts.Left}
	if s.joined == nil {
		s.joined = func(context.Context, *storage.Tx, Machine) error { return nil }
	}
	if s.left == nil {
		s.left = func(context.Context, *storage.Tx, Machine, time.Time) error { return nil }
	}
	return s
}

// record is one leaf to append: its payload is the JSON of what.
type record struct {
	kind    evidence.Kind
	subject string
	what    any
}

// append writes the leaves of some records.
func (s *Store) append(ctx context.Context, tx *storage.Tx, records ...record) error {
	leaves := make([]evidence.Leaf, len(records))
	for i, r := range records {
		payload, err := json.Marshal(r.what)
		if err != nil {
			return fmt.Errorf("encode the %s record of %s: %w", r.kind, r.subject, err)
		}
		leaves[i] = evidence.Leaf{Kind: r.kind, Subject: r.subject, Payload: payload}
	}
	if _, err := s.log.Append(ctx, tx, leaves...); err != nil {
		return fmt.Errorf("append the %s record of %s: %w", records[0].kind, records[0].subject, err)
	}
	return nil
}

// clock is now, or time.Now when that is nil, as the tables keep it: in UTC and
// in microseconds.
func clock(now func() time.Time) func() time.Time {
	if now == nil {
		now = time.Now
	}
	return func() time.Time { return now().UTC().Truncate(time.Microsecond) }
}

// micros writes a time as the tables do; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
