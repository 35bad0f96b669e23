package training

import (
	"slices"
	"testing"
	"time"

	"vigia/collector/registers"
	"vigia/collector/registers/registerstest"
)

var good = registers.Values{"topic": "Protección de datos", "kind": "yearly", "day": "2026-03-05", "accounts": "Ana\nluis", "attendees": "12"}

func TestRules(t *testing.T) {
	registerstest.Rules(t, Book(), good, []registerstest.Row{
		{Name: "without accounts", Set: registers.Values{"accounts": ""}},
		{Name: "nobody came", Set: registers.Values{"attendees": "0"}, Want: []string{"attendees: training.none"}},
		{Name: "fewer than accounts", Set: registers.Values{"attendees": "1"}, Want: []string{"attendees: training.fewer"}},
		{Name: "more passed than came", Set: registers.Values{"passed": "13"}, Want: []string{"passed: training.passed"}},
		{Name: "no day", Set: registers.Values{"day": ""}, Want: []string{"day: register.missing"}},
	})
}

func TestUntrained(t *testing.T) {
	c, err := Of(registers.Row{Folio: 1, Values: good})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		at   string
		want []string
	}{
		{"2026-03-04", []string{"ana", "LUIS", "eva"}}, // not given yet
		{"2026-03-05", []string{"eva"}},
		{"2027-03-05", []string{"eva"}},
		{"2027-03-06", []string{"ana", "LUIS", "eva"}},
	} {
		at, err := time.Parse(time.DateOnly, row.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := Untrained([]string{"ana", "LUIS", "eva"}, []Course{c}, at, 365); !slices.Equal(got, row.want) {
			t.Errorf("%s: got %v, want %v", row.at, got, row.want)
		}
	}
	if got := Last([]Course{c}, "ANA"); got != "2026-03-05" {
		t.Errorf("last: %s", got)
	}
}
