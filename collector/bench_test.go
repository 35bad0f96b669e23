package collector

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"vigia/agent/identity"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
	"vigia/collector/storage"
)

// How fast reports are acknowledged: the collector as it is served, on SQLite,
// every acknowledgement after its fsync, over gRPC with mutual TLS on loopback.
// Each agent sends one report a call and waits for the answer. The calls stay
// within the burst that one agent is allowed.
func BenchmarkSpine(b *testing.B) {
	for _, row := range []struct{ agents, calls int }{{1, 90}, {64, 30}} {
		b.Run(fmt.Sprintf("agents=%d", row.agents), func(b *testing.B) {
			var took time.Duration
			for b.Loop() {
				took += acknowledge(b, row.agents, row.calls)
			}
			b.ReportMetric(float64(b.N*row.agents*row.calls)/took.Seconds(), "reports/s")
		})
	}
}

// acknowledge serves a new collector, enrols the agents, and returns how long
// they took to have all their reports acknowledged.
func acknowledge(b *testing.B, agents, calls int) time.Duration {
	b.Helper()
	// So many machines enrol within seconds only on a clock of their own, which
	// has come back to the true time when the reports follow.
	var late atomic.Int64
	late.Store(int64(agents))
	cfg := DefaultConfig()
	cfg.Agents.Listen, cfg.Portal.Listen = "127.0.0.1:0", "127.0.0.1:0"
	col, err := Open(b.Context(), Options{Dir: b.TempDir(), Config: cfg, Now: func() time.Time {
		return time.Now().Add(-time.Duration(late.Load()) * time.Second)
	}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	at := make(chan Addresses, 1)
	served := make(chan error, 1)
	go func() { served <- col.Serve(ctx, func(a Addresses) { at <- a }) }()
	defer func() {
		stop()
		if err := errors.Join(<-served, col.Close()); err != nil {
			b.Error(err)
		}
	}()
	var addr string
	select {
	case a := <-at:
		addr = a.Agents
	case err := <-served:
		served <- nil
		b.Fatal(err)
	}
	fleet := make([]*machine, agents)
	for i := range fleet {
		if fleet[i], err = join(b, col, addr, i); err != nil {
			b.Fatal(err)
		}
		late.Add(-1)
	}
	began := time.Now()
	var g errgroup.Group
	for _, m := range fleet {
		g.Go(func() error { return m.reportOften(b.Context(), calls) })
	}
	err = g.Wait()
	took := time.Since(began)
	if err != nil {
		b.Fatal(err)
	}
	return took
}

// join enrols one machine and connects it.
func join(b *testing.B, col *Collector, addr string, number int) (*machine, error) {
	b.Helper()
	var token apiv1.Token
	err := col.DB.Write(b.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		token, err = col.Enroll.CreateToken(ctx, tx, enroll.TokenRequest{By: "banco de pruebas"})
		return err
	})
	if err != nil {
		return nil, err
	}
	id, _, err := identity.Enroll(b.Context(), identity.Request{
		Dir: filepath.Join(b.TempDir(), "identity"), Collector: addr, Token: token, Machine: describe(fmt.Sprintf("pc-%03d", number)),
	})
	if err != nil {
		return nil, err
	}
	m, err := connect(id)
	if err != nil {
		return nil, err
	}
	b.Cleanup(func() { _ = m.conn.Close() })
	return m, nil
}

// reportOften delivers reports in which one control changes for the worse and
// for the better in turn, as costs the collector most.
func (m *machine) reportOften(ctx context.Context, calls int) error {
	for i := range calls {
		item, err := m.next(&apiv1.Result{
			Entry: "AC-PWD-LEN", Control: "AC-PWD-LEN", Check: "accounts.password_length", Status: apiv1.Status_STATUS_PASS,
			Observed:   fmt.Appendf(nil, `{"value":%d,"source":"/etc/security/pwquality.conf"}`, 4+8*(i%2)),
			ObservedAt: time.Now().UnixMicro(),
		})
		if err != nil {
			return err
		}
		if err := m.deliver(ctx, item); err != nil {
			return err
		}
	}
	return nil
}
