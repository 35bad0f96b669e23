package accounts

import (
	"bytes"
	"strings"

	"vigia/checks/format/sudoers"
)

// doasRule is one line of doas.conf(5) that permits something.
type doasRule struct {
	who        string // as in sudoers: "ana", "%group"
	all        bool   // every command, as root
	noPassword bool
	line       int
	// command is the one that the line is about, as root; nil where there is none.
	command *sudoers.Command
}

// parseDoas reads doas.conf(5). The last line that matches decides, so a denial takes
// back what was permitted to the very same name before, and nothing else: what is
// reported is never less than what is granted. broken are lines that doas would refuse,
// and with them the whole file.
func parseDoas(b []byte) (rules []doasRule, broken []int) {
	b = bytes.ReplaceAll(b, []byte("\\\n"), []byte(" ")) // counted lines are a little off behind one
	n := 0
	for raw := range strings.Lines(string(b)) {
		n++
		words, ok := doasWords(raw)
		if len(words) == 0 && ok {
			continue
		}
		r, permit, well := doasLine(words)
		if !ok || !well {
			broken = append(broken, n)
			continue
		}
		r.line = n
		if permit {
			rules = append(rules, r)
			continue
		}
		if !r.all {
			continue
		}
		kept := rules[:0]
		for _, earlier := range rules {
			if earlier.who != r.who {
				kept = append(kept, earlier)
			}
		}
		rules = kept
	}
	return rules, broken
}

// doasWords cuts a line into words; braces stand alone, quotes keep blanks.
func doasWords(line string) (words []string, ok bool) {
	var word strings.Builder
	quoted, some := false, false
	end := func() {
		if some {
			words = append(words, word.String())
		}
		word.Reset()
		some = false
	}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line):
			i++
			word.WriteByte(line[i])
			some = true
		case c == '"':
			quoted, some = !quoted, true
		case quoted:
			word.WriteByte(c)
		case c == '#':
			end()
			return words, true
		case strings.IndexByte(" \t\r\n", c) >= 0:
			end()
		case c == '{' || c == '}':
			end()
			words = append(words, string(c))
		default:
			word.WriteByte(c)
			some = true
		}
	}
	end()
	return words, !quoted
}

// doasLine reads "permit|deny options who [as target] [cmd …]". all tells that the line
// is about every command, as root or as anybody.
func doasLine(words []string) (r doasRule, permit, ok bool) {
	if words[0] != "permit" && words[0] != "deny" {
		return r, false, false
	}
	permit = words[0] == "permit"
	words = words[1:]
options:
	for len(words) > 0 {
		switch words[0] {
		case "nopass":
			r.noPassword = true
		case "nolog", "persist", "keepenv":
		case "setenv":
			end := 1
			for end < len(words) && words[end] != "}" {
				end++
			}
			if end < 2 || end == len(words) || words[1] != "{" {
				return r, false, false
			}
			words = words[end:]
		default:
			break options
		}
		words = words[1:]
	}
	if len(words) == 0 {
		return r, false, false
	}
	r.who, words = words[0], words[1:]
	if group, is := strings.CutPrefix(r.who, ":"); is {
		r.who = "%" + group
	}
	r.all = true
	if len(words) > 1 && words[0] == "as" {
		r.all = words[1] == "root" || words[1] == "0"
		words = words[2:]
	}
	if len(words) > 1 && words[0] == "cmd" {
		one := doasRule{who: r.who, noPassword: r.noPassword}
		if r.all {
			one.command = &sudoers.Command{Path: words[1], AnyArgs: len(words) == 2}
			if len(words) > 2 {
				one.command.Args = strings.Join(words[3:], " ") // after the word args
			}
		}
		return one, permit, len(words) == 2 || words[2] == "args"
	}
	return r, permit, len(words) == 0
}
