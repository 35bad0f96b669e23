package enroll

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// said is a suggestion in one line: kind, machines, signs.
func said(s Suggestion) string {
	var hosts, signs []string
	for _, m := range s.Machines {
		hosts = append(hosts, m.ID)
	}
	for _, sign := range s.Signs {
		signs = append(signs, string(sign))
	}
	return fmt.Sprintf("%s %s: %s", s.Kind, strings.Join(hosts, "+"), strings.Join(signs, " "))
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return start.AddDate(0, 0, n) }
	// machine ID, host, hardware, installation; enrolled and last heard of on a day.
	machine := func(id, host, hardware, installation string, enrolled, heard int) Machine {
		return Machine{ID: id, Hostname: host, Hardware: hardware, Installation: installation, EnrolledAt: day(enrolled), LastSeen: day(heard), Status: Active}
	}
	seen := func(id string, first, last int) seenHardware { return seenHardware{id, day(first), day(last)} }
	retired := machine("a", "pc-1", "h1", "i1", 0, 3)
	retired.Status = Retired
	rows := []struct {
		name  string
		fleet fleet
		want  []string
	}{
		{"nothing in common", fleet{machines: []Machine{machine("a", "pc-1", "h1", "i1", 0, 9), machine("b", "pc-2", "h2", "i2", 1, 9)}}, nil},
		{"nothing known", fleet{machines: []Machine{machine("a", "pc-1", "", "", 0, 9), machine("b", "pc-2", "", "", 1, 9)}}, nil},
		{"installed anew", fleet{machines: []Machine{machine("b", "pc-1", "h1", "i2", 5, 9), machine("a", "pc-1", "h1", "i1", 0, 4)}},
			[]string{"reinstalled a+b: same_hardware same_name older_silent"}},
		{"installed anew, under another name", fleet{machines: []Machine{machine("a", "pc-1", "h1", "i1", 0, 4), machine("b", "caja", "h1", "i2", 5, 9)}},
			[]string{"reinstalled a+b: same_hardware older_silent"}},
		{"data folder deleted", fleet{machines: []Machine{machine("a", "pc-1", "h1", "i1", 0, 4), machine("b", "pc-1", "h1", "i1", 5, 9)}},
			[]string{"reinstalled a+b: same_hardware same_name same_installation older_silent"}},
		{"two systems on one machine", fleet{machines: []Machine{machine("a", "pc-1", "h1", "i1", 0, 9), machine("b", "pc-1-linux", "h1", "i2", 5, 9)}},
			[]string{"reinstalled a+b: same_hardware both_heard"}},
		{"the first was retired", fleet{machines: []Machine{retired, machine("b", "pc-1", "h1", "i2", 5, 9)}}, nil},
		{"another machine in its place", fleet{machines: []Machine{machine("a", "pc-1", "h1", "i1", 0, 4), machine("b", "pc-1", "h2", "i2", 5, 9)}},
			[]string{"same_name a+b: same_name older_silent"}},
		{"two of one name", fleet{machines: []Machine{machine("a", "pc-1", "", "", 0, 9), machine("b", "pc-1", "", "", 5, 9)}},
			[]string{"same_name a+b: same_name both_heard"}},
		{"one name, once with its domain", fleet{machines: []Machine{machine("a", "pc-1", "h1", "i1", 0, 4), machine("b", "pc-1.villa.example", "h2", "i2", 5, 9)}},
			[]string{"same_name a+b: same_name older_silent"}},
		{"one name in two domains", fleet{machines: []Machine{machine("a", "pc-1.villa.example", "h1", "i1", 0, 9), machine("b", "pc-1.aldea.example", "h2", "i2", 5, 9)}}, nil},
		{"installed anew, now with its domain", fleet{machines: []Machine{machine("a", "pc-1", "h1", "i1", 0, 4), machine("b", "pc-1.villa.example", "h1", "i2", 5, 9)}},
			[]string{"reinstalled a+b: same_hardware same_name older_silent"}},
		{"a disk image", fleet{machines: []Machine{machine("a", "pc-1", "h1", "i", 0, 9), machine("b", "pc-2", "h2", "i", 1, 9), machine("c", "pc-3", "h3", "i", 2, 9)}},
			[]string{"copied_image a+b+c: same_installation"}},
		{"a disk image with its name", fleet{machines: []Machine{machine("a", "pc-1", "h1", "i", 0, 9), machine("b", "pc-1", "h2", "i", 1, 9)}},
			[]string{"same_name a+b: same_name same_installation both_heard"}},
		{"one installation, hardware unknown", fleet{machines: []Machine{machine("a", "pc-1", "", "i", 0, 9), machine("b", "pc-2", "h2", "i", 1, 9)}}, nil},
		{"told apart", fleet{machines: []Machine{machine("a", "pc-1", "h1", "i1", 0, 9), machine("b", "pc-1", "h1", "i2", 5, 9)},
			closed: map[[2]string]time.Time{{"a", "b"}: day(6)}}, nil},
		{"two of three told apart", fleet{machines: []Machine{machine("a", "pc-1", "h1", "i", 0, 9), machine("b", "pc-2", "h2", "i", 1, 9), machine("c", "pc-3", "h3", "i", 2, 9)},
			closed: map[[2]string]time.Time{{"a", "b"}: day(3), {"a", "c"}: day(3)}}, []string{"copied_image b+c: same_installation"}},
		{"hardware changed", fleet{machines: []Machine{machine("a", "pc-1", "h2", "i", 0, 9)}, hardware: map[string][]seenHardware{"a": {seen("h1", 0, 4), seen("h2", 5, 9)}}},
			[]string{"moved a: hardware_changed"}},
		{"hardware alternates", fleet{machines: []Machine{machine("a", "pc-1", "h1", "i", 0, 9)}, hardware: map[string][]seenHardware{"a": {seen("h1", 0, 9), seen("h2", 5, 8)}}},
			[]string{"moved a: hardware_alternates"}},
		{"hardware changed and looked at", fleet{machines: []Machine{machine("a", "pc-1", "h2", "i", 0, 9)}, hardware: map[string][]seenHardware{"a": {seen("h1", 0, 4), seen("h2", 5, 9)}},
			closed: map[[2]string]time.Time{{"a", "a"}: day(6)}}, nil},
		{"hardware came back after that", fleet{machines: []Machine{machine("a", "pc-1", "h1", "i", 0, 9)}, hardware: map[string][]seenHardware{"a": {seen("h1", 0, 7), seen("h2", 5, 9)}},
			closed: map[[2]string]time.Time{{"a", "a"}: day(6)}}, []string{"moved a: hardware_alternates"}},
		{"alarm", fleet{machines: []Machine{machine("a", "pc-1", "h1", "i", 0, 9)}, alarms: map[string]time.Time{"a": day(3)}}, []string{"copied_folder a: alarm"}},
		{"alarm of a retired machine", fleet{machines: []Machine{retired}, alarms: map[string]time.Time{"a": day(3)}}, nil},
		{"the newest first", fleet{machines: []Machine{machine("a", "pc-1", "h1", "i1", 0, 4), machine("b", "pc-1", "h1", "i2", 5, 9),
			machine("c", "pc-2", "h3", "i3", 0, 4), machine("d", "pc-2", "h3", "i4", 6, 9)}},
			[]string{"reinstalled c+d: same_hardware same_name older_silent", "reinstalled a+b: same_hardware same_name older_silent"}},
	}
	for _, row := range rows {
		var got []string
		for _, s := range row.fleet.suggest() {
			got = append(got, said(s))
		}
		if strings.Join(got, "; ") != strings.Join(row.want, "; ") {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func (c *collector) suggestions() []string {
	c.t.Helper()
	var out []string
	c.read(func(ctx context.Context, tx *storage.Tx) error {
		list, err := c.store.Suggestions(ctx, tx)
		for _, s := range list {
			out = append(out, said(s))
		}
		return err
	})
	return out
}

func TestMerge(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, schemas, func(t *testing.T, db *storage.DB) {
		c := startCollector(t, db)
		enrolled := func(host string, hardware byte, req TokenRequest) *device {
			d := newDevice(t, host)
			d.self.HardwareId, d.self.InstallationId = id16(hardware), id16(hardware+100)
			if _, err := d.enroll(c, c.token(req)); err != nil {
				t.Fatal(err)
			}
			c.clock.advance(time.Hour)
			return d
		}
		before, after := enrolled("pc-1", 1, TokenRequest{Department: "Caja"}), enrolled("pc-1", 1, TokenRequest{})
		want := fmt.Sprintf("reinstalled %s+%s: same_hardware same_name same_installation older_silent", before.id, after.id)
		if got := c.suggestions(); strings.Join(got, "; ") != want {
			t.Fatalf("suggestions: got %q, want %q", got, want)
		}
		merge := func(from, to, why string) error {
			return c.db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return c.store.Merge(ctx, tx, from, to, why, "admin") })
		}
		for name, row := range map[string][3]string{
			"itself":      {after.id, after.id, "x"},
			"no reason":   {before.id, after.id, " "},
			"no machine":  {NewAgentID(), after.id, "x"},
			"no machine2": {before.id, NewAgentID(), "x"},
		} {
			if err := merge(row[0], row[1], row[2]); err == nil {
				t.Errorf("%s: merged", name)
			}
		}
		leaves := len(c.leaves())
		if err := merge(before.id, after.id, "Windows nuevo"); err != nil {
			t.Fatal(err)
		}
		got := c.leaves()[leaves:]
		if want := []string{"retirement " + before.id, "register machine-links", "register machines"}; strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("leaves: got %q, want %q", got, want)
		}
		for _, m := range c.machines() {
			switch m.ID {
			case before.id:
				if m.Status != Retired || m.ReplacedBy != after.id || m.StatusWhy != "Windows nuevo" {
					t.Errorf("old: got %+v", m)
				}
			case after.id:
				if m.Status != Active || m.Department != "Caja" || m.ReplacedBy != "" {
					t.Errorf("new: got %+v", m)
				}
			}
		}
		c.read(func(ctx context.Context, tx *storage.Tx) error {
			list, err := c.store.Replaced(ctx, tx, after.id)
			if len(list) != 1 || list[0].ID != before.id {
				t.Errorf("replaced: got %v", list)
			}
			return err
		})
		if got := c.suggestions(); len(got) != 0 {
			t.Errorf("suggestions after the merge: got %q", got)
		}
		if strings.Join(c.left, " ") != before.id {
			t.Errorf("left: got %q", c.left)
		}
		if err := merge(before.id, after.id, "x"); !errors.Is(err, ErrReplaced) {
			t.Errorf("again: got %v", err)
		}
		if err := merge(after.id, before.id, "x"); !errors.Is(err, ErrNotActive) {
			t.Errorf("back: got %v", err)
		}
	})
}

