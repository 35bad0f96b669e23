package accounts

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"vigia/checks"
)

// logRecord is one record of wtmp: kind 7 is a session, 8 its end, 2 the start of the
// machine.
func logRecord(kind uint16, line, user, from string, at time.Time) string {
	b := make([]byte, 384)
	binary.LittleEndian.PutUint16(b, kind)
	copy(b[8:], line)
	copy(b[44:76], user)
	copy(b[76:332], from)
	binary.LittleEndian.PutUint32(b[340:], uint32(at.Unix()))
	if a, err := netip.ParseAddr(from); err == nil {
		raw := a.AsSlice()
		copy(b[348:], raw)
	}
	return string(b)
}

func TestPlaces(t *testing.T) {
	start := today().AddDate(0, 0, -3)
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	log := func(records ...string) map[string]string {
		return changed(wtmpFile, strings.Join(records, ""))
	}
	in := func(line, user, from string, minutes int) string { return logRecord(7, line, user, from, at(minutes)) }
	out := func(line string, minutes int) string { return logRecord(8, line, "", "", at(minutes)) }
	for _, row := range []linuxRow{
		{"from two machines at once", log(in("pts/0", "ana", "10.0.0.5", 0), in("pts/1", "ana", "10.0.0.6", 10), out("pts/0", 60), out("pts/1", 70)), nil, "", checks.Warn, "unique.places", "places/ana"},
		{"root, from two machines that are there still", log(in("pts/0", "root", "10.0.0.5", 0), in("pts/1", "root", "10.0.0.6", 10)), nil, "", checks.Warn, "unique.places", "places/root"},
		{"one after the other", log(in("pts/0", "ana", "10.0.0.5", 0), out("pts/0", 60), in("pts/1", "ana", "10.0.0.6", 61), out("pts/1", 170)), nil, "", checks.Pass, "unique.each", ""},
		{"side by side for a moment, as where networks change", log(in("pts/0", "ana", "10.0.0.5", 0), in("pts/1", "ana", "10.0.0.6", 50), out("pts/0", 60), out("pts/1", 170)), nil, "", checks.Pass, "unique.each", ""},
		{"twice from one machine", log(in("pts/0", "ana", "10.0.0.5", 0), in("pts/1", "ana", "10.0.0.5", 1), out("pts/0", 160), out("pts/1", 170)), nil, "", checks.Pass, "unique.each", ""},
		{"from one machine that changes its address", log(in("pts/0", "ana", "2001:db8::1", 0), in("pts/1", "ana", "2001:db8::2", 1), out("pts/0", 160), out("pts/1", 170)), nil, "", checks.Pass, "unique.each", ""},
		{"two accounts", log(in("pts/0", "ana", "10.0.0.5", 0), in("pts/1", "luis", "10.0.0.6", 1), out("pts/0", 160), out("pts/1", 170)), nil, "", checks.Pass, "unique.each", ""},
		{"at the machine and from another", log(in("tty2", "ana", "", 0), in("pts/1", "ana", "10.0.0.6", 1), out("tty2", 160), out("pts/1", 170)), nil, "", checks.Pass, "unique.each", ""},
		{"a start in between", log(in("pts/0", "ana", "10.0.0.5", 0), logRecord(2, "~", "reboot", "", at(20)), in("pts/1", "ana", "10.0.0.6", 25), out("pts/1", 170)), nil, "", checks.Pass, "unique.each", ""},
		{"long ago", log(logRecord(7, "pts/0", "ana", "10.0.0.5", start.AddDate(0, 0, -60)), logRecord(7, "pts/1", "ana", "10.0.0.6", start.AddDate(0, 0, -60)),
			logRecord(2, "~", "reboot", "", start.AddDate(0, 0, -59))), nil, "", checks.Pass, "unique.each", ""},
		{"from two machines at once, in the newer database", changed(newer(t, "('ana', %d, 'tty1', '', 'login')", start, "(1, 3, 'ana', %[1]d, %[1]d + 7200000000, 'pts/0', '10.0.0.5', 'sshd'), (2, 3, 'ana', %[1]d + 1000, %[1]d + 7200000000, 'pts/1', '10.0.0.6', 'sshd')", start)...), nil, "", checks.Warn, "unique.places", "places/ana"},
		{"log-ons unreadable", log(in("pts/0", "ana", "10.0.0.5", 0)), []string{wtmpFile}, "", checks.Unknown, "accounts.unread", ""},
	} {
		t.Run(row.name, func(t *testing.T) { row.run(t, uniqueAccounts()) })
	}
}
