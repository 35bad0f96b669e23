package archtest

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// root is the module's root, seen from this folder.
const root = "../.."

func TestTree(t *testing.T) {
	pkgs, err := Load(os.DirFS(root), Module)
	if err != nil {
		t.Fatal(err)
	}
	if len(pkgs) == 0 {
		t.Fatal("no package found: is the working directory packaging/archtest?")
	}
	rules := []struct {
		name     string
		problems []string
	}{
		{"arrows", Arrows(pkgs, Rows(), Anyone())},
		{"reserved imports", Foreign(pkgs, ReservedImports())},
		{"package comments", PackageComments(pkgs)},
		{"OS-tagged files", OSTagged(pkgs, OSTaggedIn())},
		{"top-level names", TopLevel(topLevel(t), TopLevelNames(), BuildOutputs())},
	}
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			for _, problem := range rule.problems {
				t.Error(problem)
			}
		})
	}
}

func topLevel(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// TestLinked asks the go command what each program links, on both systems.
func TestLinked(t *testing.T) {
	rules := map[string][]Unlinked{} // by program
	for _, rule := range NeverLinked() {
		rules[rule.Program] = append(rules[rule.Program], rule)
	}
	for _, goos := range []string{"linux", "windows"} {
		for _, program := range slices.Sorted(maps.Keys(rules)) {
			t.Run(goos+"/"+path.Base(program), func(t *testing.T) {
				deps := linkedBy(t, goos, program)
				for _, rule := range rules[program] {
					for _, problem := range Linked(deps, rule) {
						t.Error(problem)
					}
				}
			})
		}
	}
}

func linkedBy(t *testing.T, goos, program string) []string {
	t.Helper()
	// What is linked depends on go.mod too: a test that has read it is not
	// answered from the test cache when it changes.
	if _, err := os.ReadFile(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", "grpcnotrace", "./"+program)
	cmd.Dir = filepath.FromSlash(root)
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list what %s links: %v\n%s", program, err, stderr.String())
	}
	return strings.Fields(string(out))
}

// TestAgentCarriesNoEngine looks into the program itself. The agent's imports
// reach packages that the linker then leaves out (viper knows templates), so
// what counts is the code that is still there.
func TestAgentCarriesNoEngine(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the agent")
	}
	exe := filepath.Join(t.TempDir(), "vigia-agent")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-tags", "grpcnotrace",
		"-ldflags", "-s -w", "-o", exe, "./agent/cmd/vigia-agent")
	cmd.Dir = filepath.FromSlash(root)
	cmd.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the agent: %v\n%s", err, out)
	}
	program, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	// Names of functions are in every Go program, stripped or not.
	for _, absent := range []string{"html/template.(*escaper).", "database/sql.(*DB).", "net/http.(*Server).Serve", "golang.org/x/net/trace."} {
		if bytes.Contains(program, []byte(absent)) {
			t.Errorf("vigia-agent holds %s", absent)
		}
	}
	if present := "vigia/agent."; !bytes.Contains(program, []byte(present)) {
		t.Errorf("vigia-agent does not hold %s: this test looks in the wrong place", present)
	}
}

// TestRowsAreWhole finds the mistakes that would make the table itself lie.
func TestRowsAreWhole(t *testing.T) {
	named := map[string]bool{}
	for _, row := range Rows() {
		for _, from := range row.From {
			if named[from] {
				t.Errorf("%s: begins two rows", from)
			}
			named[from] = true
		}
	}
	for _, row := range Rows() {
		for _, to := range row.May {
			covers := func(from string) bool { return Match(from, to) || Match(to, from) }
			if !slices.ContainsFunc(slices.Collect(maps.Keys(named)), covers) {
				t.Errorf("%s may import %s, of which no row speaks", strings.Join(row.From, ", "), to)
			}
		}
	}
	for _, r := range ReservedImports() {
		if r.Why == "" {
			t.Errorf("%s: reserved without a reason", strings.Join(r.Foreign, ", "))
		}
	}
}

