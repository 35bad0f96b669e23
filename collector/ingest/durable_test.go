package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/ingest"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// The collector is ended after the commit and before the answer: the agent
// delivers again, nothing is lost and nothing is there twice.
func TestEndedBetweenAppendAndAnswer(t *testing.T) {
	t.Parallel()
	storagetest.EachDSN(t, func(t *testing.T, dsn string) {
		var c *collector
		var kill atomic.Bool
		c = newCollector(t, dsn, func(o *ingest.Options) {
			o.Steps.Committed = func(ctx context.Context) {
				if kill.Load() {
					go c.stop()
					<-ctx.Done() // the answer never leaves
				}
			}
		})
		a := newAgent(t, c, "pc-1")
		first, second := a.make(c.clock.now(), length(8)), a.make(c.clock.now(), length(4))
		a.wantDurable(c, 1, first)
		kill.Store(true)
		if resp, err := a.send(c, second); err == nil {
			t.Errorf("an answer left the collector: %v", resp)
		}
		c.restart()
		c.wantLeaves(a, "report 1, report 2")
		a.wantDurable(c, 2, second)
		c.wantLeaves(a, "report 1, report 2")
		a.wantDurable(c, 3, a.make(c.clock.now()))
		c.verify()
	})
}

// What fails before the commit leaves nothing behind, and is not acknowledged.
func TestFailedBeforeTheCommit(t *testing.T) {
	t.Parallel()
	storagetest.EachDSN(t, func(t *testing.T, dsn string) {
		var fail atomic.Bool
		c := newCollector(t, dsn, func(o *ingest.Options) {
			o.Steps.Appended = func(context.Context) error {
				if fail.Load() {
					return errors.New("the test says so")
				}
				return nil
			}
		})
		a := newAgent(t, c, "pc-1")
		item := a.make(c.clock.now(), length(4))
		fail.Store(true)
		_, err := a.send(c, item)
		refused(t, "a delivery that fails", err, codes.Unavailable, "nothing is lost")
		c.wantLeaves(a, "")
		if got := c.state(a, "AC-PWD-LEN"); got != "" {
			t.Errorf("state: got %q, want none", got)
		}
		fail.Store(false)
		a.wantDurable(c, 1, item)
		c.wantLeaves(a, "report 1")
		c.verify()
	})
}

// failing is a database whose commits fail when told to.
type failing struct {
	ingest.Database
	fail  atomic.Bool
	block chan struct{} // closed when commits may proceed; nil: at once
	ready chan struct{} // told when a function has run and waits for its commit
}

var errCommit = errors.New("the disk went away during the commit")

func (f *failing) Write(ctx context.Context, fn func(ctx context.Context, tx *storage.Tx) error) error {
	return f.Database.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		if f.block != nil {
			f.ready <- struct{}{}
			<-f.block
		}
		if f.fail.Load() {
			return errCommit
		}
		return nil
	})
}

// An answer before the commit, or in spite of a commit that failed, would
// acknowledge what a power cut takes away. This test is what stands against it.
func TestNothingIsAcknowledgedBeforeTheCommit(t *testing.T) {
	t.Parallel()
	storagetest.EachDSN(t, func(t *testing.T, dsn string) {
		db := &failing{}
		c := newCollector(t, dsn, func(o *ingest.Options) { db.Database, o.DB = o.DB, db })
		a := newAgent(t, c, "pc-1")
		item := a.make(c.clock.now(), length(4))
		db.fail.Store(true)
		_, err := a.send(c, item)
		refused(t, "a commit that fails", err, codes.Unavailable, "nothing is lost")
		c.wantLeaves(a, "")

		db.fail.Store(false)
		db.block, db.ready = make(chan struct{}), make(chan struct{}, 1)
		proceed := sync.OnceFunc(func() { close(db.block) })
		t.Cleanup(proceed) // also when the test fails
		answered := make(chan error, 1)
		go func() {
			resp, err := a.send(c, item)
			if err == nil && resp.GetDurableSequence() != 1 {
				err = fmt.Errorf("durable: got %d, want 1", resp.GetDurableSequence())
			}
			answered <- err
		}()
		<-db.ready
		select {
		case err := <-answered:
			t.Fatalf("answered before the commit: %v", err)
		case <-time.After(200 * time.Millisecond):
		}
		proceed()
		if err := <-answered; err != nil {
			t.Fatal(err)
		}
		c.wantLeaves(a, "report 1")
	})
}

