package auditing

import (
	"strconv"
	"strings"
	"time"
)

// A line is one message to the log of a Linux machine. Programs write them in
// English whatever the language of the system, since syslog(3) has none.
type line struct {
	time    time.Time
	program string // that wrote it, without its number
	message string
	// login is the user id of the log-on behind it, empty where the log does not say.
	login string
}

// parseLine reads a line of a log file, as rsyslog and syslog-ng write it: with
// the time of RFC 3164, which has no year, of RFC 3339, or as RFC 5424 has it.
// The year of the first is the latest in which the line is not after written, the
// time of the last write to the file.
func parseLine(text string, zone *time.Location, written time.Time) (line, bool) {
	if strings.HasPrefix(text, "<") { // priority, perhaps with the version of RFC 5424
		_, rest, ok := strings.Cut(text, ">")
		if !ok {
			return line{}, false
		}
		if after, ok := strings.CutPrefix(rest, "1 "); ok {
			return parse5424(after)
		}
		text = rest
	}
	var l line
	if len(text) > 16 && text[3] == ' ' && text[15] == ' ' {
		t, err := time.ParseInLocation("Jan _2 15:04:05 2006", text[:15]+" "+strconv.Itoa(written.In(zone).Year()), zone)
		if err != nil {
			return line{}, false
		}
		if t.After(written.Add(24 * time.Hour)) {
			t = t.AddDate(-1, 0, 0)
		}
		l.time, text = t.UTC(), text[16:]
	} else {
		stamp, rest, _ := strings.Cut(text, " ")
		t, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil {
			return line{}, false
		}
		l.time, text = t.UTC(), rest
	}
	_, rest, ok := strings.Cut(text, " ") // the name of the machine
	if !ok {
		return line{}, false
	}
	tag, message, ok := strings.Cut(rest, ": ")
	if !ok {
		return line{}, false
	}
	// syslogd of busybox writes what kind of message it is before the program.
	if kind, rest, ok := strings.Cut(tag, " "); ok && (strings.HasPrefix(kind, "auth.") || strings.HasPrefix(kind, "authpriv.")) {
		tag = rest
	}
	l.program, l.message = program(tag), message
	return l, true
}

// parse5424 reads what follows the version: time, machine, program, number,
// kind, structured data, message.
func parse5424(text string) (line, bool) {
	parts := strings.SplitN(text, " ", 6)
	if len(parts) < 6 {
		return line{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, parts[0])
	if err != nil {
		return line{}, false
	}
	rest := parts[5]
	if strings.HasPrefix(rest, "[") {
		_, after, ok := strings.Cut(rest, "] ")
		if !ok {
			return line{}, false
		}
		rest = after
	} else {
		rest = strings.TrimPrefix(rest, "- ")
	}
	rest = strings.TrimPrefix(rest, "\ufeff")
	return line{time: t.UTC(), program: program(parts[2]), message: rest}, true
}

// program drops the number of a process from the tag that it goes by.
func program(tag string) string {
	name, _, _ := strings.Cut(tag, "[")
	return strings.TrimSuffix(name, "]") // gdm writes "gdm-password]"
}

// repeated undoes how rsyslog writes a message that came several times.
func repeated(message string) (string, int) {
	rest, ok := strings.CutPrefix(message, "message repeated ")
	if !ok {
		return message, 1
	}
	count, rest, ok := strings.Cut(rest, " times: [")
	n, err := strconv.Atoi(count)
	if !ok || err != nil || n < 1 || n > maxEntries {
		return message, 1
	}
	return strings.TrimSuffix(strings.TrimPrefix(rest, " "), "]"), n
}
