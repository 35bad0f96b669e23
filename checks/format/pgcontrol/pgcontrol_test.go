package pgcontrol_test

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"vigia/checks/format/pgcontrol"
	"vigia/collector/storage/storagetest"
)

// A real server's file says what the server itself says of it.
func TestRealServer(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: starts PostgreSQL")
	}
	db, err := sql.Open("pgx", storagetest.PostgreSQL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE t (n int); "); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "CHECKPOINT"); err != nil {
		t.Fatal(err)
	}
	var dir, lsn string
	var version uint32
	var at time.Time
	row := db.QueryRowContext(t.Context(), `SELECT current_setting('data_directory'), c.checkpoint_lsn::text, c.checkpoint_time, s.pg_control_version
		FROM pg_control_checkpoint() c, pg_control_system() s`)
	if err := row.Scan(&dir, &lsn, &at, &version); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "global", "pg_control"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgcontrol.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if got.Version != version || got.State != pgcontrol.Running || pgcontrol.LSN(got.Checkpoint) != lsn || !got.Time.Equal(at) {
		t.Errorf("got %+v at %s; the server says version %d, %s at %s", got, pgcontrol.LSN(got.Checkpoint), version, lsn, at)
	}
	bad := bytes.Clone(b)
	bad[40] ^= 1
	if _, err := pgcontrol.Parse(bad); !errors.Is(err, pgcontrol.ErrDamaged) {
		t.Errorf("a flipped bit: got %v, want %v", err, pgcontrol.ErrDamaged)
	}
}

// file is a pg_control of a version, with its time at a place.
func file(version uint32, timeAt int, when time.Time) []byte {
	b := make([]byte, pgcontrol.Size)
	le := binary.LittleEndian
	le.PutUint32(b[8:], version)
	le.PutUint32(b[16:], uint32(pgcontrol.Running))
	le.PutUint64(b[32:], 0x1_0000_2A60)
	le.PutUint64(b[timeAt:], uint64(when.Unix()))
	const sumAt = 288
	le.PutUint32(b[sumAt:], crc32.Checksum(b[:sumAt], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

func TestVersions(t *testing.T) {
	when := time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		version uint32
		timeAt  int
		want    error
	}{
		{960, 104, nil}, {1002, 104, nil}, {1100, 96, nil}, {1201, 104, nil}, {1300, 104, nil}, {1800, 104, nil},
		{1900, 104, pgcontrol.ErrVersion}, {0x1404_0000, 104, pgcontrol.ErrVersion},
	} {
		got, err := pgcontrol.Parse(file(tt.version, tt.timeAt, when))
		if !errors.Is(err, tt.want) {
			t.Errorf("version %d: got %v, want %v", tt.version, err, tt.want)
		}
		if err == nil && (!got.Time.Equal(when) || pgcontrol.LSN(got.Checkpoint) != "1/2A60") {
			t.Errorf("version %d: got %+v", tt.version, got)
		}
	}
	if _, err := pgcontrol.Parse(make([]byte, 100)); !errors.Is(err, pgcontrol.ErrDamaged) {
		t.Errorf("too short: got %v, want %v", err, pgcontrol.ErrDamaged)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(file(1300, 104, time.Unix(1_790_000_000, 0)))
	f.Add(file(1002, 104, time.Unix(1_790_000_000, 0))[:300])
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := pgcontrol.Parse(b); err == nil && c.Version == 0 {
			t.Error("a version of 0 was accepted")
		}
	})
}
