package extract

import "strings"

// table is what a CREATE TABLE statement says about how the rows are stored.
type table struct {
	root     int64
	columns  []string // those that are stored, in the order of the statement
	integers []bool   // whether each of them is of the type INTEGER
	rowid    int      // the column that stands for the number of the row, or -1
	// stored is for tables without row numbers, whose key comes first in the record:
	// for each column its place there.
	stored []int
}

const maxTableColumns = 32767

// parseCreate understands a CREATE TABLE statement as far as is needed. What it does not
// understand makes columns without names, never an error.
func parseCreate(sql string) table {
	t := table{rowid: -1}
	p := tokens{s: sql}
	for { // up to the parenthesis
		tok, ok := p.next()
		if !ok {
			return t
		}
		if tok == "(" {
			break
		}
	}
	var key []string
	for len(t.columns) < maxTableColumns {
		def, more := p.definition()
		t.define(def, &key)
		if !more {
			break
		}
	}
	without := false
	for tok, ok := p.next(); ok; tok, ok = p.next() {
		without = without || strings.EqualFold(tok, "without")
	}
	if without {
		t.rowid = -1
		t.store(key)
	}
	return t
}

// define takes the tokens of one definition: of a column, or a constraint.
func (t *table) define(def []string, key *[]string) {
	if len(def) == 0 {
		return
	}
	switch strings.ToUpper(def[0]) {
	case "CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN":
		for i, tok := range def {
			if strings.EqualFold(tok, "PRIMARY") {
				list := columnList(def[i:])
				*key = append(*key, list...)
				t.constrainRowID(list)
				return
			}
			if tok == "(" {
				return
			}
		}
		return
	}
	name, depth := unquote(def[0]), 0
	generated, stored := false, false
	for i, tok := range def {
		switch {
		case tok == "(":
			depth++
		case tok == ")":
			depth--
		case depth > 0 || i == 0:
		case strings.EqualFold(tok, "AS"):
			generated = true
		case strings.EqualFold(tok, "STORED"):
			stored = true
		case strings.EqualFold(tok, "PRIMARY"):
			*key = append(*key, name)
			if i == 2 && strings.EqualFold(def[1], "INTEGER") {
				t.rowid = len(t.columns)
			}
		}
	}
	if generated && !stored {
		return // it is not in the file
	}
	t.columns = append(t.columns, name)
	t.integers = append(t.integers, len(def) > 1 && strings.EqualFold(def[1], "INTEGER") && (len(def) == 2 || def[2] != "("))
}

// constrainRowID sees whether a key of one column stands for the number of the row.
func (t *table) constrainRowID(list []string) {
	if len(list) != 1 {
		return
	}
	for i, name := range t.columns {
		if strings.EqualFold(name, list[0]) && t.integers[i] {
			t.rowid = i
		}
	}
}

// columnList returns the names in the first parentheses of a definition.
func columnList(def []string) []string {
	var names []string
	begin := false
	for _, tok := range def {
		switch tok {
		case "(", ",":
			begin = true
			continue
		case ")":
			return names
		}
		if begin {
			names = append(names, unquote(tok))
			begin = false
		}
	}
	return names
}

// store finds the places of the columns in records that begin with the key.
func (t *table) store(key []string) {
	place := make(map[string]int, len(t.columns))
	for _, name := range key {
		if _, ok := place[strings.ToLower(name)]; !ok {
			place[strings.ToLower(name)] = len(place)
		}
	}
	for _, name := range t.columns {
		k := strings.ToLower(name)
		if _, ok := place[k]; !ok {
			place[k] = len(place)
		}
		t.stored = append(t.stored, place[k])
	}
}

// tokens takes a statement apart.
type tokens struct{ s string }

// definition returns the tokens up to the next comma or the closing parenthesis, and
// whether another definition follows.
func (p *tokens) definition() (def []string, more bool) {
	const most = 1000
	depth := 0
	for {
		tok, ok := p.next()
		switch {
		case !ok:
			return def, false
		case tok == "(":
			depth++
		case tok == ")":
			if depth--; depth < 0 {
				return def, false
			}
		case tok == "," && depth == 0:
			return def, true
		}
		if len(def) < most {
			def = append(def, tok)
		}
	}
}

// next returns the next token: a word, a quoted name with its quotes, or one character.
func (p *tokens) next() (string, bool) {
	for {
		p.s = strings.TrimLeft(p.s, " \t\r\n\f")
		switch {
		case strings.HasPrefix(p.s, "--"):
			_, p.s, _ = strings.Cut(p.s, "\n")
			continue
		case strings.HasPrefix(p.s, "/*"):
			_, p.s, _ = strings.Cut(p.s, "*/")
			continue
		}
		break
	}
	if p.s == "" {
		return "", false
	}
	n := 1
	switch c := p.s[0]; c {
	case '"', '\'', '`', '[':
		end := c
		if c == '[' {
			end = ']'
		}
		for {
			i := strings.IndexByte(p.s[n:], end)
			if i < 0 {
				n = len(p.s)
				break
			}
			if n += i + 1; c == '[' || n >= len(p.s) || p.s[n] != end {
				break
			}
			n++ // a quote that stands twice means itself
		}
	default:
		for isWord(c) && n < len(p.s) && isWord(p.s[n]) {
			n++
		}
	}
	tok := p.s[:n]
	p.s = p.s[n:]
	return tok, true
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// unquote returns a name without its quotes.
func unquote(tok string) string {
	if len(tok) < 2 {
		return tok
	}
	switch c := tok[0]; c {
	case '"', '\'', '`':
		return strings.ReplaceAll(strings.Trim(tok, string(c)), string(c)+string(c), string(c))
	case '[':
		return strings.Trim(tok, "[]")
	}
	return tok
}
