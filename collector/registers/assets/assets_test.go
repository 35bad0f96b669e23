package assets

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
	v := registers.Values{"hostname": "pc-1", "kind": "desktop", "department": "Tesorería", "status": "in_use"}
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
		{"a machine", row(), nil},
		{"a printer by its number", row("hostname", "", "code", "INV-7", "kind", "printer"), nil},
		{"nameless", row("hostname", ""), []string{"hostname assets.name"}},
		{"disposed of, but when and how", row("status", "disposed"), []string{"disposed assets.day", "wiped assets.wiped"}},
		{"disposed of", row("status", "disposed", "disposed", "2026-01-07", "wiped", "purge"), nil},
		{"disposed of and in use", row("disposed", "2026-01-07"), []string{"status assets.alive"}},
		{"disposed of before it was bought", row("status", "disposed", "bought", "2027-01-07", "disposed", "2026-01-07", "wiped", "purge"), []string{"disposed assets.order"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := problems(t, tc.v); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
