package shadow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrNotNumber is wrapped by LoginDefs.Int for a value that is no number.
var ErrNotNumber = errors.New("not a number")

// LoginDefs holds the settings of login.defs(5). A key that the file gives twice
// has its last value.
type LoginDefs struct {
	values map[string]string
}

// ParseLoginDefs reads login.defs(5). The format has no malformed lines: one
// without a value is passed over, as the shadow suite does. The only error is
// ErrTooLarge.
func ParseLoginDefs(b []byte) (LoginDefs, error) {
	if err := checkSize(b); err != nil {
		return LoginDefs{}, fmt.Errorf("login.defs: %w", err)
	}
	d := LoginDefs{values: map[string]string{}}
	for _, line := range lines(b) {
		line = strings.TrimRight(line, " \t\v\f")
		i := strings.IndexAny(line, " \t")
		if i < 0 {
			continue
		}
		value := strings.TrimLeft(line[i:], " \t\"")
		value, _, _ = strings.Cut(value, `"`)
		d.values[strings.Clone(line[:i])] = strings.Clone(value)
	}
	return d, nil
}

// Lookup returns the text of a setting.
func (d LoginDefs) Lookup(key string) (string, bool) {
	v, ok := d.values[key]
	return v, ok
}

// Int returns a numeric setting, which may be written in octal (0…) or
// hexadecimal (0x…). ok is false if the file does not set it. The error wraps
// ErrNotNumber if the value is none: the shadow suite then takes its built-in
// default, which is the caller's to know.
func (d LoginDefs) Int(key string) (n int64, ok bool, err error) {
	v, ok := d.values[key]
	if !ok {
		return 0, false, nil
	}
	if n, err = parseLong(v); err != nil {
		return 0, true, fmt.Errorf("login.defs %s: %w", key, ErrNotNumber)
	}
	return n, true, nil
}

// parseLong reads what C's strtol reads in base 0.
func parseLong(s string) (int64, error) {
	digits := strings.TrimLeft(s, "+-")
	base := 10
	switch {
	case strings.HasPrefix(digits, "0x"), strings.HasPrefix(digits, "0X"):
		base = 16
		s = strings.Replace(s, digits[:2], "", 1)
	case strings.HasPrefix(digits, "0"):
		base = 8
	}
	return strconv.ParseInt(s, base, 64)
}

// Yes reports whether a setting is yes; anything else, or nothing, is no.
func (d LoginDefs) Yes(key string) bool { return strings.EqualFold(d.values[key], "yes") }

// Numbers that the shadow suite uses where login.defs is silent.
const (
	DefaultUIDMin = 1000
	DefaultUIDMax = 60000
)

// Regular reports whether uid is in the range from which useradd(8) and
// adduser(8) take people's accounts, [UID_MIN, UID_MAX]. The numbers outside are
// root, system accounts, 65534 (nobody), and directory accounts, which a caller
// may want to tell apart. A bound that is absent or unreadable has its default.
func (d LoginDefs) Regular(uid uint32) bool {
	lo, hi := d.UIDRange()
	return lo <= int64(uid) && int64(uid) <= hi
}

// UIDRange returns the bounds that Regular uses, both inclusive.
func (d LoginDefs) UIDRange() (lo, hi int64) {
	bound := func(key string, otherwise int64) int64 {
		n, ok, err := d.Int(key)
		if !ok || err != nil || n < 0 {
			return otherwise
		}
		return n
	}
	return bound("UID_MIN", DefaultUIDMin), bound("UID_MAX", DefaultUIDMax)
}
