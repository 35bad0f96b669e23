package detect

import "bytes"

// Tables that say what they hold without column names: by their layout, or by a column
// name far above a name of one word.

// readLayout recognises the padrón of those whom the ISSEMYM insures: ten fields between
// bars, which are unit, key, kind of insured, given names, two surnames, sex, date of
// birth, RFC and end of validity, and no line that says so.
//
// Source: the layout in the annex of the institute's agreement with the towns.
func (c *columns) readLayout(head []byte) {
	line, _, _ := bytes.Cut(bytes.TrimLeft(head, "\ufeff\r\n "), []byte("\n"))
	if bytes.Count(line, []byte("|")) != 9 {
		return
	}
	var fields [10][]byte
	for i := range fields {
		fields[i], line, _ = bytes.Cut(line, []byte("|"))
		fields[i] = bytes.TrimSpace(fields[i])
	}
	key, sex, born, rfc := fields[1], fields[6], fields[7], fields[8]
	switch {
	case len(key) < 4 || len(key) > 12 || !isDigit(key[len(key)-1]):
	case len(sex) != 1 || !isLetter(sex[0]) && !isDigit(sex[0]):
	case !isDate(born) || len(rfc) != 10 && len(rfc) != 13 || !validDate(rfc[4:10], leapEither):
	default:
		c.delim, c.table, c.named = '|', true, true
		copy(c.says[:], []words{1: saysISSEMYM, 3: saysName, saysName, saysName, 7: saysBirthDate, saysRFC, 9: 0})
	}
}

// isDate tells whether a cell is a date and nothing else.
func isDate(cell []byte) bool {
	end, ok := dateAt(cell, 0, digitsEnd(cell, 0))
	return ok && end == len(cell)
}

// namedRows counts the rows that begin in b[from:to] and have a name in a column of names.
func (c *columns) namedRows(b []byte, from, to int) (rows int) {
	for i := from; i < to; {
		if i > 0 && b[i-1] != '\n' {
			next := bytes.IndexByte(b[i:to], '\n')
			if next < 0 {
				break
			}
			i += next + 1
			continue
		}
		end := to
		if next := bytes.IndexByte(b[i:to], '\n'); next >= 0 {
			end = i + next
		}
		if c.rowNamed(b, i, end) {
			rows++
		}
		i = end + 1
	}
	return rows
}

// rowNamed tells whether some cell of the row b[i:end] is a name where one belongs.
func (c *columns) rowNamed(b []byte, i, end int) bool {
	quoted := false
	start := i
	for field := 0; field < maxColumns; i++ {
		switch {
		case i < end && b[i] == '"':
			quoted = !quoted
		case i >= end || b[i] == c.delim && !quoted:
			if c.says[field]&saysName != 0 && start < i && isName(c.simd, b, start, i) {
				return true
			}
			if i >= end {
				return false
			}
			field, start = field+1, i+1
		}
	}
	return false
}