func TestDistinct(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, schemas, func(t *testing.T, db *storage.DB) {
		c := startCollector(t, db)
		token := c.token(TokenRequest{Machines: 3})
		var ids []string
		for i := range 3 {
			d := newDevice(t, fmt.Sprintf("aula-%d", i))
			d.self.HardwareId, d.self.InstallationId = id16(byte(i+1)), id16(9)
			if _, err := d.enroll(c, token); err != nil {
				t.Fatal(err)
			}
			c.clock.advance(time.Hour)
			ids = append(ids, d.id)
		}
		want := fmt.Sprintf("copied_image %s: same_installation", strings.Join(ids, "+"))
		if got := c.suggestions(); strings.Join(got, "; ") != want {
			t.Fatalf("suggestions: got %q, want %q", got, want)
		}
		distinct := func(why string, ids ...string) error {
			return c.db.Write(t.Context(), func(ctx context.Context, tx *storage.Tx) error { return c.store.Distinct(ctx, tx, ids, why, "admin") })
		}
		if distinct("", ids...) == nil || distinct("x") == nil || distinct("x", ids[0], NewAgentID()) == nil || len(c.suggestions()) != 1 {
			t.Error("told apart without a reason, a machine or one that is there")
		}
		for range 2 { // saying it twice is no mistake
			if err := distinct("imagen del aula", ids[2], ids[0], ids[1], ids[0]); err != nil {
				t.Fatal(err)
			}
		}
		if got := c.suggestions(); len(got) != 0 {
			t.Errorf("suggestions: got %q", got)
		}
		var record LinkRecord
		c.read(func(ctx context.Context, tx *storage.Tx) error {
			return c.log.Entries(ctx, tx, evidence.Filter{Kinds: []evidence.Kind{evidence.Register}, Subject: LinksSubject}, func(e evidence.Entry) error {
				return json.Unmarshal(e.Payload, &record)
			})
		})
		if record.Action != "distinct" || len(record.Agents) != 3 || len(record.Hostnames) != 3 || record.Why != "imagen del aula" || record.By != "admin" {
			t.Errorf("record: got %+v", record)
		}
	})
}

