package agent

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vigia/agent/collectortest"
	"vigia/checks/message"
)

// command runs the program as from a shell.
func command(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = Main(t.Context(), args, Env{Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &err, Version: "test"})
	return code, out.String(), err.String()
}

func TestEnrolRunAndStatusByCommand(t *testing.T) {
	c := collectortest.Start(t)
	c.SetPolicy(c.Sign(policyFor(t, "machine-1", 1, 1, "AC-PWD-AGE-365").Encode()))
	data := filepath.Join(t.TempDir(), "data")
	token := c.NewToken().String()

	code, stdout, stderr := command(t, token+"\n", "enroll", "--collector", c.Addr, "--token-file", "-", "--data", data)
	if code != exitFine || !strings.Contains(stdout, "Equipo inscrito en «Ayuntamiento de Prueba»") {
		t.Fatalf("enroll ended %d with %q, %q", code, stdout, stderr)
	}
	code, _, again := command(t, "", "enroll", "--collector", c.Addr, "--token", token, "--data", data)
	if code != exitError || !strings.HasPrefix(again, "vigia-agent: este equipo ya está inscrito") {
		t.Errorf("a second enrolment ended %d with %q", code, again)
	}
	code, _, used := command(t, "", "enroll", "--collector", c.Addr, "--token", token, "--data", data+"2")
	if want := "vigia-agent: el colector rechaza el token: the token was already used. Cree otro"; code != exitError || !strings.HasPrefix(used, want) {
		t.Errorf("a used token ended %d with %q, want %q...", code, used, want)
	}
	for _, text := range []string{stdout, stderr, again, used} {
		if strings.Contains(text, token) {
			t.Errorf("the token is in %q", text)
		}
	}

	code, stdout, stderr = command(t, "", "run", "--once", "--data", data)
	if want := "Medido y entregado: 1 comprobaciones, informe 1 confirmado"; code != exitFine || !strings.Contains(stdout, want) {
		t.Fatalf("run --once ended %d with %q, %q; want %q...", code, stdout, stderr, want)
	}
	if got := len(c.Reports("machine-1")); got != 1 {
		t.Errorf("%d reports arrived, want 1", got)
	}

	code, stdout, _ = command(t, "", "status", "--data", data)
	if code != exitFine || !strings.Contains(stdout, "1 escritos, 1 confirmados, 0 en espera") {
		t.Errorf("status ended %d with %q", code, stdout)
	}
	code, stdout, _ = command(t, "", "status", "--data", data, "--format", "json")
	var s Status
	if err := json.Unmarshal([]byte(stdout), &s); code != exitFine || err != nil || s.AgentID != "machine-1" || len(s.Results) != 1 {
		t.Errorf("status ended %d with %+v, %v", code, s, err)
	}
	_, stdout, _ = command(t, "", "check", "--data", data)
	if !strings.Contains(stdout, "la política 1.1 de este equipo, firmada por Ayuntamiento de Prueba") || strings.Contains(stdout, "AC-LOCK-15") {
		t.Errorf("an enrolled machine does not check by its own policy: %s", stdout)
	}

	c.Revoke("machine-1")
	if code, _, stderr = command(t, "", "run", "--once", "--data", data); code != exitError || !strings.Contains(stderr, "el colector no admite este equipo: this machine was revoked.") {
		t.Errorf("a revoked machine ended %d with %q", code, stderr)
	}
	if code, stdout, _ = command(t, "", "status", "--data", data); code != exitNo || !strings.Contains(stdout, "El último intento falló") {
		t.Errorf("status ended %d with %q", code, stdout)
	}
}

func TestLoadConfig(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ConfigFile), []byte("language: en\nlog:\n  level: debug\nspool:\n  max_bytes: 33554432\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := LoadConfig("", dir, []string{"VIGIA_AGENT_LOG_FORMAT=json", "VIGIA_AGENT_DATA=/elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	want := DefaultConfig()
	want.Language, want.DataDir, want.Spool.MaxBytes = "en", dir, 32<<20
	want.Log.Level, want.Log.Format = "debug", "json"
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, err := LoadConfig("", t.TempDir(), nil); err != nil || got.Language != "es" || got.Log.Level != "info" {
		t.Errorf("without a file %+v, %v", got, err)
	}
}

func TestLanguageIn(t *testing.T) {
	for _, row := range []struct {
		args []string
		want message.Lang
	}{
		{nil, message.Spanish},
		{[]string{"check", "--lang", "en"}, message.English},
		{[]string{"--lang=en", "check"}, message.English},
		{[]string{"scan", "--", "--lang=en"}, message.Spanish},
		{[]string{"--lang"}, message.Spanish},
	} {
		if got := languageIn(row.args); got != row.want {
			t.Errorf("languageIn(%q) = %s, want %s", row.args, got, row.want)
		}
	}
}
