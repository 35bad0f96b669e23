package hosttest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/host"
)

// answering is a machine that answers the questions without a section of their own.
type answering struct{ host.Unsupported }

var recordedAt = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func (answering) Events(_ context.Context, q host.EventQuery) (host.EventLog, error) {
	log := host.EventLog{Oldest: recordedAt.Add(-48 * time.Hour)}
	for i, id := range q.IDs {
		log.Events = append(log.Events, host.Event{
			ID: id, Provider: "Security-Auditing", Time: recordedAt.Add(-time.Hour), Record: uint64(id) + uint64(i),
			Data: map[string]string{"TargetUserName": "typed secret", "Status": "0xc000006d", "TargetSid": "S-1-5-21-7-8-9-1001"},
		})
	}
	return log, nil
}

func (answering) Listeners(context.Context) ([]host.Listener, error) {
	return []host.Listener{{Protocol: "tcp", Address: "0.0.0.0", Port: 445, Program: "System"}}, nil
}

func (answering) Access(_ context.Context, path string) (host.Access, error) {
	if strings.HasSuffix(path, "gone") {
		return host.Access{}, fs.ErrNotExist
	}
	return host.Access{Owner: "S-1-5-32-544", Entries: []host.AccessEntry{{Who: "S-1-1-0", Allow: true, Rights: 0x1f01ff}}}, nil
}

func TestAnswersAreRecordedAndReplayed(t *testing.T) {
	a := answering{}
	machine := host.New(host.Host{
		OS: host.Windows, Now: func() time.Time { return recordedAt },
		Events: a, Network: a, Permissions: a,
	})
	r := NewRecorder(machine)
	h := r.Host()
	ctx := t.Context()
	day := recordedAt.Add(-24 * time.Hour)
	ask := func(h *host.Host, id uint32, since time.Time) (host.EventLog, error) {
		return h.Events.Events(ctx, host.EventQuery{Channel: "Security", IDs: []uint32{id}, Since: since, Max: 10, Data: []string{"Status"}})
	}
	for _, id := range []uint32{4625, 4740} {
		if _, err := ask(h, id, day); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Network.Listeners(ctx); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{`C:\Temp`, `C:\gone`} {
		_, _ = h.Permissions.Access(ctx, path)
	}
	_, _ = h.Media.Media(ctx)
	dir := filepath.Join(t.TempDir(), "machine")
	if err := r.Save(dir); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(filepath.Join(dir, documentName))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"typed secret", "7-8-9"} {
		if strings.Contains(string(kept), secret) {
			t.Errorf("the recording holds %q", secret)
		}
	}
	again, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []uint32{4625, 4740} {
		log, err := ask(again, id, day)
		if err != nil || len(log.Events) != 1 || log.Events[0].ID != id {
			t.Errorf("events %d: %v, %v", id, log, err)
		} else if diff := cmp.Diff(map[string]string{"Status": "0xc000006d"}, log.Events[0].Data); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := ask(again, 1102, day); !errors.Is(err, host.ErrNotRecorded) {
		t.Errorf("an id that nobody asked for: %v", err)
	}
	if _, err := ask(again, 4625, day.Add(-time.Hour)); !errors.Is(err, host.ErrNotRecorded) {
		t.Errorf("a time that nobody asked for: %v", err)
	}
	if got, err := again.Network.Listeners(ctx); err != nil || len(got) != 1 || got[0].Port != 445 {
		t.Errorf("listeners: %v, %v", got, err)
	}
	if got, err := again.Permissions.Access(ctx, `c:\temp`); err != nil || len(got.Entries) != 1 {
		t.Errorf("access: %v, %v", got, err)
	}
	if _, err := again.Permissions.Access(ctx, `C:\gone`); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("access of what is not there: %v", err)
	}
	if _, err := again.Media.Media(ctx); !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("media: %v", err)
	}
	if _, err := again.Running.Clock(ctx); !errors.Is(err, host.ErrNotRecorded) {
		t.Errorf("what nobody asked: %v", err)
	}
}

func TestAnswersOfARecordingAreChecked(t *testing.T) {
	for _, row := range []struct{ name, answers, want string }{
		{"unknown question", `[{"ask": "weather", "answer": {}}]`, "unknown question"},
		{"neither", `[{"ask": "clock"}]`, "want either"},
		{"both", `[{"ask": "clock", "answer": {"synchronised": true}, "error": "absent"}]`, "want either"},
		{"unknown field", `[{"ask": "clock", "answer": {"sincronizado": true}}]`, "unknown field"},
		{"unknown error", `[{"ask": "clock", "error": "tired"}]`, "unknown error"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			doc := `{"version": 1, "os": "linux", "origin": "documented", "time": "2026-03-02T09:00:00Z", "answers": ` + row.answers + `}`
			if err := os.WriteFile(filepath.Join(dir, documentName), []byte(doc), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}
