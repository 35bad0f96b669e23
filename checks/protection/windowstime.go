package protection

import (
	"encoding/binary"
	"errors"
	"strconv"
	"time"
)

var errNoTime = errors.New("not a time")

// filetime reads eight bytes of the registry as a FILETIME: steps of 100 ns since the
// start of the year 1601, UTC (MS-DTYP 2.3.3). Zero is no time.
func filetime(b []byte) (time.Time, error) {
	const (
		toUnix = 11_644_473_600 // seconds from 1601 to 1970
		step   = 100
		second = 10_000_000
	)
	if len(b) != 8 {
		return time.Time{}, errNoTime
	}
	n := binary.LittleEndian.Uint64(b)
	if n == 0 || n > 1<<62 {
		return time.Time{}, errNoTime
	}
	return time.Unix(int64(n/second)-toUnix, int64(n%second)*step).UTC(), nil
}

// dmtfTime reads a date and time as WMI writes them: yyyymmddHHMMSS.mmmmmmsUUU, the last
// being the minutes by which it is ahead of UTC (DSP0004, 5.2.4).
func dmtfTime(s string) (time.Time, error) {
	if len(s) != 25 || s[14] != '.' || s[21] != '+' && s[21] != '-' {
		return time.Time{}, errNoTime
	}
	t, err := time.Parse("20060102150405", s[:14])
	if err != nil {
		return time.Time{}, errNoTime
	}
	offset, err := strconv.ParseUint(s[22:], 10, 16)
	if err != nil {
		return time.Time{}, errNoTime
	}
	ahead := time.Duration(offset) * time.Minute
	if s[21] == '-' {
		ahead = -ahead
	}
	return t.Add(-ahead), nil
}
