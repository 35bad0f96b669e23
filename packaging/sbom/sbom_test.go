package sbom

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
)

// goCommand is what the go command answers.
func goCommand(t *testing.T, env []string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	cmd.Dir = filepath.Join("..", "..")
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %v: %v\n%s", args, err, problems.String())
	}
	return strings.TrimSpace(string(out))
}

func place(t *testing.T) Place {
	return Place{Modules: goCommand(t, nil, "env", "GOMODCACHE"), Go: goCommand(t, nil, "env", "GOROOT")}
}

// The papers of each program name the modules of which the go command says that they are
// linked, all of them and no other.
func TestProgramsAndTheirModules(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the programs")
	}
	at := place(t)
	for _, row := range []struct{ os, arch, main string }{
		{"linux", "amd64", "./agent/cmd/vigia-agent"},
		{"linux", "amd64", "./collector/cmd/vigia"},
		{"windows", "amd64", "./agent/cmd/vigia-agent"},
	} {
		t.Run(row.os+"/"+row.arch+"/"+filepath.Base(row.main), func(t *testing.T) {
			folder := t.TempDir()
			program := filepath.Join(folder, filepath.Base(row.main))
			env := []string{"GOOS=" + row.os, "GOARCH=" + row.arch}
			goCommand(t, env, "build", "-trimpath", "-buildvcs=false", "-tags", "grpcnotrace", "-ldflags", "-s -w", "-o", program, row.main)
			linked := strings.Split(goCommand(t, env, "list", "-deps", "-tags", "grpcnotrace",
				"-f", "{{with .Module}}{{if not .Main}}{{.Path}}@{{.Version}}{{end}}{{end}}", row.main), "\n")
			linked = append(linked, std+"@"+strings.TrimPrefix(runtime.Version(), "go"))
			slices.Sort(linked)
			linked = slices.DeleteFunc(slices.Compact(linked), func(m string) bool { return m == "" })

			if err := Main([]string{"-modules", at.Modules, "-go", at.Go, "-version", "1.2.3", program, folder}, t.Output()); err != nil {
				t.Fatal(err)
			}
			written, err := os.ReadFile(filepath.Join(folder, BillFile))
			if err != nil {
				t.Fatal(err)
			}
			bill := decode(t, written)
			var listed []string
			for _, c := range *bill.Components {
				listed = append(listed, c.Name+"@"+c.Version)
				if c.Licenses == nil || len(*c.Licenses) == 0 {
					t.Errorf("%s has no licence", c.Name)
				}
			}
			slices.Sort(listed)
			if diff := cmp.Diff(linked, listed); diff != "" {
				t.Errorf("modules of the program (-) and of its bill (+):\n%s", diff)
			}
			if own := bill.Metadata.Component; own.Name != filepath.Base(row.main) || own.Version != "1.2.3" {
				t.Errorf("the bill is of %s %s", own.Name, own.Version)
			}
			notices, err := os.ReadFile(filepath.Join(folder, NoticesFile))
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range linked {
				path, version, _ := strings.Cut(m, "@")
				if path == std {
					path = "Go"
				}
				if !bytes.Contains(notices, []byte(path+" "+version+": LICENSE")) {
					t.Errorf("the notices have no licence of %s", m)
				}
			}

			p, err := Read(program, "1.2.3", at)
			if err != nil {
				t.Fatal(err)
			}
			var again bytes.Buffer
			if err := p.Bill(&again); err != nil || !bytes.Equal(again.Bytes(), written) {
				t.Errorf("the same program has another bill: %v", err)
			}
			if bytes.Contains(written, []byte(at.Modules)) || bytes.Contains(written, []byte("timestamp")) {
				t.Error("the bill says where or when it was made")
			}
		})
	}
}

// decode reads a bill as strictly as its format's own library can.
func decode(t *testing.T, text []byte) cyclonedx.BOM {
	t.Helper()
	var bill cyclonedx.BOM
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&bill); err != nil {
		t.Fatal(err)
	}
	if bill.SpecVersion != cyclonedx.SpecVersion1_6 || !strings.HasPrefix(bill.SerialNumber, "urn:uuid:") {
		t.Errorf("a bill of version %v with the serial number %q", bill.SpecVersion, bill.SerialNumber)
	}
	return bill
}

