package intact

import (
	"bufio"
	"bytes"
	"io"
)

// sqlKind tells which program wrote a dump in SQL, by its first lines. They are written
// in English whatever the language of the system.
func sqlKind(head []byte) string {
	first := head[:min(len(head), 600)]
	for _, k := range []struct{ mark, kind string }{
		{"-- PostgreSQL database cluster dump", "pg_dumpall"},
		{"-- PostgreSQL database dump", "pg_dump"},
		{"-- MySQL dump ", "mysqldump"},
		{"-- MariaDB dump ", "mysqldump"},
	} {
		if bytes.Contains(first, []byte(k.mark)) && isText(first) {
			return k.kind
		}
	}
	return ""
}

// sqlEnd is the line that the program writes when all went well, among the last ones.
func sqlEnd(kind string) []byte {
	switch kind {
	case "pg_dumpall":
		return []byte("-- PostgreSQL database cluster dump complete")
	case "pg_dump":
		return []byte("-- PostgreSQL database dump complete")
	default:
		return []byte("-- Dump completed")
	}
}

func lookSQL(s *source) Result {
	if !bytes.Contains(s.tail, sqlEnd(sqlKind(s.head))) {
		return damaged(Edges, Unfinished)
	}
	return Result{Depth: Edges}
}

// endOfSQL reads a dump to its end and looks for its last line.
func endOfSQL(r *bufio.Reader, kind string) Result {
	tail := make([]byte, 0, 2*tailSize)
	chunk := make([]byte, tailSize)
	for {
		n, err := io.ReadFull(r, chunk)
		if len(tail)+n > cap(tail) {
			tail = append(tail[:0], tail[len(tail)-tailSize:]...)
		}
		tail = append(tail, chunk[:n]...)
		if err != nil {
			break
		}
	}
	if !bytes.Contains(tail, sqlEnd(kind)) {
		return damaged(Edges, Unfinished)
	}
	return Result{Depth: Edges}
}
