package conf

import (
	"slices"
	"strings"
)

// Resources is a file of X resources.
type Resources struct {
	values    map[string]string
	malformed malformed
}

// ParseResources reads "name: value" lines. Comments begin with !, or with # as
// ~/.xscreensaver writes them; a backslash at the end continues a line; the last
// line of a name counts. Names in an application's defaults file begin with a
// binding ("*timeout:", "XScreenSaver.timeout:"), those in a user's
// ~/.xscreensaver do not; both are returned without it. A name of more parts
// ("*Dialog.timeout:"), which is that of a part of the application's windows, is
// kept whole.
func ParseResources(b []byte) (*Resources, error) {
	if err := check(b); err != nil {
		return nil, err
	}
	f := &Resources{values: map[string]string{}}
	var (
		whole strings.Builder
		first int
	)
	flush := func() {
		line := strings.TrimSpace(whole.String())
		whole.Reset()
		if line == "" || line[0] == '!' || line[0] == '#' {
			return
		}
		name, value, ok := strings.Cut(line, ":")
		if name = bare(strings.TrimSpace(name)); !ok || name == "" {
			f.malformed.add(first)
			return
		}
		f.values[name] = strings.TrimSpace(value)
	}
	for n, line := range lines(b) {
		if whole.Len() == 0 {
			first = n
		}
		part, more := strings.CutSuffix(line, `\`)
		whole.WriteString(part)
		if !more {
			flush()
		}
	}
	flush()
	return f, nil
}

// bare removes the binding of a name: a leading asterisk, or the name of the
// application. What has more parts is returned as it is.
func bare(name string) string {
	rest, loose := strings.CutPrefix(name, "*")
	if !loose {
		if i := strings.IndexAny(name, "*."); i >= 0 {
			rest = name[i+1:]
		}
	}
	if strings.ContainsAny(rest, "*.") {
		return name
	}
	return rest
}

// Get returns the value of a resource.
func (f *Resources) Get(name string) (string, bool) {
	v, ok := f.values[name]
	return v, ok
}

// Malformed lists the lines, up to a hundred, that were passed over.
func (f *Resources) Malformed() []int { return slices.Clone(f.malformed) }
