package collector_test

import (
	"bytes"
	"debug/buildinfo"
	"debug/pe"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// maxInstaller is the bar of an installer, in bytes.
const maxInstaller = 14 << 20

// installers are those for Windows, built and signed once for a test.
type installers struct {
	dir         string
	p12         string // what they are signed with; its pass phrase is in the file .pass
	certificate string // alone
}

func newInstallers(t *testing.T) installers {
	t.Helper()
	if testing.Short() {
		t.Skip("installers are not for -short")
	}
	p12, certificate := signingCertificate(t)
	return installers{dir: t.TempDir(), p12: p12, certificate: certificate}
}

// build makes the installers of a version for some processors, under dir.
func (in installers) build(t *testing.T, dir, version, arches string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "../packaging/tools/msi.sh", version)
	cmd.Env = append(os.Environ(), "OUT="+dir, "ARCHES="+arches, "PROFILE=", "SOURCE_DATE_EPOCH=1795000000",
		"SIGN_P12="+in.p12, "SIGN_PASS_FILE="+in.p12+".pass")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the installers of %s: %v\n%s", version, err, said)
	}
}

func (in installers) path(version, arch string) string {
	return filepath.Join(in.dir, "vigia-agent-"+version+"-"+arch+".msi")
}

// verify is an error unless a file bears a good signature of the test's certificate.
func (in installers) verify(t *testing.T, file string) error {
	t.Helper()
	return exec.CommandContext(t.Context(), "osslsigncode", "verify", "-CAfile", in.certificate, "-in", file).Run()
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

// The installers for every processor, and a machine's way with the one for its own.
func TestWindowsInstaller(t *testing.T) {
	in := newInstallers(t)
	in.build(t, in.dir, "0.1.0", "amd64 arm64 386")
	t.Run("in good form", in.inGoodForm)
	t.Run("a change shows", in.changeShows)
	t.Run("the same bytes again", in.sameBytesAgain)
	t.Run("on a machine", func(t *testing.T) {
		in.build(t, in.dir, "0.2.0", "amd64")
		in.onAMachine(t)
	})
}

// Each installer is for its processor, small, signed, and says to Windows what it must.
func (in installers) inGoodForm(t *testing.T) {
	for _, row := range []struct {
		arch, template, folder string
		machine                uint16
		bits                   int
		attributes             string // of the component: 256 is 64 bits
		refuses                bool   // a Windows of 64 bits
	}{
		{"amd64", "x64;3082", "ProgramFiles64Folder", pe.IMAGE_FILE_MACHINE_AMD64, 64, "256", false},
		{"arm64", "Arm64;3082", "ProgramFiles64Folder", pe.IMAGE_FILE_MACHINE_ARM64, 64, "256", false},
		{"386", "Intel;3082", "ProgramFilesFolder", pe.IMAGE_FILE_MACHINE_I386, 32, "0", true},
	} {
		t.Run(row.arch, func(t *testing.T) {
			msi := in.path("0.1.0", row.arch)
			if info, err := os.Stat(msi); err != nil || info.Size() > maxInstaller {
				t.Errorf("the installer: %v, %+v; the bar is %d bytes", err, info, maxInstaller)
			}
			if err := in.verify(t, msi); err != nil {
				t.Errorf("the installer's signature: %v", err)
			}
			if got := msiinfo(t, "suminfo", msi); !strings.Contains(got, "Template: "+row.template+"\n") {
				t.Errorf("it is for %s, want %s", got, row.template)
			}
			for table, rows := range map[string][]string{
				"Property": {"ALLUSERS\t1", "ProductVersion\t0.1.0", "UpgradeCode\t{5B7C9A52-3E0F-4D0B-9C1E-2F7A6E0D4C31}",
					"MsiHiddenProperties\tTOKEN;PROXY;AskToEnrol", "SecureCustomProperties\tCOLLECTOR;TOKEN;TOKENFILE;DEPARTMENT;PROXY;"},
				// 3090: the program of the package, as the machine, when all is in place. 8192:
				// what it is called with is not logged.
				"CustomAction":   {"AskToEnrol\t11282\tAgentExe\tenroll --later "},
				"ServiceInstall": {"\tvigia-agent\t", "\t16\t2\t1\t", "LocalSystem"},
				"Component":      {"\tINSTALLDIR\t" + row.attributes + "\t\tAgentExe"},
				"Directory":      {"INSTALLDIR\t" + row.folder + "\tVigia"},
				"InstallExecuteSequence": {"RemoveExistingProducts\t\t1501", "InstallInitialize\t\t1500",
					`AskToEnrol	COLLECTOR AND (TOKEN OR TOKENFILE) AND NOT Installed AND NOT (REMOVE="ALL")`},
				"LaunchCondition": {"NOT WIX_DOWNGRADE_DETECTED\t", "Installed OR VersionNT >= 603\t"},
			} {
				got := msiinfo(t, "export", msi, table)
				for _, want := range rows {
					if !strings.Contains(got, want) {
						t.Errorf("the table %s does not have %q:\n%s", table, want, got)
					}
				}
			}
			if got := strings.Contains(msiinfo(t, "export", msi, "LaunchCondition"), "NOT VersionNT64"); got != row.refuses {
				t.Errorf("it refuses a Windows of 64 bits: %v", got)
			}

			exe := in.program(t, msi)
			if err := in.verify(t, exe); err != nil {
				t.Errorf("the program's signature: %v", err)
			}
			program, err := pe.Open(exe)
			if err != nil {
				t.Fatal(err)
			}
			defer program.Close()
			_, is32 := program.OptionalHeader.(*pe.OptionalHeader32)
			if program.Machine != row.machine || is32 != (row.bits == 32) {
				t.Errorf("the program is for the machine %#x, of 32 bits: %v; want %#x", program.Machine, is32, row.machine)
			}
			build, err := buildinfo.ReadFile(exe)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range build.Settings {
				if s.Key == "GOARCH" && s.Value != row.arch || s.Key == "GOOS" && s.Value != "windows" || s.Key == "CGO_ENABLED" && s.Value != "0" {
					t.Errorf("the program is built with %s=%s", s.Key, s.Value)
				}
			}
		})
	}
}

// program takes the agent out of an installer.
func (in installers) program(t *testing.T, msi string) string {
	t.Helper()
	dir := t.TempDir()
	if said, err := exec.CommandContext(t.Context(), "msiextract", "-C", dir, msi).CombinedOutput(); err != nil {
		t.Fatalf("msiextract: %v\n%s", err, said)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*", "*", "vigia-agent.exe"))
	if deeper, _ := filepath.Glob(filepath.Join(dir, "*", "vigia-agent.exe")); len(found) == 0 {
		found = deeper
	}
	if err != nil || len(found) != 1 {
		t.Fatalf("the installer holds the programs %q, %v", found, err)
	}
	return found[0]
}

// Whoever changes one bit of an installer, wherever, has one that is not signed.
func (in installers) changeShows(t *testing.T) {
	whole, err := os.ReadFile(in.path("0.1.0", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	at := func(what string, after int) int {
		i := bytes.Index(whole, []byte(what))
		if i < 0 {
			t.Fatalf("the installer does not hold %q", what)
		}
		return i + after
	}
	for _, row := range []struct {
		name   string
		offset int
	}{
		{"in the cabinet", at("MSCF", 1<<20)},
		{"in the cabinet's head", at("vigia-agent.exe", 0)},
		{"in a table: which property is hidden", at("MsiHiddenProperties", 3)},
		{"in a table: what the machine is made to run", at("enroll --later", 1)},
		{"in the summary: the processor", at("x64;3082", 0)},
	} {
		changed := bytes.Clone(whole)
		changed[row.offset] ^= 1
		file := filepath.Join(t.TempDir(), "cambiado.msi")
		if err := os.WriteFile(file, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		if in.verify(t, file) == nil {
			t.Errorf("%s: an installer with a bit changed still counts as signed", row.name)
		}
	}
}

// The same commit gives the same installer, whenever and wherever it is made.
func (in installers) sameBytesAgain(t *testing.T) {
	dir := t.TempDir()
	in.build(t, dir, "0.1.0", "amd64")
	before, err := os.ReadFile(in.path("0.1.0", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := os.ReadFile(filepath.Join(dir, filepath.Base(in.path("0.1.0", "amd64"))))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, again) {
		t.Error("two builds differ")
	}
}

// msiinfo asks an installer about itself.
func msiinfo(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "msiinfo", args...).Output()
	if err != nil {
		t.Fatalf("msiinfo %s: %v", strings.Join(args, " "), err)
	}
	return strings.ReplaceAll(string(out), "\r\n", "\n")
}
