package movements

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"vigia/checks/message"
	"vigia/collector/registers"
	"vigia/collector/worktime"
)

// row are values that the book takes, changed as told; an empty value takes a field away.
func row(pairs ...string) registers.Values {
	v := registers.Values{"kind": "leave", "person": "3", "at": "2026-11-20T21:00:00Z", "asked_by": "Titular de Catastro"}
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
		{"a leave", row(), nil},
		{"a substitution without an end", row("kind", "substitution"), []string{"until movements.until"}},
		{"a substitution", row("kind", "substitution", "until", "2026-12-20T21:00:00Z", "replaces", "4"), nil},
		{"one that ends before it begins", row("until", "2026-11-19T21:00:00Z"), []string{"until movements.order"}},
		{"one who replaces herself", row("kind", "substitution", "until", "2026-12-20T21:00:00Z", "replaces", "3"), []string{"replaces movements.self"}},
		{"data done with, but how", row("data_done", "2026-11-21"), []string{"data movements.data"}},
		{"of nobody", row("person", ""), []string{"person register.missing"}},
		{"asked by nobody", row("asked_by", ""), []string{"asked_by register.missing"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := problems(t, tc.v); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	paper := "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	cal := worktime.Office(time.UTC)
	for _, tc := range []struct {
		name string
		v    registers.Values
		want []Step
	}{
		{"a leave has 24 hours", row(), []Step{{"rights_removed", time.Date(2026, 11, 21, 21, 0, 0, 0, time.UTC)}, {"data", time.Time{}}}},
		{"a leave that is done", row("rights_removed", "2026-11-20T22:00:00Z", "data", "none"), nil},
		{"a joiner signs and gets an account", row("kind", "join"), []Step{{"manual", time.Time{}}, {"confidentiality", time.Time{}}, {"account_made", time.Time{}}}},
		{"a joiner who did", row("kind", "join", "manual", paper, "confidentiality", paper, "account_made", "2026-11-20T22:00:00Z"), nil},
		{"the rights of a substitute end with it", row("kind", "substitution", "until", "2026-12-20T21:00:00Z", "manual", paper, "confidentiality", paper, "account_made", "2026-11-20T22:00:00Z"),
			[]Step{{"rights_removed", time.Date(2026, 12, 21, 21, 0, 0, 0, time.UTC)}}},
		{"a change of profile asked on a Friday", row("kind", "profile", "asked", "2026-11-20T21:00:00Z", "told", "yes"),
			[]Step{{"account_made", time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC).Add(-time.Microsecond)}}},
		{"a move tells of new duties", row("kind", "move", "rights_removed", "2026-11-20T22:00:00Z", "data", "moved"), []Step{{"told", time.Time{}}}},
	} {
		m, err := Of(registers.Row{Folio: 1, Values: tc.v})
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Missing(cal)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(got, tc.want, func(a, b Step) bool { return a.Field == b.Field && a.Due.Equal(b.Due) }) {
			t.Errorf("%s: got %v, want %v", tc.name, got, tc.want)
		}
	}
}
