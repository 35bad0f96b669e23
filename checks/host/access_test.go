package host

import "testing"

func TestRights(t *testing.T) {
	const (
		everyone = "S-1-1-0"
		users    = "S-1-5-32-545"
	)
	for _, row := range []struct {
		name    string
		access  Access
		sids    []string
		granted uint32
	}{
		{"nobody is named", Access{}, []string{everyone}, 0},
		{"no list", Access{Unrestricted: true}, []string{everyone}, ^uint32(0)},
		{"allowed", Access{Entries: []AccessEntry{{Who: everyone, Allow: true, Rights: 3}}}, []string{everyone}, 3},
		{"somebody else is", Access{Entries: []AccessEntry{{Who: users, Allow: true, Rights: 3}}}, []string{everyone}, 0},
		{"by two groups", Access{Entries: []AccessEntry{{Who: users, Allow: true, Rights: 1}, {Who: everyone, Allow: true, Rights: 2}}}, []string{everyone, users}, 3},
		{"denied before", Access{Entries: []AccessEntry{{Who: users, Rights: 2}, {Who: everyone, Allow: true, Rights: 3}}}, []string{everyone, users}, 1},
		{"denied too late", Access{Entries: []AccessEntry{{Who: everyone, Allow: true, Rights: 3}, {Who: users, Rights: 2}}}, []string{everyone, users}, 3},
		{"only what is made below", Access{Entries: []AccessEntry{{Who: everyone, Allow: true, Rights: 3, InheritOnly: true}}}, []string{everyone}, 0},
		{"generic all", Access{Entries: []AccessEntry{{Who: everyone, Allow: true, Rights: 1 << 28}}}, []string{everyone}, 0x1f01ff},
		{"generic read", Access{Entries: []AccessEntry{{Who: everyone, Allow: true, Rights: 1 << 31}}}, []string{everyone}, 0x120089},
	} {
		if got := row.access.Rights(row.sids...); got != row.granted {
			t.Errorf("%s: got %#x, want %#x", row.name, got, row.granted)
		}
	}
}

// A word against guests is none against everybody else.
func TestRightsOfAny(t *testing.T) {
	const (
		everyone      = "S-1-1-0"
		authenticated = "S-1-5-11"
		guests        = "S-1-5-32-546"
	)
	a := Access{Entries: []AccessEntry{{Who: guests, Rights: 3}, {Who: authenticated, Allow: true, Rights: 3}}}
	if got := a.RightsOfAny([]string{everyone, authenticated}, []string{everyone, guests}); got != 3 {
		t.Errorf("got %#x, want 0x3", got)
	}
	if got := a.RightsOfAny([]string{everyone, guests}); got != 0 {
		t.Errorf("guests alone: got %#x, want none", got)
	}
}
