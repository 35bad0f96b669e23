package reviews

import (
	"fmt"
	"testing"

	"vigia/checks"
	"vigia/checks/policy"
)

// However much is wrong, an act asks for at most MaxLines decisions, no cause is lost, and
// a critical cause stays in a critical line.
func TestLinesAreBounded(t *testing.T) {
	book, err := policy.Laws()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name                      string
		fails, critical, settled  int // causes by section
		unknown, unmeasured, want int
	}{
		{name: "nothing is wrong", want: 9},
		{name: "a bad quarter", fails: 8, critical: 1, settled: 2, unknown: 5, unmeasured: 2, want: MaxLines},
		{name: "all is critical", critical: 7, want: MaxLines},
		{name: "nothing is measured", unmeasured: 5, want: 9},
		{name: "all is planned", settled: 9, want: 9},
	} {
		parts, by, causes := make([]Part, 9), map[string][]Cause{}, 0
		for i := range parts {
			parts[i].ID = book.Sections[i].ID
			add := func(n int, c Cause) {
				for range n {
					c.Control, c.Machines = fmt.Sprintf("C-%d", causes), 1
					by[parts[i].ID] = append(by[parts[i].ID], c)
					causes++
				}
			}
			add(row.critical, Cause{Severity: policy.Critical, Status: checks.Fail})
			add(row.fails, Cause{Severity: policy.High, Status: checks.Fail})
			add(row.unknown, Cause{Severity: policy.Medium, Status: checks.Unknown})
			add(row.settled, Cause{Severity: policy.Critical, Status: checks.Fail, Standing: &Standing{Choice: Plan}})
			for range row.unmeasured {
				parts[i].Controls = append(parts[i].Controls, Duty{ID: "D"})
			}
		}
		lines(parts, by)
		got, kept := 0, 0
		for _, p := range parts {
			got += len(p.Lines)
			if len(p.Lines) == 0 {
				t.Errorf("%s: %s has no line", row.name, p.ID)
			}
			for _, l := range p.Lines {
				kept += len(l.Causes)
				for _, c := range l.Causes {
					if c.Severity == policy.Critical && c.Standing == nil && l.Severity != policy.Critical {
						t.Errorf("%s: a critical cause hides in the line %s", row.name, l.ID)
					}
				}
			}
		}
		if got > MaxLines || got != row.want || kept != causes {
			t.Errorf("%s: %d lines, want %d; %d of %d causes", row.name, got, row.want, kept, causes)
		}
	}
}
