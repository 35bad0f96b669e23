package intact

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// file is a member of an archive; one whose name ends with / is a folder.
type file struct{ name, content string }

func tarOf(files ...file) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Size: int64(len(f.content)), Mode: 0o600, Typeflag: tar.TypeReg}
		if strings.HasSuffix(f.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		_ = w.WriteHeader(h)
		_, _ = io.WriteString(w, f.content)
	}
	_ = w.Close()
	return b.String()
}

func zipOf(files ...file) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		m, _ := w.Create(f.name)
		_, _ = io.WriteString(m, f.content)
	}
	_ = w.Close()
	return b.String()
}

// Archives with nothing in them, texts that are no dump, zeros, and broken copies in
// archives that are whole: none of them is sound, whatever holds it.
func TestNothingInside(t *testing.T) {
	const (
		head  = "-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB\n--\n"
		table = "CREATE TABLE `recibo` (`id` int);\nINSERT INTO `recibo` VALUES (1),(2);\n"
		done  = "-- Dump completed on 2026-11-22  3:00:01\n"
		pg    = "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n"
		pgEnd = "--\n-- PostgreSQL database dump complete\n--\n\n"
		page  = "<!DOCTYPE html>\n<html><head><title>Inicie sesión</title></head></html>\n"
		quiet = "/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n"
	)
	zeros := strings.Repeat("\x00", 100_000)
	dump := head + table + done
	cut := gzipped(dump)[:40]
	plenty := func(bad file) (out []file) {
		for range maxMembers {
			out = append(out, file{"hoja.txt", "texto"})
		}
		return append(out, bad)
	}
	for _, tt := range []struct {
		name, file, content string
		want                Damage
	}{
		// Dumps and what is called one.
		{"a dump", "a.sql", dump, ""},
		{"a dump of no table", "a.sql", head + done, Empty},
		{"a dump of a database without tables", "a.sql", head + "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `rentas`;\nUSE `rentas`;\n" + done, Empty},
		{"a view alone", "a.sql", head + "/*!50001 CREATE ALGORITHM=UNDEFINED */\n" + done, ""},
		{"a table that could not be dumped", "a.sql", head + table + "mysqldump: Couldn't execute 'SHOW FIELDS FROM `v`': (1356)\n" + done, Complaint},
		{"a warning", "a.sql", "mysqldump: [Warning] Using a password on the command line interface can be insecure.\n" + dump, ""},
		{"a warning of MariaDB", "a.sql", "mysqldump: Deprecated program name. It will be removed in a future release, use '/usr/bin/mariadb-dump' instead\n" + dump, ""},
		{"without comments", "a.sql", quiet + table + "/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;\n", ""},
		{"without comments, cut", "a.sql", quiet + table, Unfinished},
		{"without comments, as HeidiSQL ends", "a.sql", quiet + table + "/*!40111 SET SQL_NOTES=IFNULL(@OLD_SQL_NOTES, 1) */;\n", ""},
		{"PostgreSQL", "a.sql", pg + "COPY rentas.recibo (id) FROM stdin;\n1\n\\.\n" + pgEnd, ""},
		{"PostgreSQL, nothing dumped", "a.sql", pg + "SELECT pg_catalog.set_config('search_path', '', false);\n" + pgEnd, Empty},
		{"PostgreSQL, head alone", "a.sql", pg, Unfinished},
		{"SQLite", "a.sql", "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE a(b);\nCOMMIT;\n", ""},
		{"SQLite, of a damaged database", "a.sql", "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE a(b);\nROLLBACK; -- due to errors\n", Unfinished},
		{"a script", "a.sql", "CREATE TABLE t (n int);\n", ""},
		{"a script that ends with a word", "a.sql", "USE [rentas]\nGO\nCREATE TABLE t (n int)\nGO\n", ""},
		{"a script cut in a statement", "a.sql", "CREATE TABLE t (n int);\nINSERT INTO t VALUES (1), (2", Truncated},
		{"a script in UTF-16", "a.sql", "\xff\xfeU\x00S\x00E\x00", ""},
		{"a page of a server", "a.sql", page, Complaint},
		{"what mysqldump says", "a.sql", "mysqldump: Got error: 1045: \"Access denied for user\" when trying to connect\n", Complaint},
		{"a letter", "a.sql", "Estimada vecina:\nhola.\n", NotItsName},
		{"an error in a packed dump", "a.sql.gz", gzipped("pg_dump: error: connection to server failed\n"), Complaint},
		{"a page in a packed dump", "a.sql.gz", gzipped(page), Complaint},
		{"a letter in a packed dump", "a.sql.gz", gzipped("Estimada vecina:\nhola.\n"), NotItsName},
		{"an error for a copy of SQL Server", "a.bak", "Msg 911, Level 16, State 11\n", Complaint},
		{"a page for a dump", "a.dump", page, Complaint},
		{"a page that is one", "portada.html", page, ""},

		// Zeros.
		{"zeros", "a.bak", zeros, Blank},
		{"zeros, of an encrypted copy", "a.gpg", zeros, Blank},
		{"zeros, of Veeam", "a.vbk", zeros, Blank},
		{"zeros, of a zip", "a.zip", zeros, Blank},
		{"one letter", "a.bin", strings.Repeat("\xff", 5000), Blank},
		{"zeros and one other byte", "a.bin", zeros[:50_000] + "x" + zeros, ""},
		{"zeros, packed", "a.gz", gzipped(zeros), Blank},
		{"zeros for a tar, packed", "a.tar.gz", gzipped(zeros), Blank},
		{"zeros, packed twice", "a.gz", gzipped(gzipped(zeros)), Blank},

		// Archives of nothing.
		{"a tar of a folder", "a.tar", tarOf(file{"v/", ""}), Empty},
		{"a tar of empty files", "a.tar", tarOf(file{"v/", ""}, file{"v/x", ""}), Empty},
		{"a tar of nothing", "a.tar", zeros[:10240], Blank},
		{"a tar of nothing, packed", "a.tar.gz", gzipped(zeros[:10240]), Blank},
		{"a tar of a folder, packed", "a.tgz", gzipped(tarOf(file{"v/", ""})), Empty},
		{"a zip of a folder", "a.zip", zipOf(file{"v/", ""}), Empty},
		{"a zip of empty files", "a.zip", zipOf(file{"v/", ""}, file{"v/x", ""}), Empty},
		{"no tar in it", "a.tar.gz", gzipped("cualquier cosa"), NotItsName},

		// What is in archives.
		{"a dump in a tar", "a.tar", tarOf(file{"a.sql", dump}), ""},
		{"a dump in a zip", "a.zip", zipOf(file{"a.sql", dump}), ""},
		{"half a dump in a tar", "a.tar", tarOf(file{"a.sql", head + table}), Unfinished},
		{"half a dump in a packed tar", "a.tar.gz", gzipped(tarOf(file{"a.sql", head + table})), Unfinished},
		{"half a dump in a zip", "a.zip", zipOf(file{"a.sql", head + table}), Unfinished},
		{"half a packed dump in a tar", "a.tar", tarOf(file{"a.sql.gz", cut}), Truncated},
		{"half a packed dump in a zip", "a.zip", zipOf(file{"a.sql.gz", cut}), Truncated},
		{"half a dump, packed, in a tar, packed", "a.tgz", gzipped(tarOf(file{"a.sql.gz", gzipped(head)})), Unfinished},
		{"a cut zip in a tar", "a.tar", tarOf(file{"hoja", "x y"}, file{"a.zip", zipped(false)[:60]}), Truncated},
		{"a zip of nothing in a tar", "a.tar", tarOf(file{"hoja", "x y"}, file{"a.zip", zipOf(file{"v/", ""})}), Empty},
		{"a zip in a zip", "a.zip", zipOf(file{"b.zip", zipped(false)}), ""},
		{"an empty dump among others", "a.tar", tarOf(file{"hoja", "x y"}, file{"a.dump", ""}), Empty},
		{"zeros for a dump among others", "a.zip", zipOf(file{"hoja", "x y"}, file{"a.bak", zeros}), Blank},
		{"an error for a dump among others", "a.zip", zipOf(file{"hoja", "x y"}, file{"a.dump", "pg_dump: error: no such database\n"}), Complaint},
		{"zeros alone", "a.tar", tarOf(file{"a.dat", zeros}, file{"b.dat", zeros}), Blank},
		{"zeros of somebody", "a.tar", tarOf(file{"hoja", "x y"}, file{"disco.img", zeros}), ""},
		{"an empty file of somebody", "a.tar", tarOf(file{"hoja", "x y"}, file{"__init__.py", ""}), ""},
		{"a page of somebody", "a.tar", tarOf(file{"hoja", "x y"}, file{"a.txt", page}), ""},
		{"a script of somebody", "a.tar", tarOf(file{"hoja", "x y"}, file{"a.sql", "-- nada\n"}), ""},
		{"one of many, broken", "a.tar", tarOf(plenty(file{"a.sql.gz", cut})...), ""},
		{"one of many in a zip, broken", "a.zip", zipOf(plenty(file{"a.sql.gz", cut})...), ""},
		{"a name that is too long for its header", "a.tar", tarOf(file{"hoja", "x y"}, file{strings.Repeat("carpeta/", 40) + "a.dump", ""}), Empty},
		{"SQLite in a tar, cut", "a.tar", tarOf(file{"a.db", sqlite(3)[:1024]}), Truncated},
		{"no zip in a tar", "a.tar", tarOf(file{"a.zip", "cifrado, que no es un zip"}), NotItsName},
		{"7z of folders", "a.7z", sevenOf("\x01\x05\x01\x0e\x01\x80\x00\x00"), Empty},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := verify(t, tt.file, []byte(tt.content)); got.Damage != tt.want {
				t.Errorf("got %+v, want damage %q", got, tt.want)
			}
			look, err := Look(t.Context(), strings.NewReader(tt.content), int64(len(tt.content)), tt.file)
			if err != nil || tt.want == "" && look.Damage != "" {
				t.Errorf("edges: got %+v, %v", look, err)
			}
		})
	}
}

// A large file of zeros is told by its edges alone.
func TestBlankAtTheEdges(t *testing.T) {
	got, err := Look(t.Context(), nothing{}, 1<<40, "a.vbk")
	if err != nil || got.Damage != Blank {
		t.Errorf("got %+v, %v, want blank", got, err)
	}
}

type nothing struct{}

func (nothing) ReadAt(p []byte, _ int64) (int, error) { clear(p); return len(p), nil }

// A few bytes that unpack to more than anybody can wait for end with their time.
func TestBombs(t *testing.T) {
	zeros := bytes.Repeat([]byte{0}, 64<<20)
	zeros[7] = 1
	bomb := zeros
	for range 2 {
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
		for range 4 {
			_, _ = z.Write(bomb)
		}
		_ = z.Close()
		bomb = b.Bytes()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := Verify(ctx, bytes.NewReader(bomb), int64(len(bomb)), "a.gz")
	if took := time.Since(begun); err != nil && !errors.Is(err, context.DeadlineExceeded) || took > 3*time.Second {
		t.Errorf("got %v after %s", err, took)
	}
}
