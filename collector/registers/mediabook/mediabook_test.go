package mediabook

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
	v := registers.Values{"direction": "out", "kind": "usb", "at": "2026-11-20T21:00:00Z", "sender": "Tesorería", "number": "1", "information": "padrón", "way": "hand", "recipient": "Gestoría"}
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
		{"a stick goes out", row(), nil},
		{"no stick goes out", row("number", "0"), []string{"number mediabook.number"}},
		{"sensitive, and nobody says whether encrypted", row("sensitive", "yes"), []string{"encrypted mediabook.encrypted"}},
		{"sensitive paper", row("sensitive", "yes", "kind", "paper"), nil},
		{"received by nobody", row("recipient", ""), []string{"recipient register.missing"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := problems(t, tc.v); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestInForce(t *testing.T) {
	all := []Entry{{Folio: 1}, {Folio: 2, Corrects: 1}, {Folio: 3, Corrects: 3}, {Folio: 4, Corrects: 9}, {Folio: 5, Corrects: 2}}
	var got []int64
	for _, e := range InForce(all) {
		got = append(got, e.Folio)
	}
	if want := []int64{3, 4, 5}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
