package local

import (
	"regexp"
	"testing"
)

// Wine makes a table of its own out of what its host tells.
func TestMarksOfWindows(t *testing.T) {
	m := ReadMarks()
	t.Logf("%d serial numbers, UUID %q", len(m.Serials), m.UUID)
	if uuid := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`); m.UUID != "" && !uuid.MatchString(m.UUID) || !uuid.MatchString(m.Installation) {
		t.Errorf("UUID %q, installation %q", m.UUID, m.Installation)
	}
	if again := ReadMarks(); again.UUID != m.UUID || again.Installation != m.Installation {
		t.Errorf("first %+v, then %+v", m, again)
	}
}
