// Package exports reads exports(5), which folders a Linux machine offers over NFS, to
// whom and how.
//
// It tells what a line says, and looks up no name. A line that cannot be understood is
// reported as such, because the server does not take it either. It imports nothing of
// ours.
package exports

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// MaxSize bounds a file, in bytes.
const MaxSize = 1 << 20

const maxExports = 20_000

// ErrTooLarge is the error of a file over the limits.
var ErrTooLarge = errors.New("exports file is larger than this reader accepts")

// Export offers one folder to one kind of client.
type Export struct {
	Path string
	// Client is a name, pattern, address, network or "@netgroup"; "*" for anybody.
	Client string
	// Options holds for the client, in order: those of the line, then its own.
	Options []string
	Line    int
}

// Anybody tells whether the client is every machine there is: a pattern that any name fits,
// or a network of all addresses.
func (e Export) Anybody() bool {
	network, bits, ok := strings.Cut(e.Client, "/")
	if ok {
		return bits == "0" || bits == "0.0.0.0" || strings.Trim(network, "0.:") == "" && bits == "1"
	}
	return strings.Trim(e.Client, "*?.") == ""
}

// Writes tells whether clients may write; the last word counts.
func (e Export) Writes() bool { return e.last("rw", "ro") }

// Root tells whether root of a client is root here.
func (e Export) Root() bool { return e.last("no_root_squash", "root_squash", "all_squash") }

// Asks tells whether a client must prove who its user is (Kerberos) for every way in.
func (e Export) Asks() bool {
	for _, o := range slices.Backward(e.Options) {
		flavours, ok := strings.CutPrefix(o, "sec=")
		if !ok {
			continue
		}
		return !slices.ContainsFunc(strings.Split(flavours, ":"), func(f string) bool { return !strings.HasPrefix(f, "krb5") })
	}
	return false
}

// last tells whether yes stands behind all of no.
func (e Export) last(yes string, no ...string) bool {
	for _, o := range slices.Backward(e.Options) {
		if o == yes {
			return true
		}
		if slices.Contains(no, o) {
			return false
		}
	}
	return false
}

// Parse reads one file. broken are the numbers of lines that could not be understood.
func Parse(b []byte) (list []Export, broken []int, err error) {
	if len(b) > MaxSize {
		return nil, nil, ErrTooLarge
	}
	n, first := 0, 0
	var joined string
	for raw := range strings.Lines(string(b)) {
		n++
		line := strings.TrimRight(raw, "\r\n")
		if joined == "" {
			first = n
		}
		if rest, more := strings.CutSuffix(line, `\`); more {
			joined += rest + " "
			continue
		}
		line, joined = joined+line, ""
		exports, ok := parseLine(line, first)
		if !ok {
			broken = append(broken, first)
			continue
		}
		if list = append(list, exports...); len(list) > maxExports {
			return nil, nil, ErrTooLarge
		}
	}
	if joined != "" {
		exports, ok := parseLine(joined, first)
		if !ok {
			broken = append(broken, first)
		}
		list = append(list, exports...)
	}
	return list, broken, nil
}

func parseLine(line string, n int) ([]Export, bool) {
	words, ok := split(line)
	if !ok || len(words) == 0 {
		return nil, ok
	}
	path := words[0]
	if !strings.HasPrefix(path, "/") {
		return nil, false
	}
	var common []string
	var out []Export
	for _, w := range words[1:] {
		if options, is := strings.CutPrefix(w, "-"); is {
			common = optionList(options)
			continue
		}
		client, rest, has := strings.Cut(w, "(")
		e := Export{Path: path, Client: client, Options: slices.Clone(common), Line: n}
		if has {
			inside, closed := strings.CutSuffix(rest, ")")
			if !closed {
				return nil, false
			}
			e.Options = append(e.Options, optionList(inside)...)
		}
		if client == "" {
			e.Client = "*"
		}
		out = append(out, e)
	}
	if len(out) == 0 { // a folder without a client is for anybody
		out = append(out, Export{Path: path, Client: "*", Options: common, Line: n})
	}
	return out, true
}

func optionList(list string) []string {
	var out []string
	for o := range strings.SplitSeq(list, ",") {
		if o = strings.TrimSpace(o); o != "" {
			out = append(out, o)
		}
	}
	return out
}

// split cuts a line at blanks; quotes keep them, and \040 stands for one.
func split(line string) (words []string, ok bool) {
	var word strings.Builder
	quoted, some := false, false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '"':
			quoted, some = !quoted, true
		case c == '\\' && i+3 < len(line):
			code, err := strconv.ParseUint(line[i+1:i+4], 8, 8)
			if err != nil {
				word.WriteByte(c)
				break
			}
			word.WriteByte(byte(code))
			i += 3
			some = true
		case quoted:
			word.WriteByte(c)
		case c == '#':
			if some {
				words = append(words, word.String())
			}
			return words, true
		case c == ' ' || c == '\t':
			if some {
				words = append(words, word.String())
			}
			word.Reset()
			some = false
		default:
			word.WriteByte(c)
			some = true
		}
	}
	if some {
		words = append(words, word.String())
	}
	return words, !quoted
}
