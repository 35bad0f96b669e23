package intact

import (
	"bytes"
	"io"
	"strings"
)

// blankProbes is how many places of a file are looked at when it is not read whole.
const blankProbes = 64

// blank tells whether a file is one byte over and over, as a disk leaves it that was full
// or was pulled out: its length is right and nothing is in it.
func (s *source) blank(all bool) bool {
	first := s.head[0]
	run := bytes.Repeat([]byte{first}, headSize)
	if !bytes.Equal(s.head, run[:len(s.head)]) || !bytes.Equal(s.tail, run[:len(s.tail)]) {
		return false
	}
	if all {
		r := s.stream(0)
		b := make([]byte, headSize)
		for {
			n, err := io.ReadFull(r, b)
			if !bytes.Equal(b[:n], run[:n]) {
				return false
			}
			if err != nil {
				return s.err == nil
			}
		}
	}
	for i := range int64(blankProbes) {
		off := s.size / blankProbes * i
		if b := s.part(off, min(headSize, s.size-off)); b == nil || !bytes.Equal(b, run[:len(b)]) {
			return false
		}
	}
	return true
}

// maxComplaint is how long the words of a program that failed may be, in bytes.
const maxComplaint = 64 << 10

// isComplaint tells of what programs write where their output was taken for a copy: an
// error, or the page of a server that wanted a password. These words are what programs
// say in every language, and the first ones of their output.
func isComplaint(head []byte, name string) bool {
	if !isText(head) {
		return false
	}
	lower := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n"))
	starts := func(words ...string) bool {
		for _, w := range words {
			if bytes.HasPrefix(lower, []byte(w)) {
				return true
			}
		}
		return false
	}
	if starts("<!doctype html", "<html", "<head") {
		n := strings.ToLower(name)
		return !strings.HasSuffix(n, ".html") && !strings.HasSuffix(n, ".htm")
	}
	return starts("mysqldump: ", "mysqldump.exe: ", "mariadb-dump: ", "mariadb-dump.exe: ", "pg_dump: ", "pg_dumpall: ", "pg_basebackup: ",
		"error", "fatal", "usage: ", "tar: ", "gzip: ", "zip error", "bash: ", "sh: ", "/bin/sh: ", "/bin/bash: ", "sqlcmd: ", "msg ", "ora-", "exp-0", "gbak: ",
		"gbak:", "permission denied", "access denied", "acceso denegado", "permiso denegado")
}