// What reports say of the hardware, and the alarms of package ingest.
// A disk image of a whole town is told apart at once, and again when it was copied to
// one more.
func TestDistinctOfACrowd(t *testing.T) {
	t.Parallel()
	c := startCollector(t, storagetest.Open(t, storagetest.SQLite(t), schemas...))
	token := c.token(TokenRequest{Machines: 200})
	enrol := func(n int) []string {
		var ids []string
		for range n {
			d := newDevice(t, "aula")
			d.self.Hostname = "aula-" + strings.ToLower(d.code())
			d.self.HardwareId, d.self.InstallationId = d.report.Public().(ed25519.PublicKey)[:16], id16(9)
			if _, err := d.enroll(c, token); err != nil {
				t.Fatal(err)
			}
			c.clock.advance(time.Minute)
			ids = append(ids, d.id)
		}
		return ids
	}
	distinct := func(ids []string) {
		c.write(func(ctx context.Context, tx *storage.Tx) error {
			return c.store.Distinct(ctx, tx, ids, "imagen", "ana")
		})
		if got := c.suggestions(); len(got) != 0 {
			t.Fatalf("after %d were told apart: %q", len(ids), got)
		}
	}
	rows := func() (n int) {
		c.read(func(ctx context.Context, tx *storage.Tx) error {
			return tx.QueryRow(ctx, `SELECT COUNT(*) FROM enroll_distinct`).Scan(&n)
		})
		return n
	}
	ids := enrol(70)
	distinct(ids)
	for range 3 {
		ids = append(ids, enrol(1)...)
		if got := c.suggestions(); len(got) != 1 || strings.Count(got[0], "+") != len(ids)-1 {
			t.Fatalf("one more copy: got %q", got)
		}
		distinct(ids)
	}
	if n := rows(); n != len(ids) {
		t.Errorf("%d machines take %d rows", len(ids), n)
	}
}

