package agent

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vigia/agent/collectortest"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/api/carry"
	apiv1 "vigia/collector/api/v1"
)

func codeOf(err error) string {
	if p, ok := errors.AsType[*problem](err); ok {
		return p.code
	}
	return ""
}

func TestStickOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "notas.txt")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ arg, dir, name, code string }{
		{dir, dir, "", ""},
		{filepath.Join(dir, "pc-1.vigia"), dir, "pc-1.vigia", ""},
		{file, dir, "notas.txt", ""}, // whose it is, is known later
		{filepath.Join(dir, "quitada") + string(filepath.Separator), "", "", "usage.path"},
		{filepath.Join(dir, "quitada", "pc-1.vigia"), "", "", "usage.path"},
		{filepath.Join(file, "pc-1.vigia"), "", "", "usage.path"},
		{filepath.Join(dir, "respuesta-pc-1.vigia"), "", "", "usage.export_name"},
		{filepath.Join(dir, "Vigia-Kit.json"), "", "", "usage.export_name"},
		{filepath.Join(dir, ".vigia"), "", "", "usage.export_name"},
		{filepath.Join(dir, strings.Repeat("n", 201)), "", "", "usage.export_name"},
		{"", "", "", "usage.path"},
	} {
		stick, name, err := stickOf(row.arg)
		if stick != row.dir || name != row.name || codeOf(err) != row.code {
			t.Errorf("%q: got %q, %q, %v, want %q, %q, %q", row.arg, stick, name, err, row.dir, row.name, row.code)
		}
	}
}

func TestPartNames(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		part int
		want string
	}{
		{"pc-1.vigia", 0, "pc-1.vigia"}, {"pc-1.vigia", 1, "pc-1-2.vigia"}, {"PC-1.VIGIA", 2, "PC-1-3.VIGIA"},
		{"envío", 0, "envío"}, {"envío", 1, "envío-2"}, {"envío.bin", 1, "envío.bin-2"},
	} {
		if got := partName(row.name, row.part); got != row.want {
			t.Errorf("%s, part %d: got %s, want %s", row.name, row.part, got, row.want)
		}
	}
}

// A file that a person named goes there and back under that name, whatever its end.
func TestExportToAFile(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"pc-1.vigia", "lo de pc-1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newIsland(t)
			m.name = name
			trip := func() { m.courier.ImportFile(m.stick, name) }
			want := []string{name}
			if seen := m.export(); !slices.Equal(seen.Files, want) {
				t.Fatalf("got %+v, want %q", seen, want)
			}
			m.courier.Refuse = &apiv1.FileRefusal{Reason: "approval_pending", CheckCode: "AAAA-BBBB"}
			trip()
			if seen := m.export(); seen.Pending == "" || !slices.Equal(seen.Files, want) {
				t.Errorf("got %+v, want to wait", seen)
			}
			if _, err := os.Lstat(filepath.Join(m.stick, carry.AnswerPrefix+name)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the answer to an older request lies beside the new one: %v", err)
			}
			m.courier.Refuse = nil
			trip()
			if seen := m.export(); seen.Admitted == nil {
				t.Fatalf("got %+v, want the identity", seen)
			}
			m.measure()
			if seen := m.export(); seen.Reports != 1 || !slices.Equal(seen.Files, want) {
				t.Errorf("got %+v, want the report in %q", seen, want)
			}
			trip()
			if seen := m.export(); seen.Acked != 1 || seen.Answers != 1 || len(seen.Strange) > 0 {
				t.Errorf("got %+v, want 1 acknowledged", seen)
			}
			entries, err := os.ReadDir(m.stick)
			if err != nil || len(entries) != 2 {
				t.Errorf("on the stick: %v (%v), want the kit and %q", entries, err, name)
			}
		})
	}
}

