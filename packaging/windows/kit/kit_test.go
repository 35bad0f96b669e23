package kit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

func TestWriteReplacesWhatAnOlderKitHad(t *testing.T) {
	dir := t.TempDir()
	first := Settings{
		Organisation: "Ayuntamiento de Villaejemplo", Collector: "vigia.villaejemplo.example:8443",
		Departments: []string{"Tesorería", "Obras & Servicios"}, Token: "vigia1-todos",
		Tokens: []HostToken{{"PC-014", "vigia1-uno"}, {"PC-015", "vigia1-otro"}},
	}
	if err := Write(dir, first); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		SettingsFile: "organizacion=Ayuntamiento de Villaejemplo\r\ncolector=vigia.villaejemplo.example:8443\r\n" +
			"departamentos=2\r\ndepartamento.1=Tesorer\xa1a\r\ndepartamento.2=Obras & Servicios\r\n",
		TokenFile:  "vigia1-todos\r\n",
		TokensFile: "host,token\r\nPC-014,vigia1-uno\r\nPC-015,vigia1-otro\r\n",
	} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s is %q, %v; want %q", name, got, err, want)
		}
	}
	if err := Write(dir, Settings{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{TokenFile, TokensFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left of the older kit: %v", name, err)
		}
	}
}

// cmd.exe needs its own ends of lines, and reads no mark of an encoding.
func TestScriptIsOneForWindows(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, Settings{}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, ScriptFile))
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	// "export" ends with 1 when it wrote and something else is strange.
	if _, after, _ := strings.Cut(text, "export \"!KIT!.\""); !strings.Contains(after[:min(200, len(after))], "\r\nif errorlevel 2 goto sin_exportar\r\nif errorlevel 1 goto exportado_con_avisos\r\n") {
		t.Error("the script takes what export wrote for what it could not write")
	}
	// A console of the United States has code page 437; what differs there is not used.
	for _, r := range script {
		in850, ok := charmap.CodePage850.EncodeRune(r)
		if in437, ok437 := charmap.CodePage437.EncodeRune(r); !ok || !ok437 || in850 != in437 {
			t.Errorf("the script has the letter %c, which not every console shows", r)
		}
	}
	if !strings.HasPrefix(text, "@echo off\r\n") || strings.Count(text, "\n") != strings.Count(text, "\r\n") {
		t.Error("the script does not begin or end its lines as cmd.exe needs")
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if label, ok := strings.CutPrefix(line, "goto "); ok && !strings.Contains(text, "\r\n:"+label+"\r\n") {
			t.Errorf("there is no label %s", label)
		}
		if strings.Contains(line, "%%a") && strings.Contains(line, "%COMPUTERNAME%") {
			t.Errorf("a name of more than 15 letters is not found: %s", line)
		}
		// A name of the kit is never expanded before the line is parsed.
		if strings.Contains(line, "%KIT_") || strings.Contains(line, "%DEP%") {
			t.Errorf("a value of the kit becomes part of a command: %s", line)
		}
	}
}

func TestNamesThatAnInstallerCannotTake(t *testing.T) {
	for _, row := range []struct {
		name string
		ok   bool
	}{
		{"Tesorería", true}, {"Obras & Servicios (1.ª planta)", true}, {"100 % digital!", true}, {"^|<>%PATH%!PATH!", true},
		{"ñ 'Á' ç · ¿ü? Ñ", true}, {"5 €", false}, {"Zażółć", false}, {"A – B", false}, {strings.Repeat("é", maxName), true},
		{`Obras" TOKEN="x`, false}, {"[TOKEN]", false}, {"{x}", false}, {"a\nb", false}, {"a\x00b", false},
		{`Obras\`, false}, {" Obras", false}, {"Obras ", false}, {"=Obras", false}, {"\xff", false},
		{strings.Repeat("é", maxName+1), false},
	} {
		for _, s := range []Settings{{Departments: []string{row.name}}, {Organisation: row.name}, {Collector: row.name}, {Proxy: row.name}} {
			dir := t.TempDir()
			err := Write(dir, s)
			if (err == nil) != row.ok || err != nil && !errors.Is(err, ErrName) {
				t.Errorf("%q: %v", row.name, err)
			}
			if left, _ := os.ReadDir(dir); err != nil && len(left) > 0 {
				t.Errorf("%q: a kit that is refused leaves %v", row.name, left)
			}
		}
	}
	for _, s := range []Settings{
		{Departments: []string{""}}, {Departments: make([]string, MaxDepartments+1)},
		{Tokens: []HostToken{{"PC,1", "x"}}}, {Tokens: []HostToken{{"PC-1", "x\ny"}}}, {Tokens: []HostToken{{"", "x"}}},
	} {
		if err := Write(t.TempDir(), s); err == nil {
			t.Errorf("written: %+v", s)
		}
	}
}

// Somebody had the stick before: what it has is not trusted.
func TestWriteFollowsNoLink(t *testing.T) {
	stick, home := t.TempDir(), t.TempDir()
	victim, stolen := filepath.Join(home, "ca.key"), filepath.Join(home, "stolen.txt")
	if err := os.WriteFile(victim, []byte("key"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{ReadmeFile: victim, TokensFile: victim, TokenFile: stolen} {
		if err := os.Symlink(to, filepath.Join(stick, link)); err != nil {
			t.Skip("no links here:", err)
		}
	}
	if err := Write(stick, Settings{Collector: "a:1", Token: "t"}); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(victim); err != nil || string(b) != "key" {
		t.Errorf("a file outside the stick is %q now, %v", b, err)
	}
	if _, err := os.Lstat(stolen); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the token left the stick: %v", err)
	}
	if b, err := os.ReadFile(filepath.Join(stick, TokenFile)); err != nil || string(b) != "t\r\n" {
		t.Errorf("the token is %q, %v", b, err)
	}
	if left, _ := os.ReadDir(stick); len(left) != 4 {
		t.Errorf("the stick holds %v", left)
	}
}

func TestFit(t *testing.T) {
	fit, left := Fit([]string{"Policía – Tráfico", "Policía — Tráfico", "Niños’", "“Norte”", "Área [1]", "", "Obras"})
	if want := []string{"Policía - Tráfico", "Niños'", "'Norte'", "Obras"}; !slices.Equal(fit, want) || !slices.Equal(left, []string{"Área [1]", ""}) {
		t.Errorf("got %q, left %q", fit, left)
	}
	var many []string
	for i := range MaxDepartments + 2 {
		many = append(many, fmt.Sprint(i))
	}
	fit, left = Fit(many)
	if err := (Settings{Departments: fit}).Check(); err != nil || len(left) != 2 {
		t.Errorf("%d of %d are left: %v", len(left), len(many), err)
	}
}