func TestHardwareOfReports(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, schemas, func(t *testing.T, db *storage.DB) {
		c := startCollector(t, db)
		d := newDevice(t, "pc-1")
		if _, err := d.enroll(c, c.token(TokenRequest{})); err != nil {
			t.Fatal(err)
		}
		report := func(hardware byte) {
			t.Helper()
			c.clock.advance(24 * time.Hour)
			d.self.HardwareId, d.self.InstallationId = nil, nil
			if hardware > 0 {
				d.self.HardwareId, d.self.InstallationId = id16(hardware), id16(200)
			}
			c.write(func(ctx context.Context, tx *storage.Tx) error {
				return c.store.Seen(ctx, tx, d.id, c.clock.at, d.self)
			})
		}
		want := func(what string, suggestions ...string) {
			t.Helper()
			for i, s := range suggestions {
				suggestions[i] = fmt.Sprintf(s, d.id)
			}
			if got := c.suggestions(); strings.Join(got, "; ") != strings.Join(suggestions, "; ") {
				t.Errorf("%s: got %q, want %q", what, got, suggestions)
			}
		}
		report(1)
		report(0) // what did not change is left out
		if m := c.machines()[0]; m.Hardware != hex.EncodeToString(id16(1)) || m.Installation != hex.EncodeToString(id16(200)) {
			t.Errorf("machine: got %+v", m)
		}
		want("at first")
		report(2)
		want("on other hardware", "moved %s: hardware_changed")
		c.write(func(ctx context.Context, tx *storage.Tx) error {
			return c.store.Distinct(ctx, tx, []string{d.id}, "placa nueva", "admin")
		})
		want("looked at")
		report(2)
		want("as before")
		report(1)
		want("back again", "moved %s: hardware_alternates")
		c.write(func(ctx context.Context, tx *storage.Tx) error { return c.store.Equivocated(ctx, tx, d.id, c.clock.at) })
		want("with an alarm", "copied_folder %s: alarm", "moved %s: hardware_alternates")

		// A machine that turned against us fills nothing with inventions.
		for i := range 3 * maxHardware {
			report(byte(i + 3))
		}
		var n int
		c.read(func(ctx context.Context, tx *storage.Tx) error {
			return tx.QueryRow(ctx, `SELECT COUNT(*) FROM enroll_hardware`).Scan(&n)
		})
		if n != maxHardware {
			t.Errorf("hardware kept: got %d, want %d", n, maxHardware)
		}
		before := c.machines()[0]
		d.self.HardwareId = []byte("short")
		c.write(func(ctx context.Context, tx *storage.Tx) error {
			return c.store.Seen(ctx, tx, d.id, c.clock.at, d.self)
		})
		if got := c.machines()[0]; got.Hardware != before.Hardware {
			t.Errorf("an id of another length: got %q", got.Hardware)
		}
	})
}

