package auditing

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// An attempt is one failed log-on.
type attempt struct {
	time    time.Time
	account string // empty: none of the machine's
	source  string // IP address; empty: at the machine itself, or not told
	why     string // code of a reason, empty where the log gives none
	count   int
}

// Where an attempt on a Linux machine was seen. The same one may stand in
// several, so they are counted apart.
type witness int

const (
	byProgram witness = iota // sshd's own message; for all else that of PAM
	bySSHPAM                 // PAM's message about sshd
)

// parseAttempt reads a failed log-on out of a message of sshd or PAM. known are the
// names that may be kept, local those of accounts in passwd. foreign tells that
// accounts also come from a directory service: then pam_unix fails for each of them
// before the right module succeeds, and the other way round.
func parseAttempt(l line, known, local map[string]bool, foreign bool) (attempt, witness, bool) {
	message, n := repeated(l.message)
	a := attempt{time: l.time, count: n}
	ssh := strings.HasPrefix(l.program, "sshd")
	if rest, ok := strings.CutPrefix(message, "Failed "); ok && ssh {
		method, rest, ok := strings.Cut(rest, " for ")
		if !ok || method != "password" && method != "keyboard-interactive/pam" {
			return attempt{}, 0, false // keys are tried one after the other
		}
		name, from, ok := cutLast(rest, " from ")
		if !ok {
			return attempt{}, 0, false
		}
		address, _, _ := strings.Cut(from, " ")
		a.source = address4(address)
		if !strings.HasPrefix(name, "invalid user ") && known[name] {
			a.account = name
		}
		return a, byProgram, true
	}
	who := byProgram
	if ssh {
		who = bySSHPAM
	}
	var module string
	switch {
	case strings.HasPrefix(message, "PAM "): // "PAM 2 more authentication failures; ..."
		count, rest, ok := strings.Cut(strings.TrimPrefix(message, "PAM "), " more authentication failure")
		more, err := strconv.Atoi(count)
		if !ok || err != nil || more < 1 || more > 1000 {
			return attempt{}, 0, false
		}
		a.count, message, module = n*more, rest, "pam_unix"
	case strings.HasPrefix(message, "pam_"):
		var rest string
		var ok bool
		module, rest, ok = strings.Cut(message, "(")
		service, text, ok2 := strings.Cut(rest, "): ")
		if !ok || !ok2 || !strings.HasSuffix(service, ":auth") || !strings.HasPrefix(text, "authentication failure;") {
			return attempt{}, 0, false
		}
		message = text
	default:
		return attempt{}, 0, false
	}
	fields, name, _ := strings.Cut(message, " user=")
	if known[name] {
		a.account = name
	}
	if foreign && (module == "pam_unix") != local[name] {
		return attempt{}, 0, false
	}
	if _, after, ok := strings.Cut(fields, " rhost="); ok {
		remote, _, _ := strings.Cut(after, " ")
		a.source = address4(remote)
	}
	return a, who, true
}

// cutLast is strings.Cut at the last separator: a name may hold one as well.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// address4 is the IP address that a log gave as the source, in one spelling; empty
// for a name and for the machine itself.
func address4(text string) string {
	a, err := netip.ParseAddr(text)
	if err != nil || a.IsLoopback() || a.IsUnspecified() {
		return ""
	}
	return a.Unmap().WithZone("").String()
}
