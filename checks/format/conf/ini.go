package conf

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// An INI is a file of groups.
type INI struct {
	groups    map[string]*group
	immutable bool // the whole file is marked [$i]
	malformed malformed
}

type group struct {
	entries   map[string]entry
	immutable bool // the group is marked [$i]
}

// An entry is what the lines of one key in one group come to.
type entry struct {
	value     string
	deleted   bool // KConfig's [$d]: the program's default applies
	immutable bool
}

// ParseINI reads groups in brackets with key=value lines. Of a key that stands
// twice in a group the last one counts, unless the first is immutable; a group may
// be continued further down. Comments begin with # or ;. Escapes in values (\s,
// \t, \n, \r, \\, \xHH) are replaced. Lines of other languages (Name[es]=…) are left out.
//
// KConfig's nested groups, [a][b], are named "a/b". Its marks are not part of a
// name: [$i] after a group, after a key, or alone for the whole file makes what it
// marks immutable to files that are read later; [$d] after a key stands for no
// value; [$e] (variables to expand) is dropped, as the value is returned as written.
func ParseINI(b []byte) (*INI, error) {
	if err := check(b); err != nil {
		return nil, err
	}
	f := &INI{groups: map[string]*group{}}
	current := f.group("")
	marked := false // entries of the current header are immutable
	for n, line := range lines(b) {
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[':
			name, immutable, ok := parseHeader(line)
			switch {
			case !ok:
				// What follows belongs to no group that can be told.
				f.malformed.add(n)
				current, marked = &group{entries: map[string]entry{}}, false
			case name == "" && immutable:
				f.immutable, marked = true, true
			default:
				current = f.group(name)
				current.immutable = current.immutable || immutable
				marked = immutable || f.immutable
			}
		default:
			key, e, ok := parseEntry(line)
			if !ok {
				f.malformed.add(n)
				continue
			}
			e.immutable = e.immutable || marked
			if key != "" && !current.entries[key].immutable {
				current.entries[key] = e
			}
		}
	}
	return f, nil
}

func (f *INI) group(name string) *group {
	g := f.groups[name]
	if g == nil {
		g = &group{entries: map[string]entry{}}
		f.groups[name] = g
	}
	return g
}

// parseHeader reads [a], [a][b], [a][$i] or [$i].
func parseHeader(line string) (name string, immutable, ok bool) {
	var parts []string
	for line != "" {
		part, rest, closed := strings.Cut(line, "]")
		part, opened := strings.CutPrefix(part, "[")
		switch {
		case !opened || !closed:
			return "", false, false
		case part == "$i" && rest == "":
			immutable = true
		default:
			parts = append(parts, unescape(part))
		}
		line = rest
	}
	return strings.Join(parts, "/"), immutable, true
}

// parseEntry reads Key=Value, and the marks and languages in brackets that may end
// the key. The key of a line for one language is returned empty.
func parseEntry(line string) (key string, e entry, ok bool) {
	key, value, assigned := strings.Cut(line, "=")
	key = strings.TrimSpace(key)
	localised := false
	for strings.HasSuffix(key, "]") {
		i := strings.LastIndexByte(key, '[')
		if i < 0 {
			return "", e, false
		}
		mark, isMark := strings.CutPrefix(key[i+1:len(key)-1], "$")
		key = strings.TrimSpace(key[:i])
		localised = localised || !isMark
		e.immutable = e.immutable || isMark && strings.Contains(mark, "i")
		e.deleted = e.deleted || isMark && strings.Contains(mark, "d")
	}
	switch {
	case key == "" || !assigned && !e.deleted:
		return "", e, false
	case localised:
		return "", e, true
	}
	if !e.deleted {
		e.value = unescape(strings.TrimSpace(value))
	}
	return unescape(key), e, true
}

// unescape replaces the escapes of KConfig, of which GKeyFile knows the one-letter
// ones. Anything else after a backslash stays as it is.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return strings.Clone(s)
	}
	var sb strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			sb.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 's':
			sb.WriteByte(' ')
		case 't':
			sb.WriteByte('\t')
		case 'n':
			sb.WriteByte('\n')
		case 'r':
			sb.WriteByte('\r')
		case '\\':
			sb.WriteByte('\\')
		case 'x':
			if i+2 < len(s) {
				if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
					sb.WriteByte(byte(n))
					i += 2
					continue
				}
			}
			sb.WriteString(`\x`)
		default:
			sb.WriteByte('\\')
			sb.WriteByte(s[i])
		}
	}
	return sb.String()
}

// Get returns the value that the file gives to a key in a group; "" names the
// lines before the first group.
func (f *INI) Get(groupName, key string) (string, bool) {
	e, ok := f.entry(groupName, key)
	return e.value, ok && !e.deleted
}

func (f *INI) entry(groupName, key string) (entry, bool) {
	g := f.groups[groupName]
	if g == nil {
		return entry{}, false
	}
	e, ok := g.entries[key]
	return e, ok
}

// Fixed tells whether the file makes a key immutable for files that are read
// after it, with or without giving it a value.
func (f *INI) Fixed(groupName, key string) bool {
	g := f.groups[groupName]
	return f.immutable || g != nil && (g.immutable || g.entries[key].immutable)
}

// Groups lists the groups of the file, sorted.
func (f *INI) Groups() []string {
	names := slices.Sorted(maps.Keys(f.groups))
	return slices.DeleteFunc(names, func(name string) bool { return name == "" && len(f.groups[""].entries) == 0 })
}

// Malformed lists the lines, up to a hundred, that were passed over because they
// are neither a group nor an entry. KConfig passes over them too; GKeyFile refuses
// the whole file.
func (f *INI) Malformed() []int { return slices.Clone(f.malformed) }

// A Setting is what one key comes to over the files that may set it.
type Setting struct {
	Value string
	// Found is false if no file sets the key, or the one that decides deletes it:
	// the program's default applies.
	Found bool
	// From is the index of the file that has the last word, by a value, by
	// deleting it, or by making it immutable without one; -1 if none has.
	From int
	// Fixed says that a file before the last one made the key immutable, so that
	// the last one, the user's own, cannot set it.
	Fixed bool
}

// Resolve returns what files give together, the least specific first: for KDE
// those of XDG_CONFIG_DIRS and last the user's, for LightDM and SDDM the drop-in
// files and last the main one. A later file wins, but over what an earlier one
// makes immutable. Files that do not exist are nil; one that exists and was not
// read must not be, as it could have the last word.
func Resolve(files []*INI, groupName, key string) Setting {
	s := Setting{From: -1}
	for i, f := range files {
		if f == nil {
			continue
		}
		if e, ok := f.entry(groupName, key); ok {
			s.Value, s.Found, s.From = e.value, !e.deleted, i
		}
		if f.Fixed(groupName, key) {
			s.From, s.Fixed = i, i < len(files)-1
			break
		}
	}
	return s
}