func TestDoubts(t *testing.T) {
	t.Parallel()
	machines := []Machine{
		{ID: "a", Hostname: "pc-1", Hardware: "h1", Status: Active},
		{ID: "b", Hostname: "pc-2", Hardware: "h2", Status: Retired},
	}
	requests := []Request{
		{Code: "1", Hostname: "pc-1", Hardware: "h1"},
		{Code: "2", Hostname: "pc-2", Hardware: "h2"},
		{Code: "3", Hostname: "pc-3"}, {Code: "4", Hostname: "pc-3"},
		{Code: "5", Hostname: "pc-5", Hardware: "h5"}, {Code: "6", Hostname: "pc-6", Hardware: "h5"},
		{Code: "7", Hostname: "pc-1.villa.example"}, {Code: "8", Hostname: "pc-8.a.example"}, {Code: "9", Hostname: "pc-8.b.example"},
	}
	var got []string
	doubts := Doubts(requests, machines)
	for _, r := range requests {
		for _, d := range doubts[r.Code] {
			got = append(got, r.Code+" "+string(d.Sign)+" "+d.Machine.ID)
		}
	}
	if want := "1 same_hardware a, 1 same_name a, 3 same_name , 4 same_name , 5 same_hardware , 6 same_hardware , 7 same_name a"; strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", strings.Join(got, ", "), want)
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		id   []byte
		want string
	}{{nil, ""}, {make([]byte, 16), ""}, {id16(7), strings.Repeat("00", 15) + "07"}, {[]byte("short"), ""}} {
		if got := writeID(row.id); got != row.want {
			t.Errorf("%x: got %q, want %q", row.id, got, row.want)
		}
	}
	if checkMachine(&apiv1.Machine{Hostname: "pc", Os: "linux", HardwareId: make([]byte, 15)}) == nil ||
		checkMachine(&apiv1.Machine{Hostname: "pc", Os: "linux", InstallationId: id16(1)}) != nil {
		t.Error("the length of an id does not matter")
	}
}
