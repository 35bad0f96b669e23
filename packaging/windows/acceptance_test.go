package windows_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"vigia/packaging/upgradetest"
)

const acceptance = "acceptance.ps1"

// There is no PowerShell here. That the script is PowerShell at all a grammar says; that it
// does what it should, only a Windows can.
func TestAcceptanceIsPowerShell(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	syntax := func(files ...string) (string, int) {
		cmd := exec.CommandContext(t.Context(), "../tools/powershell-syntax.sh", files...)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	out, code := syntax(acceptance)
	if code == 2 {
		upgradetest.Untried(t, "the syntax of acceptance.ps1: "+strings.TrimSpace(out))
	}
	if code != 0 {
		t.Errorf("it is no PowerShell:\n%s", out)
	}
	script, err := os.ReadFile(acceptance)
	if err != nil {
		t.Fatal(err)
	}
	broken := t.TempDir() + "/broken.ps1"
	if err := os.WriteFile(broken, append(script, "\nif ($x -eq ) { \n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, code := syntax(broken); code != 1 {
		t.Errorf("what is no PowerShell counts as such: exit code %d", code)
	}
}

// Windows PowerShell 5.1 takes a script without a mark for one in code page 1252, in which
// the second byte of some letters is a quote.
func TestAcceptanceIsForWindowsPowerShell(t *testing.T) {
	b, err := os.ReadFile(acceptance)
	if err != nil {
		t.Fatal(err)
	}
	script, marked := bytes.CutPrefix(b, []byte("\xef\xbb\xbf"))
	text := string(script)
	if !marked || !strings.HasPrefix(text, "#Requires -Version 5.1\n") || !strings.Contains(text, "\nSet-StrictMode -Version 2.0\n") {
		t.Error("it has no mark of UTF-8, names no version or is not strict")
	}
	for what, pattern := range map[string]string{
		"an operator of PowerShell 7":             `\?\?|\?\.|&&|\|\|`,
		"a module that must be installed":         `(?i)Import-Module|Install-Module|#Requires -Modules`,
		"a command that only PowerShell 7 has":    `(?i)-AsHashtable|ForEach-Object -Parallel|Test-Json`,
		"code that is made of text":               `(?i)Invoke-Expression|\biex\b|DownloadString`,
		"a variable that PowerShell itself fills": `(?i)\$(profile|input|args|host|pid|home)\b`,
	} {
		if found := regexp.MustCompile(pattern).FindString(text); found != "" {
			t.Errorf("it has %s: %s", what, found)
		}
	}
}
