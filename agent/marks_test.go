package agent

import (
	"bytes"
	"log/slog"
	"testing"

	"vigia/checks/host"
	"vigia/checks/host/local"
)

func TestHardwareID(t *testing.T) {
	const uuid = "4c4c4544-0037-4210-8050-b4c04f4e3632"
	own := hardwareID(local.Marks{UUID: uuid, Serials: []string{"7B2PN62"}})
	if len(own) != markSize {
		t.Fatalf("%d bytes", len(own))
	}
	for _, row := range []struct {
		name  string
		marks local.Marks
		same  bool // as own
		none  bool
	}{
		{"the same, told by Windows", local.Marks{UUID: "4C4C4544-0037-4210-8050-B4C04F4E3632", Serials: []string{"7B2PN62", "other"}}, true, false},
		{"the board's serial number where the system's is filler", local.Marks{UUID: uuid, Serials: []string{"System Serial Number", "7B2PN62"}}, true, false},
		{"another installation on it", local.Marks{UUID: uuid, Serials: []string{"7B2PN62"}, Installation: "x"}, true, false},
		{"another machine of the batch", local.Marks{UUID: "4c4c4544-0037-4210-8050-b4c04f4e3633", Serials: []string{"7B2PN62"}}, false, false},
		{"no serial number", local.Marks{UUID: uuid}, false, false},
		{"no UUID", local.Marks{Serials: []string{"7B2PN62"}}, false, false},
		{"nothing", local.Marks{}, false, true},
		{"a board of AMI that nobody filled in", local.Marks{UUID: "03000200-0400-0500-0006-000700080009", Serials: []string{"To be filled by O.E.M.", "Default string"}}, false, true},
		{"the same, as Windows tells it", local.Marks{UUID: "00020003-0004-0005-0006-000700080009", Serials: []string{" To Be Filled By O.E.M. "}}, false, true},
		{"all zero", local.Marks{UUID: "00000000-0000-0000-0000-000000000000", Serials: []string{"0"}}, false, true},
		{"all ones", local.Marks{UUID: "ffffffff-ffff-ffff-ffff-ffffffffffff", Serials: []string{"None", "........", "123456789", "N/A"}}, false, true},
	} {
		got := hardwareID(row.marks)
		if bytes.Equal(got, own) != row.same || (got == nil) != row.none {
			t.Errorf("%s: %x; that of the first is %x", row.name, got, own)
		}
	}
}

func TestInstallationID(t *testing.T) {
	one := installationID(local.Marks{Installation: "0123456789abcdef0123456789abcdef"})
	same := installationID(local.Marks{Installation: "0123456789ABCDEF0123456789ABCDEF", UUID: "x"})
	if len(one) != markSize || !bytes.Equal(one, same) {
		t.Errorf("%x and %x", one, same)
	}
	for _, none := range []string{"", "uninitialized", "00000000000000000000000000000000"} {
		if got := installationID(local.Marks{Installation: none}); got != nil {
			t.Errorf("%q: %x", none, got)
		}
	}
	if bytes.Equal(one, hardwareID(local.Marks{UUID: "0123456789abcdef0123456789abcdef"})) {
		t.Error("hashes of two things are the same")
	}
}

// The formats never change: a machine is known by them for years.
func TestMarksAreThoseOfTheFirstVersion(t *testing.T) {
	m := local.Marks{UUID: "4c4c4544-0037-4210-8050-b4c04f4e3632", Serials: []string{"7B2PN62"}, Installation: "0123456789abcdef0123456789abcdef"}
	if got, want := hardwareID(m), mark("vigia hardware v1\n", "4c4c4544-0037-4210-8050-b4c04f4e3632\n7B2PN62"); !bytes.Equal(got, want) {
		t.Errorf("hardware %x, want %x", got, want)
	}
	if got, want := installationID(m), mark("vigia installation v1\n", "0123456789abcdef0123456789abcdef"); !bytes.Equal(got, want) {
		t.Errorf("installation %x, want %x", got, want)
	}
}

// Full reports tell them, so that the collector notices what enrolments of old did not
// tell; the others have no bytes to spare.
func TestFullReportsAloneHoldTheMarks(t *testing.T) {
	p := enrolled(t)
	cfg := DefaultConfig()
	cfg.DataDir = p.data
	a, err := Open(t.Context(), Options{
		Config: cfg, Version: "test", Logger: slog.New(slog.DiscardHandler),
		Machine: func() *host.Host { return local.New(local.Options{Root: p.root}) },
		Marks: func() local.Marks {
			return local.Marks{UUID: "4c4c4544-0037-4210-8050-b4c04f4e3632", Installation: "0123456789abcdef"}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m := p.last(t).GetMachine(); len(m.GetHardwareId()) != markSize || len(m.GetInstallationId()) != markSize {
		t.Errorf("the full report names %v", m)
	}
	if err := a.reporter.tell(t.Context(), "test.event", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := a.client.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	last := p.last(t)
	if m := last.GetMachine(); last.GetFull() || m.GetHardwareId() != nil || m.GetInstallationId() != nil || m.GetHostname() != "pc-1" {
		t.Errorf("the report %d, full %v, names %v", last.GetSequence(), last.GetFull(), m)
	}
}
