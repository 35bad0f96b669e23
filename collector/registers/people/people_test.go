package people

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// row are values that the book takes, changed as told; an empty value takes a field away.
func row(pairs ...string) registers.Values {
	v := registers.Values{"name": "Ana Ruiz", "kind": "staff", "status": "active", "accounts": "aruiz", "joined": "2020-01-07"}
	for i := 0; i+1 < len(pairs); i += 2 {
		v[pairs[i]] = pairs[i+1]
	}
	maps.DeleteFunc(v, func(_, value string) bool { return value == "" })
	return v
}

// problems are the codes of what is wrong with values.
func problems(t *testing.T, v registers.Values) []string {
	t.Helper()
	b := Book()
	var invalid *registers.InvalidError
	if !errors.As(b.Review(v), &invalid) {
		return nil
	}
	var out []string
	for _, p := range invalid.Problems {
		if said := b.Say(message.Spanish, p); said == p.Code {
			t.Errorf("%s has no words", p.Code)
		}
		out = append(out, p.Field+" "+p.Code)
	}
	slices.Sort(out)
	return out
}

func TestRules(t *testing.T) {
	if bad := Book().Words.Problems(); len(bad) > 0 {
		t.Error(bad)
	}
	for _, tc := range []struct {
		name string
		v    registers.Values
		want []string
	}{
		{"one who works here", row(), nil},
		{"an account of one machine", row("accounts", "aruiz\npc-caja-01\\caja"), nil},
		{"an account with a space, as Windows has them", row("accounts", "ana ruiz"), nil},
		{"an account with a slash", row("accounts", "ana/ruiz"), []string{"accounts people.account"}},
		{"an account of a machine without a name", row("accounts", "\\caja"), []string{"accounts people.account"}},
		{"an external one without an end", row("kind", "external"), []string{"ends people.ends"}},
		{"an external one", row("kind", "external", "ends", "2027-01-31", "contract", "12/2026"), nil},
		{"an end before the beginning", row("ends", "2019-01-01"), []string{"ends people.order"}},
		{"left without a time", row("status", "left"), []string{"left people.when"}},
		{"left", row("status", "left", "left", "2026-11-20T21:00:00Z"), nil},
		{"left and still active", row("left", "2026-11-20T21:00:00Z"), []string{"status people.stays"}},
		{"on leave since a time", row("status", "away", "left", "2026-11-20T21:00:00Z"), nil},
		{"left before joining", row("status", "left", "left", "2019-11-20T21:00:00Z"), []string{"left people.order"}},
		{"nobody", row("name", ""), []string{"name register.missing"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := problems(t, tc.v); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestGoneBy(t *testing.T) {
	zone := time.FixedZone("", -6*3600)
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name string
		v    registers.Values
		gone bool
		when time.Time
	}{
		{"here", row(), false, time.Time{}},
		{"left", row("status", "left", "left", "2026-11-20T21:00:00Z"), true, time.Date(2026, 11, 20, 21, 0, 0, 0, time.UTC)},
		{"leaves tomorrow", row("status", "left", "left", "2026-11-23T21:00:00Z"), false, time.Date(2026, 11, 23, 21, 0, 0, 0, time.UTC)},
		{"contract over yesterday", row("kind", "external", "ends", "2026-11-21"), true, time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)},
		{"contract ends today", row("kind", "external", "ends", "2026-11-22"), false, time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)},
	} {
		p, err := Of(registers.Row{Folio: 1, Values: tc.v})
		if err != nil {
			t.Fatal(err)
		}
		if when, gone := p.GoneBy(at, zone); gone != tc.gone || !when.Equal(tc.when) {
			t.Errorf("%s: got %v %v, want %v %v", tc.name, gone, when, tc.gone, tc.when)
		}
	}
}

func TestOwns(t *testing.T) {
	p, err := Of(registers.Row{Values: row("accounts", "aruiz\nPC-Caja-01\\Caja")})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		machine, account string
		want             bool
	}{
		{"pc-caja-01", "aruiz", true}, {"pc-02", "ARUIZ", true}, {"pc-caja-01.ayto.example", "caja", true}, {"pc-02", "caja", false}, {"pc-02", "root", false},
	} {
		if got := p.Owns(tc.machine, tc.account); got != tc.want {
			t.Errorf("%s on %s: got %v", tc.account, tc.machine, got)
		}
	}
}
