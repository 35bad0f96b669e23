package hosttest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vigia/checks/host"
)

// auditing is a machine at which somebody typed numbers for a name.
type auditing struct{ host.Unsupported }

const typedNumber = "739182645500"

func (auditing) Events(_ context.Context, q host.EventQuery) (host.EventLog, error) {
	e := host.Event{ID: 4625, Time: recordedAt, Record: 1, Data: map[string]string{"Status": "0xc000006d"}}
	if name, ok := q.Told("TargetUserName", typedNumber); ok {
		e.Data["TargetUserName"] = name
	}
	return host.EventLog{Events: []host.Event{e}}, nil
}

func (auditing) AuditPolicy(_ context.Context, subcategory string) (host.AuditSetting, error) {
	return host.AuditSetting{Success: true, Failure: subcategory == "{A}"}, nil
}

// A number is no plain value where a name belongs, also when a check forgot to say
// which names may be told.
func TestTypedNumbersAreNotRecorded(t *testing.T) {
	t.Parallel()
	for name, known := range map[string]map[string][]string{"told": nil, "not told": {"TargetUserName": {"usuario01"}}} {
		a := auditing{}
		r := NewRecorder(host.New(host.Host{OS: host.Windows, Now: func() time.Time { return recordedAt }, Events: a}))
		q := host.EventQuery{Channel: "Security", IDs: []uint32{4625}, Max: 9, Data: []string{"TargetUserName", "Status"}, Known: known}
		for _, guid := range []string{"{A}", "{B}"} {
			if _, err := r.Host().Events.AuditPolicy(t.Context(), guid); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.Host().Events.Events(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "machine")
		if err := r.Save(dir); err != nil {
			t.Fatal(err)
		}
		kept, err := os.ReadFile(filepath.Join(dir, documentName))
		if err != nil || strings.Contains(string(kept), typedNumber) {
			t.Errorf("%s: %v\n%s", name, err, kept)
		}
		again, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		for guid, want := range map[string]bool{"{a}": true, "{B}": false} {
			if got, err := again.Events.AuditPolicy(t.Context(), guid); err != nil || got.Failure != want || !got.Success {
				t.Errorf("audit policy of %s: got %+v, %v", guid, got, err)
			}
		}
		if _, err := again.Events.AuditPolicy(t.Context(), "{C}"); !errors.Is(err, host.ErrNotRecorded) {
			t.Errorf("a subcategory that nobody asked for: got %v", err)
		}
		log, err := again.Events.Events(t.Context(), q)
		if _, there := log.Events[0].Data["TargetUserName"]; err != nil || known != nil && there {
			t.Errorf("%s: got %v, %v", name, log, err)
		}
	}
}

// logFiles is a machine with one log, of which only parts may be read.
type logFiles struct {
	host.Unsupported
	t *testing.T
}

func (f logFiles) ReadFile(context.Context, string, int64) ([]byte, error) {
	f.t.Error("a log was read whole")
	return nil, host.ErrUnsupported
}

func (logFiles) ReadRange(context.Context, string, int64, int64) ([]byte, error) {
	return []byte(typedNumber), nil
}

// A log is not held until the recording is saved, and the replay says that it is missing.
func TestLogsAreNotRecorded(t *testing.T) {
	t.Parallel()
	r := NewRecorder(host.New(host.Host{OS: host.Linux, Now: func() time.Time { return recordedAt }, Files: logFiles{t: t}}))
	for _, name := range []string{"/var/log/auth.log", "/run/log/journal/0123/system.journal"} {
		if data, err := r.Host().Files.ReadRange(t.Context(), name, 0, 100); err != nil || string(data) != typedNumber {
			t.Fatalf("%s: got %q, %v", name, data, err)
		}
		if r.files[name] == nil || !r.files[name].withheld || r.files[name].hasContent {
			t.Errorf("%s: kept as %+v", name, r.files[name])
		}
	}
}