// TestRulesBite gives the real table trees that break it. A rule that reports
// nothing here would report nothing anywhere.
func TestRulesBite(t *testing.T) {
	const doc = "// Package p is documented.\n"
	rows := []struct {
		name  string
		files map[string]string
		check func([]Package) []string
		want  []string // beginnings of the problems
	}{
		{
			name: "allowed",
			files: map[string]string{
				"agent/agent.go":       doc + "package agent\nimport _ \"vigia/agent/spool\"\nimport _ \"os\"\n",
				"agent/spool/spool.go": doc + "package spool\nimport (\n_ \"vigia/checks\"\n_ \"vigia/checks/message\"\n)\n",
			},
			check: everything,
		},
		{
			name: "agent reaches the database",
			files: map[string]string{
				"agent/agent.go": doc + "package agent\n\nimport _ \"vigia/collector/storage\"\n",
			},
			check: everything,
			want:  []string{"agent/agent.go:4: agent may not import collector/storage"},
		},
		{
			name: "an import that only Windows compiles",
			files: map[string]string{
				"collector/web/web.go":          doc + "package web\n",
				"collector/web/pc_x.go":         "//go:build windows && amd64\n\npackage web\nimport _ \"vigia/checks/host/local\"\n",
				"collector/web/pipe_windows.go": "package web\n",
			},
			check: everything,
			want: []string{
				"collector/web/pc_x.go:4: collector/web may not import checks/host/local",
				"collector/web/pc_x.go: only some operating systems",
				"collector/web/pipe_windows.go: only some operating systems",
			},
		},
		{
			name:  "an import in a file that nothing compiles",
			files: map[string]string{"checks/session/old.go": "//go:build ignore\n\n" + doc + "package session\nimport _ \"vigia/checks/accounts\"\n"},
			check: everything,
			want:  []string{"checks/session/old.go:5: checks/session may not import checks/accounts"},
		},
		{
			name: "a decoder behind the catalogue",
			files: map[string]string{
				"checks/catalog/catalog.go": doc + "package catalog\nimport _ \"vigia/checks/personaldata/scan\"\n",
			},
			check: everything,
			want:  []string{"checks/catalog/catalog.go:3: checks/catalog may not import checks/personaldata/scan"},
		},
		{
			name:  "one book reads another's tables",
			files: map[string]string{"collector/registers/people/p.go": doc + "package people\nimport _ \"vigia/collector/registers/permits\"\n"},
			check: everything,
			want:  []string{"collector/registers/people/p.go:3: collector/registers/people may not import collector/registers/permits"},
		},
		{
			name:  "a package without a row",
			files: map[string]string{"collector/utils/u.go": doc + "package utils\n"},
			check: everything,
			want:  []string{"collector/utils: no arrow begins here"},
		},
		{
			name:  "the module's root is no package",
			files: map[string]string{"main.go": doc + "package main\n"},
			check: everything,
			want:  []string{".: no arrow begins here"},
		},
		{
			name: "reserved imports",
			files: map[string]string{
				"checks/session/s.go":      doc + "package session\nimport _ \"os/exec\"\n",
				"agent/spool/s.go":         doc + "package spool\nimport _ \"golang.org/x/sys/windows\"\n",
				"collector/findings/f.go":  doc + "package findings\nimport _ \"database/sql\"\nimport _ \"github.com/jackc/pgx/v5/stdlib\"\n",
				"checks/policy/p.go":       doc + "package policy\nimport _ \"log\"\n",
				"checks/host/local/cpu.go": doc + "package local\nimport _ \"github.com/shirou/gopsutil/v3/cpu\"\n",
			},
			check: everything,
			want: []string{
				"agent/spool/s.go:3: agent/spool may not import golang.org/x/sys/windows",
				"checks/policy/p.go:3: checks/policy may not import log",
				"checks/session/s.go:3: checks/session may not import os/exec",
				"collector/findings/f.go:4: collector/findings may not import github.com/jackc/pgx/v5/stdlib",
			},
		},
		{
			name: "package comments",
			files: map[string]string{
				"checks/media/a.go":      "package media\n",
				"checks/media/b.go":      "//go:build linux\npackage media\n",
				"checks/inventory/a.go":  doc + "package inventory\n",
				"checks/inventory/b.go":  doc + "package inventory\n",
				"checks/protection/a.go": "// Detached.\n\npackage protection\n",
			},
			check: PackageComments,
			want: []string{
				"checks/inventory: 2 package comments, want one: checks/inventory/a.go, checks/inventory/b.go",
				"checks/media: no package comment",
				"checks/protection: no package comment",
			},
		},
		{
			name: "tests are free, test support is free, but not free to import",
			files: map[string]string{
				"checks/checks.go":                      doc + "package checks\n",
				"checks/checks_test.go":                 "package checks\nimport _ \"vigia/collector\"\nimport _ \"os/exec\"\n",
				"collector/storage/storagetest/s.go":    doc + "package storagetest\nimport _ \"vigia/collector/storage\"\nimport _ \"testing\"\n",
				"collector/findings/findings.go":        doc + "package findings\nimport _ \"vigia/collector/storage/storagetest\"\n",
				"checks/testdata/gone.go":               "package gone\nimport _ \"vigia/agent\"\n",
				"packaging/tools/go.mod":                "module other\n",
				"packaging/tools/tool.go":               "package tools\nimport _ \"vigia/agent\"\n",
				"checks/host/hosttest/unlike_others.go": doc + "package hosttest\nimport _ \"vigia/checks\"\n",
			},
			check: everything,
			want: []string{
				"checks/host/hosttest/unlike_others.go:3: checks/host/hosttest may not import checks",
				"collector/findings/findings.go:3: collector/findings may not import collector/storage/storagetest",
			},
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			tree := fstest.MapFS{}
			for name, text := range row.files {
				tree[name] = &fstest.MapFile{Data: []byte(text)}
			}
			pkgs, err := Load(tree, Module)
			if err != nil {
				t.Fatal(err)
			}
			got := row.check(pkgs)
			slices.Sort(got)
			want := slices.Sorted(slices.Values(row.want))
			if len(got) != len(want) {
				t.Fatalf("got %d problems, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
			}
			for i := range want {
				if !strings.HasPrefix(got[i], want[i]) {
					t.Errorf("problem %d:\n got %s\nwant %s...", i, got[i], want[i])
				}
			}
		})
	}
}

