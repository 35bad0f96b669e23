package software

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
	v := registers.Values{"product": "LibreOffice *", "decision": "allowed", "decided_by": "Alcaldesa"}
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
		{"a program", row("versions", ">=24.2 <25", "publisher", "The Document Foundation"), nil},
		{"every program", row("product", "*"), []string{"product software.all"}},
		{"every program of a publisher", row("product", "*", "publisher", "Microsoft*"), nil},
		{"versions that are none", row("versions", "=24"), []string{"versions software.versions"}},
		{"a bound with a star", row("versions", ">=24.*"), []string{"versions software.versions"}},
		{"too many stars", row("product", "a*b*c*d*e*f*g*h*i*"), []string{"product software.stars"}},
		{"decided by nobody", row("decided_by", ""), []string{"decided_by register.missing"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := problems(t, tc.v); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
