package sssd

import (
	"io/fs"
	"slices"
	"testing"
)

// machine has the parts of a folder in no order, and errors instead of what cannot be
// looked at.
type machine struct {
	main, list error
	parts      []string
}

func (m machine) Exists(string) error           { return m.main }
func (m machine) List(string) ([]string, error) { return m.parts, m.list }

func TestSources(t *testing.T) {
	absent, denied := fs.ErrNotExist, fs.ErrPermission
	for _, row := range []struct {
		name    string
		machine machine
		want    []string
		unsure  bool
	}{
		{"not configured", machine{absent, absent, nil}, nil, false},
		{"one file", machine{nil, absent, nil}, []string{Main}, false},
		{"parts go over it, by name", machine{nil, nil, []string{"20-b.conf", "10-a.conf"}}, []string{Main, Parts + "/10-a.conf", Parts + "/20-b.conf"}, false},
		{"parts alone", machine{absent, nil, []string{"muni.conf"}}, []string{Parts + "/muni.conf"}, false},
		{"hidden, copies and notes are none", machine{absent, nil, []string{".muni.conf", "muni.conf.bak", "README", ".conf"}}, nil, false},
		{"file not to be seen", machine{denied, nil, []string{"muni.conf"}}, []string{Parts + "/muni.conf"}, true},
		{"folder not to be seen", machine{absent, denied, nil}, nil, true},
	} {
		got, err := Sources(row.machine)
		if !slices.Equal(got, row.want) || (err != nil) != row.unsure {
			t.Errorf("%s: got %v, %v; want %v, error %v", row.name, got, err, row.want, row.unsure)
		}
	}
}
