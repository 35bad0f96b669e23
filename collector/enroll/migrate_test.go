package enroll

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// A collector of before the admissions: its tokens and machines are as they
// were, and what it had handed out is still good.
func TestFirstTablesBecomeTheSecond(t *testing.T) {
	t.Parallel()
	first, err := migrations.ReadFile("migrations/0001_machines.sql")
	if err != nil {
		t.Fatal(err)
	}
	old := storage.Schema{Name: "enroll", Files: fstest.MapFS{"0001_machines.sql": {Data: first}}}
	for engine, dsn := range map[string]string{"sqlite": storagetest.SQLite(t), "postgresql": ""} {
		if engine == "postgresql" {
			if testing.Short() {
				continue
			}
			dsn = storagetest.PostgreSQL(t)
		}
		clock := newClock()
		ca := openCA(t, t.TempDir(), clock)
		token := ca.NewToken()
		hash := sumOf(token)
		db, err := storage.Open(t.Context(), storage.Options{DSN: dsn}, evidence.Schema(), old)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO enroll_tokens (id, secret_hash, hostname, department, created_at, created_by, expires_at, used_at, used_by, revoked_at)
				VALUES ($1, $2, '', 'Caja', $3, 'admin', $4, 0, '', 0)`, tokenID(hash), hash[:], micros(clock.at), micros(clock.at.Add(TokenLifetime))); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO enroll_machines (agent_id, hostname, os, os_name, os_version, arch, agent_version, department, report_key, token_id,
				enrolled_at, last_seen, status, status_since, status_why, status_by, cert_serial, cert_not_after, cert_key, cert_key_old)
				VALUES ($1, 'pc-0', 'linux', '', '', '', '', '', $2, 'before', $3, $3, 'active', $3, '', '', '1', $3, $2, $2)`,
				NewAgentID(), hash[:], micros(clock.at))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		c := startCollector(t, storagetest.Open(t, dsn, schemas...))
		if info := c.info(token); info.Machines != 1 || info.Approval || info.Networks != nil || info.State(clock.at) != TokenOpen {
			t.Errorf("%s: token: got %+v", engine, info)
		}
		if _, err := newDevice(t, "pc-1").enroll(c, token); err != nil {
			t.Errorf("%s: enrol with a token of before: %v", engine, err)
		}
		var got []string
		for _, m := range c.machines() {
			got = append(got, m.Hostname+m.Hardware+m.Installation+m.ReplacedBy)
		}
		if strings.Join(got, " ") != "pc-0 pc-1" {
			t.Errorf("%s: machines: got %q", engine, got)
		}
		c.clock.advance(time.Hour)
		if got := c.suggestions(); len(got) != 0 {
			t.Errorf("%s: suggestions: got %q", engine, got)
		}
	}
}
