package host

import "testing"

func TestTold(t *testing.T) {
	t.Parallel()
	q := EventQuery{Known: map[string][]string{"TargetUserName": {"Ana", "José"}, "Nobody": nil}}
	for _, row := range []struct {
		field, value, want string
		ok                 bool
	}{
		{"TargetUserName", "ANA", "Ana", true},
		{"TargetUserName", "JOSÉ", "José", true},
		{"TargetUserName", "ana ", "", false},
		{"TargetUserName", "", "", false},
		{"Nobody", "ana", "", false},
		{"IpAddress", "192.0.2.7", "192.0.2.7", true},
	} {
		if got, ok := q.Told(row.field, row.value); got != row.want || ok != row.ok {
			t.Errorf("%s %q: got %q, %v", row.field, row.value, got, ok)
		}
	}
}
