package shadow

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Days counts whole days: since 1 January 1970 UTC for a date, else a length.
type Days int32

// NoDays is an empty field: the feature of that field is off.
const NoDays Days = -1

// Date returns the midnight (UTC) that begins day d, and false for NoDays.
func (d Days) Date() (time.Time, bool) {
	if d < 0 {
		return time.Time{}, false
	}
	return time.Unix(int64(d)*86400, 0).UTC(), true
}

// DayOf returns the day that holds t, as shadow(5) counts.
func DayOf(t time.Time) Days {
	s := t.Unix()
	if s < 0 {
		s -= 86399
	}
	return Days(s / 86400)
}

// An Entry is one line of shadow(5).
type Entry struct {
	Name string
	Hash Hash

	LastChange Days // 0: must change at next login; NoDays: ageing is off
	Min        Days // days before the user may change it; 0 and NoDays: none
	Max        Days // days after which it must be changed; NoDays: never
	Warn       Days // days of warning before Max; 0 and NoDays: none
	Inactive   Days // days after Max in which it is still accepted; NoDays: without end
	Expire     Days // the date from which the account is closed; NoDays: never
}

// MustChange reports whether the user is made to choose a new password at the
// next login.
func (e Entry) MustChange() bool { return e.LastChange == 0 }

// Age returns how many days ago, at time at, the password was last changed. It
// returns false if that is not recorded: an empty field, or the 0 that forces a
// change. A last change in the future gives a negative age; the caller decides
// what to think of that clock.
func (e Entry) Age(at time.Time) (days int, ok bool) {
	if e.LastChange <= 0 {
		return 0, false
	}
	return int(DayOf(at)) - int(e.LastChange), true
}

// PasswordExpires returns the first day on which the password must be changed,
// and false if it never expires. As in shadow(5) it never does when either the
// last change or the maximum is not recorded. Debian's usual maximum of 99999
// days gives a true date far in the future; the caller says what is too far.
func (e Entry) PasswordExpires() (Days, bool) {
	if e.LastChange < 0 || e.Max < 0 {
		return NoDays, false
	}
	return Days(min(int64(e.LastChange)+int64(e.Max)+1, 1<<31-1)), true
}

// AccountClosed reports whether, at time at, the account as such has expired.
// A recorded date of 0 counts as closed, though shadow(5) advises against it.
func (e Entry) AccountClosed(at time.Time) bool { return e.Expire >= 0 && DayOf(at) >= e.Expire }

// Entries is what a shadow(5) file holds.
type Entries struct {
	Entries []Entry
	NIS     bool // as in Accounts
}

// Lookup returns the first line for the user called name: the one the C library uses.
func (es Entries) Lookup(name string) (Entry, bool) {
	for _, e := range es.Entries {
		if e.Name == name {
			return e, true
		}
	}
	return Entry{}, false
}

// ParseShadow reads shadow(5), with the same promise as ParsePasswd. No hash is
// kept; see Hash.
func ParseShadow(b []byte) (Entries, error) {
	var (
		out Entries
		bad problems
	)
	if err := checkSize(b); err != nil {
		return out, fmt.Errorf("shadow: %w", err)
	}
	for n, line := range lines(b) {
		if line[0] == '+' || line[0] == '-' {
			out.NIS = true
			continue
		}
		f := strings.Split(line, ":")
		switch {
		case len(f) != 9:
			bad.add(n, "wants 9 fields")
			continue
		case f[0] == "":
			bad.add(n, "empty user name")
			continue
		}
		e := Entry{Name: strings.Clone(f[0]), Hash: hashOf(f[1])}
		if e.Hash.Kind == Elsewhere { // there is no further file
			e.Hash.Kind = Unusable
		}
		ok := true
		for i, dst := range []*Days{&e.LastChange, &e.Min, &e.Max, &e.Warn, &e.Inactive, &e.Expire} {
			var err error
			if *dst, err = parseDays(f[2+i]); err != nil && ok {
				bad.add(n, fmt.Sprintf("field %d is not a number of days", 3+i))
				ok = false
			}
		}
		if ok {
			out.Entries = append(out.Entries, e)
		}
	}
	return out, bad.err("shadow")
}

// parseDays reads a day field. Empty and -1 (which chage(1) writes and the C
// library reads alike) are NoDays.
func parseDays(s string) (Days, error) {
	if s == "" || s == "-1" {
		return NoDays, nil
	}
	n, err := strconv.ParseUint(s, 10, 31)
	return Days(n), err
}
