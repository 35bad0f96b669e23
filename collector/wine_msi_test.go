package collector_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
	"vigia/collector/storage"
)

// installer builds an installer for Windows, signed with a certificate made for the test.
func installer(t *testing.T, certificate, version string) string {
	t.Helper()
	out := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "../packaging/tools/msi.sh", version)
	cmd.Env = append(os.Environ(), "OUT="+out, "ARCHES=amd64", "PROFILE=", "SIGN_P12="+certificate, "SIGN_PASS_FILE="+certificate+".pass")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the installer: %v\n%s", err, said)
	}
	return filepath.Join(out, "vigia-agent-"+version+"-amd64.msi")
}

// signingCertificate makes a certificate to sign code with, and returns its PKCS#12 file
// and the certificate alone.
func signingCertificate(t *testing.T) (p12, pem string) {
	t.Helper()
	dir := t.TempDir()
	p12, pem = filepath.Join(dir, "firma.p12"), filepath.Join(dir, "firma.pem")
	if err := os.WriteFile(p12+".pass", []byte("inventada"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/O=Vigia de prueba/CN=Vigia de prueba", "-days", "30",
			"-addext", "extendedKeyUsage=codeSigning", "-keyout", filepath.Join(dir, "llave.pem"), "-out", pem},
		{"pkcs12", "-export", "-inkey", filepath.Join(dir, "llave.pem"), "-in", pem, "-out", p12, "-passout", "file:" + p12 + ".pass"},
	} {
		if said, err := exec.CommandContext(t.Context(), "openssl", args...).CombinedOutput(); err != nil {
			t.Fatalf("openssl: %v\n%s", err, said)
		}
	}
	return p12, pem
}

// The installer on a machine's way: installed without a question by whoever rolls it out,
// enrolled, upgraded, not stepped back, removed.
func TestWindowsInstaller(t *testing.T) {
	pc := startWindows(t)
	p12, pem := signingCertificate(t)
	before, after := installer(t, p12, "0.1.0"), installer(t, p12, "0.2.0")
	verify := func(file string) error {
		return exec.CommandContext(t.Context(), "osslsigncode", "verify", "-CAfile", pem, "-in", file).Run()
	}
	if err := verify(before); err != nil {
		t.Errorf("the installer's signature: %v", err)
	}
	data, err := os.ReadFile(before)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 14<<20 {
		t.Errorf("the installer has %d bytes, the bar is 14 MB", len(data))
	}
	data[len(data)/2] ^= 1
	changed := filepath.Join(t.TempDir(), "changed.msi")
	if err := os.WriteFile(changed, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if verify(changed) == nil {
		t.Error("an installer of which one bit was changed still counts as signed")
	}

	col, address := serve(t)
	var token apiv1.Token
	write(t, col, func(ctx context.Context, tx *storage.Tx) (err error) {
		token, err = col.Enroll.CreateToken(ctx, tx, enroll.TokenRequest{By: "prueba"})
		return err
	})
	machines := func() (all []enroll.Machine) {
		err := col.DB.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
			all, err = col.Enroll.Machines(ctx, tx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	reportedBy := func(version string) func() bool {
		return func() bool {
			all := machines()
			return len(all) == 1 && !all[0].LastSeen.IsZero() && all[0].AgentVersion == version
		}
	}
	await := func(what string, so func() bool) {
		t.Helper()
		for deadline := time.Now().Add(wine); !so(); time.Sleep(time.Second) {
			if time.Now().After(deadline) {
				log, _ := os.ReadFile(pc.LinuxPath(`C:\ProgramData\Vigia\agent\log\vigia-agent.log`))
				t.Fatalf("not within %v: %s\n%s", wine, what, log)
			}
		}
	}
	install := func(args ...string) (string, error) {
		out, err := pc.Command(t.Context(), "msiexec", append(args, "/qn", "/l*v", `C:\instalador.log`)...).CombinedOutput()
		return string(out), err
	}

	if out, err := install("/i", pc.WindowsPath(before), "COLLECTOR="+address, "TOKEN="+token.String()); err != nil {
		t.Fatalf("install: %v\n%s", err, out)
	}
	await("the service reports", reportedBy("0.1.0"))
	id := machines()[0].ID
	if text, err := os.ReadFile(pc.LinuxPath(`C:\ProgramData\Vigia\agent\log\vigia-agent.log`)); err != nil || strings.Contains(string(text), token.String()) {
		t.Errorf("the token stands in the service's log: %v", err)
	}
	// Wine writes hidden properties into the installer's log, as Windows does not; so the
	// installer itself is asked.
	for table, want := range map[string]string{"Property": "MsiHiddenProperties\tTOKEN;AskToEnrol", "CustomAction": "AskToEnrol\t11282"} {
		out, err := exec.CommandContext(t.Context(), "msiinfo", "export", before, table).Output()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("the table %s does not say %s: %v", table, want, err)
		}
	}
	for _, hive := range []string{"system.reg", "user.reg", "userdef.reg"} {
		if text, err := os.ReadFile(filepath.Join(pc.Prefix, hive)); err != nil || strings.Contains(string(text), token.String()) {
			t.Errorf("the token stands in the registry (%s): %v", hive, err)
		}
	}

	if out, err := install("/i", pc.WindowsPath(after)); err != nil {
		t.Fatalf("upgrade: %v\n%s", err, out)
	}
	await("the new version reports", reportedBy("0.2.0"))
	if all := machines(); len(all) != 1 || all[0].ID != id {
		t.Errorf("after the upgrade there are %d machines, the first %v", len(all), all[0].ID)
	}
	if out, err := install("/i", pc.WindowsPath(before)); err == nil {
		t.Errorf("a step back was installed\n%s", out)
	}

	if out, err := install("/x", pc.WindowsPath(after)); err != nil {
		t.Fatalf("remove: %v\n%s", err, out)
	}
	if _, err := os.Stat(pc.LinuxPath(`C:\Program Files\Vigia\vigia-agent.exe`)); err == nil {
		t.Error("the program is left after its removal")
	}
	if _, code := pc.run(t, "service", "status"); code != 1 {
		t.Errorf("the service is left after its removal: exit code %d", code)
	}
}
