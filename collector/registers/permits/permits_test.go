package permits

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
	v := registers.Values{"machine": "pc-1", "folder": "C:\\Users\\aruiz\\Padron", "purpose": "cobro", "authorised_by": "Alcaldesa", "until": "2026-12-31"}
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
		{"a folder of a machine", row(), nil},
		{"a folder of an account everywhere", row("machine", "", "user", "aruiz"), nil},
		{"of nobody and nowhere", row("machine", ""), []string{"machine permits.whose"}},
		{"a folder of Linux", row("folder", "/home/aruiz/padron"), nil},
		{"a share", row("folder", "\\\\srv\\padron"), nil},
		{"not a whole one", row("folder", "Documents"), []string{"folder permits.whole"}},
		{"upwards", row("folder", "C:\\Users\\..\\x"), []string{"folder permits.up"}},
		{"a disk", row("folder", "D:\\"), []string{"folder permits.disk"}},
		{"all of Linux", row("folder", "/"), []string{"folder permits.disk"}},
		{"over before it began", row("authorised", "2027-01-01"), []string{"until permits.order"}},
		{"without an end", row("until", ""), []string{"until register.missing"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := problems(t, tc.v); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