// What a person has under a name that he once gave to an export stays his.
func TestExportLeavesTheFilesOfOthersAlone(t *testing.T) {
	t.Parallel()
	m := newIsland(t)
	m.name = "tesis"
	m.export()
	m.stick = t.TempDir()
	m.putKit(m.stick)
	const text = "Capítulo primero"
	own := filepath.Join(m.stick, "tesis")
	if err := os.WriteFile(own, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := m.tryExport(); codeOf(err) != "usage.export_taken" {
		t.Errorf("got %v, want usage.export_taken", err)
	}
	m.name = "otra.vigia"
	m.export()
	m.name = ""
	m.export()
	if b, err := os.ReadFile(own); err != nil || string(b) != text {
		t.Errorf("the file is now %q (%v)", b, err)
	}
	other := newIsland(t) // the request of another machine is not replaced either
	other.stick, other.name = m.stick, m.export().Files[0]
	if _, err := other.tryExport(); codeOf(err) != "usage.export_taken" {
		t.Errorf("got %v, want usage.export_taken", err)
	}
}

// Only who needs a kit minds that the one on the stick is of no use.
func TestExportBesideABadKit(t *testing.T) {
	t.Parallel()
	for name, put := range map[string]func(path string) error{
		"half":        func(path string) error { return os.WriteFile(path, []byte(`{"version":1,`), 0o600) },
		"of tomorrow": func(path string) error { return os.WriteFile(path, []byte(`{"version":2}`), 0o600) },
		"a folder":    func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stick := t.TempDir()
			if err := put(filepath.Join(stick, carry.KitFile)); err != nil {
				t.Fatal(err)
			}
			want := "problem.kit"
			if name == "a folder" {
				want = "usage.not_file"
			}
			m := newIsland(t)
			first := m.stick
			m.stick = stick
			if _, err := m.tryExport(); codeOf(err) != want {
				t.Errorf("a machine that asks: got %v, want %s", err, want)
			}
			m.stick = first
			m.enrolled().measure()
			m.stick = stick
			if seen, err := m.tryExport(); err != nil || seen.Reports != 1 {
				t.Errorf("an enrolled one: got %+v, %v, want 1 report", seen, err)
			}
		})
	}
}

// What a collector says and what files are called cannot write on the terminal.
func TestExportTellsInPrint(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := &cli{stdout: &out, say: newSayer(message.Spanish)}
	c.tellExport(exported{Strange: []string{"respuesta-\x1b[2J\u202e.vigia"}, Refused: "no\x1b]0;x\x07\r" + strings.Repeat("ñ", 10_000)}, nil)
	if got := out.String(); strings.ContainsAny(got, "\x1b\x07\r\u202e") || len(got) > 2000 {
		t.Errorf("got %q", got[:min(len(got), 2000)])
	}
	for _, row := range []struct{ reason, want string }{
		{apiv1.RefusedTokenUsed, "el token ya se usó: cada uno sirve para un solo equipo. Cree otro en el colector"},
		{apiv1.RefusedRejected, "una persona rechazó este equipo en el colector: no es nuestro."},
		{"chain", "El colector rechazó lo anterior: rejected: no es nuestro"},
		{"", "El colector rechazó lo anterior: rejected: no es nuestro"},
	} {
		out.Reset()
		c.tellExport(exported{Reason: row.reason, Refused: "rejected: no es nuestro"}, nil)
		if got := out.String(); !strings.Contains(got, row.want) {
			t.Errorf("%s: got %q, want %q", row.reason, got, row.want)
		}
	}
}

// An answer holds the largest policy there can be, and what goes with it.
func TestAnswerHoldsAPolicy(t *testing.T) {
	t.Parallel()
	if carry.MaxAnswer < policy.MaxPolicy+(64<<10) {
		t.Errorf("an answer holds %d bytes, a policy %d", carry.MaxAnswer, policy.MaxPolicy)
	}
	c := collectortest.Start(t)
	key, err := carry.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	err = carry.WriteAnswer(&b, key.Recipient(), &apiv1.FileAnswer{Delivered: &apiv1.DeliverResponse{
		Policy: &apiv1.SignedPolicy{Policy: make([]byte, policy.MaxPolicy)},
	}}, c.SignFile)
	if err == nil {
		_, err = carry.ReadAnswer(&b, key)
	}
	if err != nil {
		t.Error(err)
	}
}
