package auditing

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
	"vigia/checks/host/hosttest"
)

// canaries are passwords that nobody has, typed where a user name belongs. One is of
// digits only, one holds spaces, one looks like the end of a message.
func canaries() []string {
	return []string{"Canario-Inventado-7391", "739182645500", "canario dos 64", "canario from 203.0.113.99", "Canario7391$"}
}

// hint is what tells that a canary was kept, whole or in part.
func hints() []string { return []string{"anario", "7391", "dos 64", "203.0.113.99"} }

// plantedLinux is a machine on which each canary was typed at sshd, at the console, on
// the desktop and for sudo, and stands in btmp, in the log file and in the journal.
func plantedLinux(t *testing.T) host.Host {
	t.Helper()
	return newLinux(func(l *linux) {
		for i, typed := range canaries() {
			at := time.Duration(i+1) * time.Hour
			l.files[authLog] += entry(at, "sshd", "Invalid user "+typed+" from 192.0.2.7 port 1") +
				entry(at, "sshd", "Failed password for invalid user "+typed+" from 192.0.2.7 port 1 ssh2") +
				entry(at, "sshd", "Connection closed by invalid user "+typed+" 192.0.2.7 port 1 [preauth]") +
				entry(at, "sshd", "message repeated 2 times: [ Failed password for invalid user "+typed+" from 192.0.2.7 port 1 ssh2]") +
				entry(at, "login", "pam_unix(login:auth): authentication failure; logname= uid=0 euid=0 tty=/dev/tty1 ruser= rhost=  user="+typed) +
				entry(at, "login", "FAILED LOGIN (1) on '/dev/tty1' FOR '"+typed+"', Authentication failure") +
				entry(at, "gdm-password]", "pam_unix(gdm-password:auth): check pass; user unknown ("+typed+")") +
				entry(at, "sudo", "ana : 1 incorrect password attempt ; TTY=pts/0 ; PWD=/home/ana ; USER=root ; COMMAND=/bin/echo "+typed) +
				entry(at, "su", "FAILED SU (to "+typed+") ana on pts/0") +
				entry(at, "passwd", "user '"+typed+"' does not exist")
			l.files[btmp] += failedRecord(now.Add(-at), typed, "192.0.2.7")
		}
		l.files[machineDir+"system.journal"] = plantedJournal(t)
		l.times[machineDir+"system.journal"] = now
	})
}

// plantedJournal is a journal in which the accounts and addresses were overwritten
// with a canary of the same length, dated so that it is looked at.
func plantedJournal(t *testing.T) string {
	t.Helper()
	b := []byte(journalFile(t, "old"))
	const from, to = "for usuario01 from", "for Canario73 from"
	if n := strings.Count(string(b), from); n != 20 {
		t.Fatalf("%d messages to plant in", n)
	}
	b = []byte(strings.ReplaceAll(string(b), from, to))
	shift := uint64(now.Add(-time.Hour).Sub(time.Unix(1763700000, 0)) / time.Microsecond)
	le := binary.LittleEndian
	for _, at := range []int{184, 192} { // head and tail
		le.PutUint64(b[at:], le.Uint64(b[at:])+shift)
	}
	for at := int(le.Uint64(b[88:])); at+32 < len(b); { // every entry
		size := int(le.Uint64(b[at+8:]))
		if b[at] == 0 || size < 16 {
			break
		}
		if b[at] == 3 {
			le.PutUint64(b[at+24:], le.Uint64(b[at+24:])+shift)
		}
		at += (size + 7) &^ 7
	}
	return string(b)
}

// plantedWindows is a machine at which each canary was typed, and stands in what the
// events would tell of them.
func plantedWindows() host.Host {
	return newWindows(func(w *windows) {
		w.values[keyProduct+`\ProductType`] = "LanmanNT"
		for i, typed := range canaries() {
			for _, id := range []uint32{logonFailed, kerberosFailed, credentialChecked} {
				for n := range 12 {
					data := failed(typed, "192.0.2.7", "0xc0000064")
					data["TargetDomainName"], data["WorkstationName"], data["Workstation"] = typed, typed, typed
					w.security.Events = append(w.security.Events, host.Event{
						ID: id, Time: now.Add(-time.Duration(i+1) * time.Hour).Add(time.Duration(n) * time.Second), Record: uint64(len(w.security.Events)), Data: data,
					})
				}
			}
		}
		w.security.Events = append(w.security.Events, edited(4720, 1, bertaSID, adminSID))
		w.security.Events[len(w.security.Events)-1].Data["TargetUserName"] = canaries()[0]
	})
}

// A mistyped password is never read into anything: not into a result, its facts, its
// words, or a recording, whole or in part.
func TestAMistypedPasswordIsKeptNowhere(t *testing.T) {
	t.Parallel()
	for name, machine := range map[string]host.Host{"linux": plantedLinux(t), "windows": plantedWindows()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorder := hosttest.NewRecorder(host.New(machine))
			for _, check := range Checks() {
				res := checktest.Run(t, check, *recorder.Host(), "")
				if res.Observed == nil || res.Status == checks.Unknown {
					t.Errorf("%s: %s %v: the canaries were not met", check.Info().ID, res.Status, res.Reason)
				}
				look(t, check.Info().ID, fmt.Sprintf("%+v %s", res, res.Observed))
				for _, f := range append(res.Findings, checks.Finding{Reason: res.Reason}) {
					look(t, check.Info().ID, check.Info().Messages.Say("es", f.Reason.Code, f.Reason.Args))
				}
				if check.Info().ID == "auditing.failures" && !strings.Contains(string(res.Observed), `"unknown":`) {
					t.Errorf("the attempts were not counted: %s", res.Observed)
				}
			}
			dir := filepath.Join(t.TempDir(), "recording")
			if err := recorder.Save(dir); err != nil {
				t.Fatal(err)
			}
			files := 0
			err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				files++
				data, err := os.ReadFile(path)
				look(t, path, path+string(data))
				return err
			})
			if err != nil || files == 0 {
				t.Errorf("%d files of the recording, %v", files, err)
			}
		})
	}
}

// The recordings and golden results of this package hold none either.
func TestNoPasswordInTestdata(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir("testdata", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".golden.json") {
			return err
		}
		data, err := os.ReadFile(path)
		look(t, path, string(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func look(t *testing.T, where, text string) {
	t.Helper()
	for _, h := range hints() {
		if i := strings.Index(text, h); i >= 0 {
			t.Errorf("%s holds %q: ...%s...", where, h, text[max(0, i-80):min(len(text), i+80)])
		}
	}
}
