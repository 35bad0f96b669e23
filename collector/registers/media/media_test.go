package media

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
	v := registers.Values{"code": "SOP-USB-04", "kind": "usb", "responsible": "Titular", "status": "in_use"}
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
		{"a stick", row("serial", "0011AA"), nil},
		{"sensitive, with a plain label", row("sensitive", "yes"), []string{"label_coded media.coded"}},
		{"a serial number with a space", row("serial", "00 11"), []string{"serial media.serial"}},
		{"destroyed, but who, how and when", row("status", "destroyed"), []string{"asked_by media.asked", "authorised_by media.authorised", "destroyed media.day", "method media.method"}},
		{"destroyed", row("status", "destroyed", "asked_by", "Titular", "asked", "2026-01-07", "authorised_by", "Alcaldesa", "authorised", "2026-01-08", "method", "shredded", "destroyed", "2026-01-09"), nil},
		{"destroyed before it was authorised", row("status", "destroyed", "asked_by", "Titular", "asked", "2026-01-07", "authorised_by", "Alcaldesa", "authorised", "2026-01-08", "method", "shredded", "destroyed", "2026-01-07"), []string{"destroyed media.order"}},
		{"authorised before anybody asked", row("asked", "2026-01-07", "authorised", "2026-01-06"), []string{"authorised media.order"}},
		{"destroyed and in use", row("destroyed", "2026-01-07"), []string{"status media.alive"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := problems(t, tc.v); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
