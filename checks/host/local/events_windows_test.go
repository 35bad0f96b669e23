package local

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"time"

	"vigia/checks/host"
)

// Wine has no event log and no audit policy. What must hold of it, and does of Windows, is
// that no question ends in an empty answer or in a crash.
func TestEventsWithoutALog(t *testing.T) {
	l := newLiveEvents()
	q := host.EventQuery{
		Channel: "Security", IDs: []uint32{4625}, Since: time.Now().Add(-time.Hour), Max: 10,
		Data: []string{"IpAddress", "SubStatus"},
	}
	log, err := l.Events(t.Context(), q)
	t.Logf("Events: %+v, %v", log, err)
	if err == nil && log.Oldest.IsZero() && len(log.Events) > 0 {
		t.Errorf("events of an empty channel")
	}
	q.Channel = "Vigia-No-Such-Channel"
	if log, err := l.Events(t.Context(), q); err == nil {
		t.Errorf("a channel that does not exist: got %+v", log)
	} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("a channel that does not exist: got %v", err)
	}
	q.Channel, q.Data = "Security", []string{`"]`}
	if _, err := l.Events(t.Context(), q); err == nil {
		t.Error("a field that is no name was accepted")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Events(ctx, q); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: got %v", err)
	}
}

func TestAuditPolicyOfWindows(t *testing.T) {
	l := newLiveEvents()
	setting, err := l.AuditPolicy(t.Context(), "{0CCE9215-69AE-11D9-BED3-505054503030}")
	t.Logf("AuditPolicy: %+v, %v", setting, err)
	if err == nil && !setting.Success && !setting.Failure {
		t.Log("nothing is audited")
	}
	if _, err := l.AuditPolicy(t.Context(), "Logon"); err == nil {
		t.Error("a name in some language was accepted")
	}
}
