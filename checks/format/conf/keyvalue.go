package conf

import (
	"maps"
	"slices"
	"strings"
)

// maxLine is the longest line that libpwquality and pam_faillock read, with its
// end. The second passes over a longer one, the first refuses the file for it.
const maxLine = 1023

// A KeyValue is a file of "key = value" lines and bare flag words.
type KeyValue struct {
	values    map[string]string
	malformed malformed
}

// ParseKeyValue reads the format of pwquality.conf(5) and faillock.conf(5): a
// key, then = or white space, then a value; a key alone is a flag with an
// empty value; # begins a comment; the last line of a key counts.
func ParseKeyValue(b []byte) (*KeyValue, error) {
	if err := check(b); err != nil {
		return nil, err
	}
	f := &KeyValue{values: map[string]string{}}
	for n, line := range lines(b) {
		if len(line) >= maxLine {
			f.malformed.add(n)
			continue
		}
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		end := strings.IndexAny(line, "= \t\v\f")
		switch {
		case end == 0:
			f.malformed.add(n)
			continue
		case end < 0:
			end = len(line)
		}
		value := strings.TrimSpace(line[end:])
		f.values[line[:end]] = strings.TrimSpace(strings.TrimPrefix(value, "="))
	}
	return f, nil
}

// Get returns the value of a key, empty for a flag. Letter case counts, as it does
// for pam_faillock; libpwquality takes its keys in any.
func (f *KeyValue) Get(key string) (string, bool) {
	v, ok := f.values[key]
	return v, ok
}

// Keys lists the keys, sorted.
func (f *KeyValue) Keys() []string { return slices.Sorted(maps.Keys(f.values)) }

// Malformed lists the lines, up to a hundred, that were passed over.
func (f *KeyValue) Malformed() []int { return slices.Clone(f.malformed) }
