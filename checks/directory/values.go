package directory

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// sidText writes the bytes of a SID (MS-DTYP 2.4.2.2) as S-1-5-21-...; empty when they
// are none. A recording is text, and has it written so already.
func sidText(b string) string {
	if strings.HasPrefix(b, "S-1-") {
		return b
	}
	if len(b) < 8 || b[0] != 1 || len(b) != 8+4*int(b[1]) {
		return ""
	}
	var authority uint64
	for _, x := range []byte(b[2:8]) {
		authority = authority<<8 | uint64(x)
	}
	out := strconv.AppendUint([]byte("S-1-"), authority, 10)
	for rest := []byte(b[8:]); len(rest) > 0; rest = rest[4:] {
		out = append(out, '-')
		out = strconv.AppendUint(out, uint64(binary.LittleEndian.Uint32(rest)), 10)
	}
	return string(out)
}

// rid is the last part of a SID.
func rid(sid string) string { return sid[strings.LastIndexByte(sid, '-')+1:] }

// Times of Active Directory count 100 ns; durations are negative, and the least number
// is "without end" (MS-ADTS 3.1.1.1.6, MS-SAMR 2.2.1).
const (
	ticksPerSecond = 10_000_000
	ticksTo1970    = 11644473600 * ticksPerSecond
)

// seconds turns a duration of Active Directory into seconds, 0 for none or without end.
func seconds(ticks int64) int64 {
	if ticks >= 0 || ticks == math.MinInt64 {
		return 0
	}
	return -ticks / ticksPerSecond
}

// fileTime is a moment of Active Directory; ok is false for 0 and for the values that
// stand for never.
func fileTime(ticks int64) (t time.Time, ok bool) {
	if ticks <= 0 || ticks == math.MaxInt64 {
		return time.Time{}, false
	}
	since := ticks - ticksTo1970
	return time.Unix(since/ticksPerSecond, 0).UTC(), true
}

// generalizedTime reads a moment as LDAP writes it (RFC 4517 section 3.3.13), in UTC.
func generalizedTime(s string) (t time.Time, ok bool) {
	digits, zoned := strings.CutSuffix(s, "Z")
	if !zoned {
		return time.Time{}, false
	}
	digits, _, _ = strings.Cut(digits, ".")
	t, err := time.Parse("20060102150405", digits)
	return t, err == nil
}

// day is the day of a moment: facts stay as they are from run to run.
func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// escape writes a value so that it stands for itself in a filter (RFC 4515 section 3).
func escape(value string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		if c == '*' || c == '(' || c == ')' || c == '\\' || c < 0x20 || c >= 0x80 {
			fmt.Fprintf(&b, `\%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// nameOf is the value of the first part of a DN, as it is written there: enough to know
// an entry by.
func nameOf(dn string) string {
	_, value, _ := strings.Cut(dn, "=")
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case ',', '+':
			return value[:i]
		}
	}
	return value
}
