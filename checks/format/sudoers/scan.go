package sudoers

import (
	"errors"
	"iter"
	"strconv"
	"strings"
)

// errSyntax is a line that does not follow the grammar.
var errSyntax = errors.New("syntax error")

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// logicalLines yields the lines that hold something, without comments, and with
// those that a backslash continues joined, with the number of the first. A comment
// goes to the end of its own line, backslash or not. "#" before a digit is a
// number of a user or group, and "#include" is no comment.
func logicalLines(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		var line strings.Builder
		n, first, quoted := 1, 1, false
		flush := func() bool {
			s := strings.Trim(line.String(), " \t\r")
			line.Reset()
			quoted = false
			return s == "" || yield(first, s)
		}
		for i := 0; i < len(text); i++ {
			if line.Len() == 0 {
				first = n
			}
			switch c := text[i]; {
			case c == '\n':
				if !flush() {
					return
				}
				n++
			case c == '\\' && strings.HasPrefix(strings.TrimPrefix(text[i+1:], "\r"), "\n"):
				i += strings.IndexByte(text[i:], '\n')
				n++
				line.WriteByte(' ')
			case c == '\\' && i+1 < len(text):
				line.WriteString(text[i : i+2])
				i++
			case c == '"':
				quoted = !quoted
				line.WriteByte(c)
			case c == '#' && !quoted && comment(text[i:], strings.Trim(line.String(), " \t") == ""):
				if end := strings.IndexByte(text[i:], '\n'); end >= 0 {
					i += end - 1
				} else {
					i = len(text)
				}
			default:
				line.WriteByte(c)
			}
		}
		flush()
	}
}

// comment tells whether text, which begins with #, is a comment.
func comment(text string, beginsLine bool) bool {
	rest := strings.TrimPrefix(text[1:], "-")
	if rest != "" && isDigit(rest[0]) {
		return false
	}
	_, _, isInclude := include(text)
	return !beginsLine || !isInclude
}

// scanner takes a logical line apart.
type scanner struct {
	text string
	at   int
}

func (s *scanner) blanks() {
	for s.at < len(s.text) && isBlank(s.text[s.at]) {
		s.at++
	}
}

// end passes blanks and tells whether nothing is left.
func (s *scanner) end() bool {
	s.blanks()
	return s.at == len(s.text)
}

// take passes blanks and then c, if c is next.
func (s *scanner) take(c byte) bool {
	if s.end() || s.text[s.at] != c {
		return false
	}
	s.at++
	return true
}

// negated passes exclamation marks and tells whether they are an odd number.
func (s *scanner) negated() bool {
	odd := false
	for s.take('!') {
		odd = !odd
	}
	return odd
}

// word reads up to a blank or one of the bytes of stop. Quotes keep both in it;
// \c stands for the character c and \xHH for the byte of that number. plain is
// false if there were quotes or escapes.
func (s *scanner) word(stop string) (word string, plain bool) {
	var sb strings.Builder
	plain = true
	for s.blanks(); s.at < len(s.text); s.at++ {
		c := s.text[s.at]
		switch {
		case c == '"':
			plain = false
			end := s.at + 1
			for end < len(s.text) && s.text[end] != '"' {
				if s.text[end] == '\\' && end+1 < len(s.text) && s.text[end+1] == '"' {
					end++
				}
				sb.WriteByte(s.text[end])
				end++
			}
			s.at = min(end, len(s.text)-1)
		case c == '\\' && s.at+1 < len(s.text):
			plain = false
			s.at++
			if hex := s.text[s.at:]; hex[0] == 'x' && len(hex) >= 3 {
				if n, err := strconv.ParseUint(hex[1:3], 16, 8); err == nil {
					sb.WriteByte(byte(n))
					s.at += 2
					continue
				}
			}
			sb.WriteByte(s.text[s.at])
		case c == ':' && sb.String() == "%": // a group of another source
			sb.WriteByte(c)
		case isBlank(c) || strings.IndexByte(stop, c) >= 0:
			return sb.String(), plain
		default:
			sb.WriteByte(c)
		}
	}
	return sb.String(), plain
}

// A member is one name of a list.
type member struct {
	name    string
	negated bool
}

// members reads a list of names with commas between, which ends at a byte of stop
// or at a name without a comma before it.
func (s *scanner) members(stop string) ([]member, error) {
	var out []member
	for {
		m := member{negated: s.negated()}
		if m.name, _ = s.word(",=!()" + stop); m.name == "" {
			return nil, errSyntax
		}
		if out = append(out, m); !s.take(',') {
			return out, nil
		}
	}
}

// assigned reads "NAME =".
func (s *scanner) assigned() (string, error) {
	name, plain := s.word("=")
	if !plain || !isAlias(name) || !s.take('=') {
		return "", errSyntax
	}
	return name, nil
}

// isAlias tells whether a name can be that of an alias.
func isAlias(name string) bool {
	for i := range len(name) {
		c := name[i]
		if upper := 'A' <= c && c <= 'Z'; !upper && (i == 0 || c != '_' && !isDigit(c)) {
			return false
		}
	}
	return name != ""
}

// keyword reads a word of capital letters and underscores. It passes nothing if it
// is not one of those of the list with the byte after next behind it.
func (s *scanner) keyword(after byte, list ...string) (string, bool) {
	from := s.at
	s.blanks()
	start := s.at
	for s.at < len(s.text) && ('A' <= s.text[s.at] && s.text[s.at] <= 'Z' || s.text[s.at] == '_') {
		s.at++
	}
	word := s.text[start:s.at]
	for _, w := range list {
		if w == word && s.take(after) {
			return word, true
		}
	}
	s.at = from
	return "", false
}