const mit = `MIT License

Copyright (c) 2026 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`

func TestLicences(t *testing.T) {
	gpl, err := os.ReadFile("/usr/share/common-licenses/GPL-3")
	if err != nil {
		t.Fatalf("%v: the texts of licences are of Debian's package base-files", err)
	}
	for _, row := range []struct {
		name  string
		files map[string]string
		want  string // of the files that are passed on, or of the error
	}{
		{"one", map[string]string{"LICENSE": mit, "main.go": "package p"}, "LICENSE[MIT]"},
		{"one by another name", map[string]string{"Licence.md": mit}, "Licence.md[MIT]"},
		{"with a notice", map[string]string{"LICENSE.txt": mit, "NOTICE": "Of somebody."}, "LICENSE.txt[MIT] NOTICE[]"},
		{"one more in a folder", map[string]string{"LICENSE": mit, "inner/LICENSE": mit}, "LICENSE[MIT] inner/LICENSE[MIT]"},
		{"what tests read is not linked", map[string]string{"LICENSE": mit, "testdata/LICENSE": string(gpl)}, "LICENSE[MIT]"},
		{"none", map[string]string{"README.md": mit}, "there is none"},
		{"a notice alone", map[string]string{"NOTICE": "Of somebody."}, "there is none"},
		{"forbidden", map[string]string{"COPYING": string(gpl)}, "COPYING is GPL-3.0, which asks for the source"},
		{"forbidden in a folder", map[string]string{"LICENSE": mit, "inner/COPYING": string(gpl)}, "inner/COPYING is GPL-3.0"},
		{"forbidden beside another", map[string]string{"LICENSE": mit + string(gpl)}, "LICENSE is GPL-3.0"},
		{"of nobody", map[string]string{"LICENSE": "You may do with this on Tuesdays what the author does on Mondays."}, "no licence that is known"},
		{"with more to it", map[string]string{"LICENSE": mit + strings.Repeat("And the author is to be invited to dinner by all who use it. ", 20)}, "no licence that is known"},
		{"empty", map[string]string{"LICENSE": ""}, "no licence that is known"},
	} {
		t.Run(row.name, func(t *testing.T) {
			folder := t.TempDir()
			for name, text := range row.files {
				if err := os.MkdirAll(filepath.Join(folder, filepath.Dir(name)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			texts, err := licences(Part{Path: "example.org/p", Version: "v1.0.0"}, folder)
			var got []string
			for _, text := range texts {
				got = append(got, text.Name+"["+strings.Join(text.IDs, " ")+"]")
			}
			said := strings.Join(got, " ")
			if err != nil {
				said = err.Error()
			}
			if !strings.HasPrefix(said, row.want) && (err == nil || !strings.Contains(said, row.want)) {
				t.Errorf("got %q, want %q", said, row.want)
			}
		})
	}
}

func TestMayLink(t *testing.T) {
	for ids, want := range map[string]string{
		"MIT":               "",
		"Apache-2.0 MIT":    "",
		"MIT AGPL-3.0":      "asks for the source",
		"SSPL-1.0":          "asks for the source",
		"GPL-2.0-or-later":  "asks for the source",
		"LGPL-2.1":          "asks for the source",
		"MPL-2.0":           "nobody has decided",
		"BSD-3-Clause EUPL": "asks for the source",
		"JSON":              "nobody has decided",
	} {
		err := mayLink(strings.Fields(ids))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", ids, err, want)
		}
	}
}

// What is not a program, and a module that is not in the cache, are errors.
func TestNoPapers(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "a")
	if err := os.WriteFile(file, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"no program":     {"-modules", folder, "-go", folder, file, folder},
		"no modules":     {"-modules", folder, "-go", folder, self, folder},
		"no folder":      {"-modules", folder, "-go", folder, self},
		"nothing":        {},
		"another option": {"-fast"},
	} {
		if err := Main(args, t.Output()); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := os.Stat(filepath.Join(folder, BillFile)); err == nil {
			t.Errorf("%s: a bill was written", name)
		}
	}
}
