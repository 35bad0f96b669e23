package local

import (
	"strconv"
	"strings"
	"time"

	"vigia/checks/host"
)

// logind keeps what it knows in small files of KEY=VALUE lines below /run/systemd, and says
// that they are its own. Their keys have been the same since 2013; to ask over D-Bus would
// give the same and start logind where it does not run.

// logindFile parses one. A value may be in quotes and have C escapes, which are left.
func logindFile(b []byte) map[string]string {
	out := make(map[string]string)
	for line := range strings.Lines(string(b)) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
		if ok && !strings.HasPrefix(key, "#") {
			out[key] = strings.Trim(value, `"`)
		}
	}
	return out
}

// logindSession makes a session of the file that logind keeps of it; ok is false for what
// is no log-on of a person, such as the greeter.
func logindSession(id string, b []byte) (s host.Session, ok bool) {
	f := logindFile(b)
	if f["UID"] == "" || f["CLASS"] != "user" || f["STATE"] == "closing" {
		return host.Session{}, false
	}
	s = host.Session{ID: id, User: f["UID"], Kind: "text", Active: f["ACTIVE"] == "1"}
	switch {
	case f["REMOTE"] == "1":
		s.Kind = "remote"
	case f["TYPE"] == "x11", f["TYPE"] == "wayland", f["TYPE"] == "mir":
		s.Kind = "graphical"
	}
	return s, true
}

// logindInhibitor makes a request of the file that logind keeps of an inhibitor, which was
// made at since; ok is false for one that only delays. name is the program of a process,
// empty if it is gone or may not be seen.
func logindInhibitor(b []byte, since time.Time, name func(pid int) string) (w host.WakeRequest, ok bool) {
	f := logindFile(b)
	if f["MODE"] != "block" || f["WHAT"] == "" {
		return host.WakeRequest{}, false
	}
	w = host.WakeRequest{Program: f["WHO"], What: f["WHAT"], User: f["UID"], Since: since.UTC()}
	if pid, err := strconv.Atoi(f["PID"]); err == nil {
		if n := name(pid); n != "" {
			w.Program = n
		}
	}
	return w, true
}