// A full disk refuses clearly and keeps what it has.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	c := newCollector(t, storagetest.SQLite(t))
	a := newAgent(t, c, "pc-1")
	a.wantDurable(c, 1, a.make(c.clock.now(), length(8)))
	limit := func(pages string) {
		c.write(func(ctx context.Context, tx *storage.Tx) error {
			var now int
			return tx.QueryRow(ctx, "PRAGMA max_page_count = "+pages).Scan(&now)
		})
	}
	limit("1") // no more than there are
	acked := uint64(1)
	var refusedItem *apiv1.Item
	for range 100 {
		item := a.make(c.clock.now(), length(8))
		resp, err := a.send(c, item)
		if err != nil {
			refused(t, "a full disk", err, codes.ResourceExhausted, "disk is full")
			if len(status.Convert(err).Details()) == 0 {
				t.Error("the agent is not told when to try again")
			}
			refusedItem = item
			break
		}
		acked = resp.GetDurableSequence()
	}
	if refusedItem == nil {
		t.Fatal("the disk never was full")
	}
	if got := len(c.leaves(a.id, "report")); uint64(got) != acked {
		t.Errorf("reports kept: got %d, want the %d acknowledged", got, acked)
	}
	limit("1000000")
	a.wantDurable(c, acked+1, refusedItem)
	c.verify()
}

// A collector that was restored from an old backup says so, gets again what it
// lacks, and raises no alarm.
func TestRestoredFromAnOldBackup(t *testing.T) {
	t.Parallel()
	dsn := storagetest.SQLite(t)
	c := newCollector(t, dsn)
	a := newAgent(t, c, "pc-1")
	var chain []*apiv1.Item
	for i := range 6 {
		chain = append(chain, a.make(c.clock.now().Add(time.Duration(i)*time.Minute), length(8+i)))
	}
	a.wantDurable(c, 2, chain[:2]...)
	c.stop()
	backup := filepath.Join(t.TempDir(), "backup.db")
	copyFile(t, dsn, backup)
	c.start()
	c.write(func(ctx context.Context, tx *storage.Tx) error { // a policy that the backup does not know
		_, err := c.policies.Import(ctx, tx, "politica.yaml", []byte("packs: [es-rgpd]\nschedule: {silence: 24h}\n"), "admin")
		return err
	})
	a.wantDurable(c, 5, chain[2:5]...)
	before := a.checkpoint
	lost := a.policyVersion
	c.stop()
	copyFile(t, backup, dsn)
	c.start()
	c.write(func(ctx context.Context, tx *storage.Tx) error {
		_, err := c.log.Restored(ctx, tx, "admin")
		return err
	})
	resp := must(a.send(c, chain[5]))(t)
	if resp.GetDurableSequence() != 2 || resp.GetEpoch() != 2 {
		t.Errorf("after the restore: got %d in epoch %d, want 2 in epoch 2", resp.GetDurableSequence(), resp.GetEpoch())
	}
	a.obey(c, resp.GetPolicy())
	if a.policyEpoch != 2 || a.policyVersion > lost {
		t.Errorf("policy: got %d.%d after 1.%d", a.policyEpoch, a.policyVersion, lost)
	}
	a.checkpoint.Size = 0 // what an agent does at a new epoch
	a.wantDurable(c, 6, chain[2:]...)
	if before.Size == 0 {
		t.Error("no checkpoint was kept")
	}
	if got, want := strings.Join(c.leaves(a.id, "report", "alarm"), ", "), "report 1, report 2, report 3, report 4, report 5, report 6"; got != want {
		t.Errorf("leaves: got %s, want %s", got, want)
	}
	c.verify()
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