// everything applies all rules that look at imports.
func everything(pkgs []Package) []string {
	return slices.Concat(
		Arrows(pkgs, Rows(), Anyone()),
		Foreign(pkgs, ReservedImports()),
		OSTagged(pkgs, OSTaggedIn()),
	)
}

func TestTwoRowsForOnePackage(t *testing.T) {
	pkgs := []Package{{Path: "a/b"}}
	got := Arrows(pkgs, []Row{{From: of("a/*")}, {From: of("a/b")}}, nil)
	want := []string{"a/b: 2 rows speak of this package, want one"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestLinkedBites(t *testing.T) {
	deps := []string{"os", "database/sql", "vigia/collector/api/v1", "vigia/collector/enroll"}
	rule := Unlinked{Program: "p", Never: of("database/sql/...", "vigia/collector/..."), But: of("vigia/collector/api/v1"), Why: "w"}
	want := []string{"p links database/sql: w", "p links vigia/collector/enroll: w"}
	if diff := cmp.Diff(want, Linked(deps, rule)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestTopLevelBites(t *testing.T) {
	got := TopLevel([]string{".git", "agent", "bin", "docs"}, of("agent"), of("bin"))
	want := []string{"docs: not one of the top-level names, which are agent"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestLoadRefusesWhatItCannotRead(t *testing.T) {
	_, err := Load(fstest.MapFS{"agent/a.go": {Data: []byte("package agent\nimport \"vigia/x\nfunc")}}, Module)
	if err == nil || !strings.Contains(err.Error(), "agent/a.go:2") {
		t.Errorf("got %v, want an error that names agent/a.go:2", err)
	}
}

func TestMatch(t *testing.T) {
	rows := []struct {
		pattern, name string
		want          bool
	}{
		{"checks", "checks", true},
		{"checks", "checks/host", false},
		{"checks/...", "checks", true},
		{"checks/...", "checks/host/local", true},
		{"checks/...", "checksums", false},
		{"collector/registers/*", "collector/registers/people", true},
		{"collector/registers/*", "collector/registers", false},
		{"collector/registers/*", "collector/registers/people/x", false},
		{"a/*/...", "a/b/c/d", true},
		{"a/*/...", "a", false},
		{"...", "anything/at/all", true},
		{"log", "log/slog", false},
	}
	for _, row := range rows {
		if got := Match(row.pattern, row.name); got != row.want {
			t.Errorf("Match(%q, %q): got %v, want %v", row.pattern, row.name, got, row.want)
		}
	}
}
