package grants

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// row are values that the book takes, changed as told; an empty value takes a field away.
func row(pairs ...string) registers.Values {
	v := registers.Values{"person": "1", "system": "2", "level": "read", "authorised_by": "Alcaldesa", "authorised": "2026-01-07"}
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
		{"of a system", row(), nil},
		{"to administer a machine", row("system", "", "machine", "srv-1", "level", "admin"), nil},
		{"to administer all machines", row("system", "", "level", "admin"), nil},
		{"to read all machines", row("system", ""), []string{"level grants.all"}},
		{"of both", row("machine", "srv-1"), []string{"machine grants.one"}},
		{"over before it began", row("until", "2025-01-07"), []string{"until grants.order"}},
		{"authorised by nobody", row("authorised_by", ""), []string{"authorised_by register.missing"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := problems(t, tc.v); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestHolds(t *testing.T) {
	g, err := Of(registers.Row{Values: row("until", "2026-11-22")})
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[string]bool{"2026-01-06": false, "2026-01-07": true, "2026-11-22": true, "2026-11-23": false} {
		if got := g.Holds(day); got != want {
			t.Errorf("%s: got %v", day, got)
		}
	}
	if !Write.Covers(Read) || Read.Covers(Admin) || !Admin.Covers(Admin) || !Read.Covers("") {
		t.Error("levels do not cover those below them")
	}
}
