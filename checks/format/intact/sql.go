package intact

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// Who wrote a dump in SQL.
const (
	sqlCluster  = "pg_dumpall"
	sqlPostgres = "pg_dump"
	sqlMySQL    = "mysqldump"
	sqlQuiet    = "mysqldump --skip-comments" // and others that save the same settings
	sqlLite     = "sqlite"
	sqlScript   = "script" // of a program that is not known
)

// sqlKind tells which program wrote a dump in SQL, by its first lines. They are written
// in English whatever the language of the system.
func sqlKind(head []byte) string {
	first := head[:min(len(head), 600)]
	for _, k := range []struct{ mark, kind string }{
		{"-- PostgreSQL database cluster dump", sqlCluster},
		{"-- PostgreSQL database dump", sqlPostgres},
		{"-- MySQL dump ", sqlMySQL},
		{"-- MariaDB dump ", sqlMySQL},
	} {
		if bytes.Contains(first, []byte(k.mark)) && isText(first) {
			return k.kind
		}
	}
	switch {
	case !isText(head):
	case bytes.Contains(head, []byte("SET @OLD_CHARACTER_SET_CLIENT=@@")):
		return sqlQuiet
	case bytes.HasPrefix(head, []byte("PRAGMA foreign_keys=OFF;")):
		return sqlLite
	}
	return ""
}

// sqlEnds tells whether the last bytes of a dump are those that its program writes when
// all went well.
func sqlEnds(kind string, tail []byte) bool {
	has := func(mark string) bool { return bytes.Contains(tail, []byte(mark)) }
	switch kind {
	case sqlCluster:
		return has("-- PostgreSQL database cluster dump complete")
	case sqlPostgres:
		return has("-- PostgreSQL database dump complete")
	case sqlMySQL:
		return has("-- Dump completed")
	case sqlQuiet: // the settings that it saved are put back
		return has("=@OLD_") || has("(@OLD_")
	case sqlLite:
		return bytes.HasSuffix(bytes.TrimSpace(tail), []byte("COMMIT;"))
	default:
		return endsStatement(tail)
	}
}

// endsStatement tells whether a script ends where a statement does.
func endsStatement(tail []byte) bool {
	text := bytes.TrimSpace(tail)
	if len(text) == 0 {
		return true
	}
	if bytes.IndexByte([]byte(";/.)"), text[len(text)-1]) >= 0 {
		return true
	}
	last := text[bytes.LastIndexByte(text, '\n')+1:]
	const word = 12 // go, quit, commit: the last word of a script
	return bytes.HasPrefix(last, []byte("--")) || bytes.HasPrefix(last, []byte("#")) ||
		len(last) <= word && strings.Trim(strings.ToLower(string(last)), "abcdefghijklmnopqrstuvwxyz") == ""
}

// sqlFound is what the lines of a dump tell.
type sqlFound struct {
	makes bool // something is made, or data are put somewhere
	trips bool // its program said that something could not be copied
}

// damage is what is wrong with a dump of which everything was read.
func (f sqlFound) damage(kind string, tail func() []byte) Damage {
	switch {
	case !sqlEnds(kind, tail()):
		return Unfinished
	case f.trips:
		return Complaint
	case !f.makes:
		return Empty
	}
	return ""
}

// scanSQL reads a dump to its end.
func scanSQL(r io.Reader, kind string) (found sqlFound) {
	b := bufio.NewReaderSize(r, smallBuffer)
	for begins := true; ; {
		line, err := b.ReadSlice('\n')
		if begins {
			found.line(line, kind)
		}
		if begins = !errors.Is(err, bufio.ErrBufferFull); err != nil && begins {
			return found
		}
	}
}

// line looks at the beginning of one line.
func (f *sqlFound) line(line []byte, kind string) {
	const enough = 80
	words := strings.ToUpper(string(bytes.TrimLeft(line[:min(len(line), enough)], " \t\xef\xbb\xbf(")))
	if kind == sqlMySQL || kind == sqlQuiet {
		// Every value is within one line that begins with INSERT: no value looks like this.
		for _, program := range []string{"MYSQLDUMP: ", "MYSQLDUMP.EXE: ", "MARIADB-DUMP: ", "MARIADB-DUMP.EXE: "} {
			said, ok := strings.CutPrefix(words, program)
			f.trips = f.trips || ok && !strings.HasPrefix(said, "[WARNING]") && !strings.HasPrefix(said, "WARNING") && !strings.HasPrefix(said, "DEPRECATED")
		}
	}
	if f.makes || strings.HasPrefix(words, "CREATE DATABASE") {
		return
	}
	if rest, ok := strings.CutPrefix(words, "/*!"); ok { // what only some versions do
		words = strings.TrimLeft(rest, "0123456789 ")
	}
	for _, verb := range []string{"CREATE", "INSERT", "COPY", "REPLACE", "MERGE"} {
		f.makes = f.makes || strings.HasPrefix(words, verb)
	}
	if kind == sqlScript {
		for _, verb := range []string{"UPDATE", "ALTER", "DELETE", "DROP", "EXEC", "DECLARE", "BEGIN", "SET ", "USE ", "SELECT", "CALL", "GRANT", "VALUES", "RECREATE", "CONNECT"} {
			f.makes = f.makes || strings.HasPrefix(words, verb)
		}
	}
}

// sqlSmall is up to what size a dump is read whole where only edges are asked for.
const sqlSmall = 1 << 20

func lookSQL(s *source) Result {
	if s.size <= sqlSmall {
		return verifySQL(s)
	}
	if !sqlEnds(sqlKind(s.head), s.tail) {
		return damaged(Edges, Unfinished)
	}
	return Result{Depth: Edges}
}

// verifySQL reads all lines. They carry no checksum: the depth remains that of edges.
func verifySQL(s *source) Result {
	kind := sqlKind(s.head)
	found := scanSQL(&faults{ctx: s.ctx, r: s.stream(0)}, kind)
	return damaged(Edges, found.damage(kind, func() []byte { return s.tail }))
}

// script verifies a file called .sql of which no program is known.
func (s *source) script(all bool) Damage {
	switch {
	case isWide(s.head):
		return "" // in letters of two bytes, as programs of Windows write them
	case !isText(s.head):
		return NotItsName
	case !endsStatement(s.tail):
		return Truncated
	case !all && s.size > sqlSmall:
		return ""
	case !scanSQL(&faults{ctx: s.ctx, r: s.stream(0)}, sqlScript).makes:
		return NotItsName
	}
	return ""
}

// script is that of a file, for contents.
func (c *contents) script(head []byte) Damage {
	switch {
	case isWide(head):
		return ""
	case !isText(head):
		return NotItsName
	}
	makes := scanSQL(c, sqlScript).makes
	switch {
	case !endsStatement(c.tail):
		return Truncated
	case !makes && c.mixed:
		return NotItsName
	}
	return ""
}

// isWide tells of a text in UTF-16.
func isWide(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff"))
}
