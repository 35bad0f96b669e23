package collector_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"vigia/collector/enroll"
	"vigia/packaging/windows/kit"
	"vigia/packaging/winetest"
)

// regAdministrator is what only an administrator reads, and Wine does not have.
const regAdministrator = `[HKEY_USERS\S-1-5-19]` + "\n" + `"prueba"="1"` + "\n"

// double runs the script of a kit as a double-click does, and returns what is on the
// screen. Wine writes to a pipe in code page 1252, and takes the files that a script reads
// for such: of names that a kit brings only ASCII arrives whole.
func (pc windowsPC) double(t *testing.T, stick, typed string, args ...string) (screen string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*wine)
	defer cancel()
	for range 3 {
		cmd := pc.Command(ctx, "cmd", append([]string{"/c", stick + `\` + kit.ScriptFile}, args...)...)
		cmd.Stdin = strings.NewReader(typed)
		var problems strings.Builder
		cmd.Stderr = &problems
		out, err := cmd.Output()
		// On a busy machine Wine cannot always start the program that asks who one is.
		if winetest.NotStarted(problems.String()) || len(args) == 0 && bytes.Contains(out, []byte("Windows va a preguntar")) {
			continue
		}
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatalf("the script: %v\n%s%s", err, out, problems.String())
		}
		text, err := charmap.Windows1252.NewDecoder().String(string(out))
		if err != nil {
			t.Fatal(err)
		}
		return text, cmd.ProcessState.ExitCode()
	}
	t.Fatal("Wine does not start")
	return "", 0
}

// A stick installs the agent on a PC by one double-click and one answer, and a
// department's name is only ever a name.
func TestWindowsKit(t *testing.T) {
	in := newInstallers(t)
	in.build(t, in.dir, "0.1.0", "amd64")
	pc := startWindows(t)
	col, address := serve(t)
	f := fleet{t, col, pc}
	stick := filepath.Join(pc.Prefix, "drive_c", "mi memoria")
	if err := os.Mkdir(stick, 0o700); err != nil {
		t.Fatal(err)
	}
	// Wine expands what stands between exclamation marks a second time, as Windows does not.
	const trap = `Obras & echo x > C:\mal.txt | (%PATH%) ^`
	token := f.token(enroll.TokenRequest{})
	settings := kit.Settings{
		Organisation: "Ayuntamiento de Villaejemplo", Collector: address, Token: token.String(),
		Departments: []string{"Tesorer" + "\u00ed" + "a", trap, "Secretaria"},
	}
	if err := kit.Write(stick, settings); err != nil {
		t.Fatal(err)
	}
	says := func(what, screen string, code, want int, texts ...string) {
		t.Helper()
		if code != want {
			t.Errorf("%s: exit code %d, want %d", what, code, want)
		}
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				t.Errorf("%s: the screen does not say %q", what, text)
			}
		}
		if t.Failed() {
			t.Fatalf("%s:\n%s", what, screen)
		}
	}
	windows := pc.WindowsPath(stick)

	screen, code := pc.double(t, windows, "", "/elevado")
	says("nobody's administrator", screen, code, 1, "este usuario no es administrador", "Ejecutar como administrador")
	pc.ImportRegistry(t, regAdministrator)
	screen, code = pc.double(t, windows, "")
	says("without an installer", screen, code, 1, "no está el instalador", "vigia-agent-VERSION-amd64.msi")
	msi := filepath.Join(stick, filepath.Base(in.path("0.1.0", "amd64")))
	other := filepath.Join(stick, "vigia-agent-0.0.9-amd64.msi")
	if err := errors.Join(os.WriteFile(msi, []byte("cortado"), 0o600), os.WriteFile(other, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	screen, code = pc.double(t, windows, "")
	says("with two installers", screen, code, 1, "más de un instalador")
	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	screen, code = pc.double(t, windows, "\r\n")
	says("with half an installer", screen, code, 1, "No se ha instalado (código ", "error-")
	whole, err := os.ReadFile(in.path("0.1.0", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(msi, whole, 0o600); err != nil {
		t.Fatal(err)
	}

	screen, code = pc.double(t, windows, "2\r\n")
	says("installed", screen, code, 0, "Ayuntamiento de Villaejemplo", "1. Tesorer", "2. "+trap, "3. Secretaria", "Departamento: Obras & echo x",
		"Instalado.", "lo que se mide llega al colector", "Lo principal de este equipo", "AC-LOCK-15", "Pulse una tecla")
	machine := f.await(1, "0.1.0")
	if machine.Department != trap {
		t.Errorf("the machine belongs to %q, want %q", machine.Department, trap)
	}
	for _, made := range []string{"mal.txt", "mi memoria/mal.txt"} {
		if _, err := os.Stat(filepath.Join(pc.Prefix, "drive_c", made)); err == nil {
			t.Errorf("the department's name was run as a command: %s is there", made)
		}
	}
	if log, err := filepath.Glob(filepath.Join(pc.Prefix, "drive_c", "users", "*", "Temp", "vigia-instalacion.log")); err != nil || len(log) != 1 {
		t.Errorf("the log of the installation: %q, %v", log, err)
	} else if text, err := os.ReadFile(log[0]); err != nil || strings.Contains(plain(text), token.String()) {
		t.Errorf("the token stands in the log of the installation: %v", err)
	}

	screen, code = pc.double(t, windows, "\r\n")
	says("a second time", screen, code, 0, "ya está en este equipo", "lo que se mide llega al colector")
	if all := f.machines(); len(all) != 1 {
		t.Errorf("after a second time there are %d machines", len(all))
	}
}
