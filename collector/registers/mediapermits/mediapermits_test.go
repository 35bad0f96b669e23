package mediapermits

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
	v := registers.Values{"direction": "out", "kind": "ordinary", "file": "padrón", "sender": "Tesorería", "destination": "Gestoría", "medium": "usb", "way": "hand", "reason": "convenio", "authorised_by": "Alcaldesa", "from": "2026-11-01"}
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
		{"an ordinary one", row(), nil},
		{"of nothing", row("file", ""), []string{"file mediapermits.what"}},
		{"of a system", row("file", "", "system", "2"), nil},
		{"over before it began", row("until", "2026-10-01"), []string{"until mediapermits.order"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := problems(t, tc.v); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestCovers(t *testing.T) {
	for _, tc := range []struct {
		name string
		v    registers.Values
		out  bool
		day  string
		want bool
	}{
		{"within", row(), true, "2027-01-01", true},
		{"before", row(), true, "2026-10-31", false},
		{"the other way", row(), false, "2026-11-02", false},
		{"after its end", row("until", "2026-12-31"), true, "2027-01-01", false},
		{"an extraordinary one on its day", row("kind", "extraordinary"), true, "2026-11-01", true},
		{"an extraordinary one a day later", row("kind", "extraordinary"), true, "2026-11-02", false},
	} {
		p, err := Of(registers.Row{Values: tc.v})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Covers(tc.out, tc.day); got != tc.want {
			t.Errorf("%s: got %v", tc.name, got)
		}
	}
}
