package intact

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

func gzipped(content string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, content)
	_ = z.Close()
	return b.String()
}

func zipped(encrypted bool) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, _ := z.Create("hoja.txt")
	_, _ = io.WriteString(w, strings.Repeat("padrón ", 300))
	_ = z.Close()
	out := b.Bytes()
	if encrypted {
		out[6] |= 1
		out[bytes.Index(out, []byte("PK\x01\x02"))+8] |= 1
	}
	return string(out)
}

// vma is an archive of Proxmox with one extent of so many blocks, made from its
// documentation.
func vma(blocks int) string {
	h := make([]byte, vmaHeader)
	copy(h, "VMA\x00")
	binary.BigEndian.PutUint32(h[4:], 1)
	binary.BigEndian.PutUint32(h[56:], vmaHeader)
	sum := md5.Sum(h)
	copy(h[32:], sum[:])
	e := make([]byte, vmaExtent)
	copy(e, "VMAE")
	binary.BigEndian.PutUint16(e[6:], uint16(blocks))
	sum = md5.Sum(e)
	copy(e[24:], sum[:])
	return string(h) + string(e) + strings.Repeat("\x5a", blocks*vmaBlock)
}

func sqlite(pages int) string {
	h := make([]byte, pages*512)
	copy(h, "SQLite format 3\x00\x02\x00")
	binary.BigEndian.PutUint32(h[28:], uint32(pages))
	return string(h)
}

func TestVerify(t *testing.T) {
	const dump = "-- MySQL dump 10.19  Distrib 10.11.6-MariaDB\n--\nCREATE TABLE `recibo` (`id` int);\n"
	const cluster = "--\n-- PostgreSQL database cluster dump\n--\n\nCREATE ROLE rentas;\n"
	access := "\x00\x01\x00\x00Standard ACE DB\x00\x02" + strings.Repeat("\x00", 4096-21)
	for _, tt := range []struct {
		name, file, content string
		want                Result
	}{
		{"empty", "a.zip", "", Result{Depth: Whole, Damage: Empty}},
		{"empty, of no known name", "datos", "", Result{Depth: Whole, Damage: Empty}},
		{"something else", "datos.bin", "cualquier cosa", Result{Depth: None, Limit: Unknown}},
		{"encrypted by a thief", "a.zip", "\x91\x02 cifrado, que no es un zip", Result{Format: "zip", Depth: Edges, Damage: NotItsName}},
		{"a gzip by another name", "a.zip", gzipped("hola"), Result{Format: "zip", Depth: Edges, Damage: NotItsName}},
		{"a gzip without name", "copia", gzipped("hola"), Result{Format: "gzip", Depth: Whole}},
		{"a gzip of nothing", "a.sql.gz", gzipped(""), Result{Format: "gzip", Depth: Whole, Damage: Empty}},
		{"two in one gzip", "a.gz", gzipped("uno") + gzipped("dos"), Result{Format: "gzip", Depth: Whole}},
		{"a dump of MariaDB", "a.sql", dump + "-- Dump completed on 2026-11-22  3:00:01\n", Result{Format: "sql", Depth: Edges}},
		{"a dump that ended early", "a.sql", dump + "INSERT INTO `recibo` VALUES (1),(2", Result{Format: "sql", Depth: Edges, Damage: Unfinished}},
		{"a packed dump that ended early", "a.sql.gz", gzipped(dump), Result{Format: "gzip", Depth: Whole, Damage: Unfinished}},
		{"a packed dump", "a.sql.gz", gzipped(dump + strings.Repeat("INSERT;\n", 9000) + "-- Dump completed\n"), Result{Format: "gzip", Depth: Whole}},
		{"a dump of a cluster", "a.sql", cluster + "--\n-- PostgreSQL database cluster dump complete\n--\n", Result{Format: "sql", Depth: Edges}},
		{"only the first of its databases", "a.sql", cluster + "--\n-- PostgreSQL database dump complete\n--\n", Result{Format: "sql", Depth: Edges, Damage: Unfinished}},
		{"text of another program", "a.sql", "CREATE TABLE t (n int);\n", Result{Depth: None, Limit: Unknown}},
		{"no text at all", "a.sql", "\x00\x01\x02", Result{Format: "sql", Depth: Edges, Damage: NotItsName}},
		{"a zip", "a.zip", zipped(false), Result{Format: "zip", Depth: Whole}},
		{"a zip with a password", "a.zip", zipped(true), Result{Format: "zip", Depth: Edges, Limit: Encrypted}},
		{"a zip of nothing", "a.zip", "PK\x05\x06" + strings.Repeat("\x00", 18), Result{Format: "zip", Depth: Edges, Damage: Empty}},
		{"a machine of Proxmox", "vzdump-qemu-101-2026_11_22-02_00_01.vma", vma(3), Result{Format: "vma", Depth: Walked}},
		{"one cut short", "a.vma", vma(3)[:vmaHeader+vmaExtent+9000], Result{Format: "vma", Depth: Walked, Damage: Truncated}},
		{"one with a flipped header", "a.vma", strings.Replace(vma(1), "\x00\x00\x00\x00\x00", "\x00\x00\x01\x00\x00", 1), Result{Format: "vma", Depth: Edges, Damage: Checksum}},
		{"one in a gzip", "a.vma.gz", gzipped(vma(2)), Result{Format: "gzip", Depth: Whole}},
		{"one cut short in a gzip", "a.vma.gz", gzipped(vma(2)[:vmaHeader+vmaExtent+9]), Result{Format: "gzip", Depth: Whole, Damage: Truncated}},
		{"SQLite", "a.db", sqlite(3), Result{Format: "sqlite", Depth: Edges}},
		{"SQLite, a page short", "a.db", sqlite(3)[:1024], Result{Format: "sqlite", Depth: Edges, Damage: Truncated}},
		{"SQLite, half a page", "a.db", sqlite(3)[:1300], Result{Format: "sqlite", Depth: Edges, Damage: Truncated}},
		{"Access", "padron.accdb", access, Result{Format: "access", Depth: Edges}},
		{"Access, cut", "padron.accdb", access[:4000], Result{Format: "access", Depth: Edges, Damage: Truncated}},
		{"Veeam", "Job.vbk", "\x00\x00\x00\x00\x00 datos", Result{Format: "veeam", Depth: None, Limit: Unknown}},
		{"encrypted with GnuPG", "a.tar.gz.gpg", "\x8c\x01\x04\xd2\xe0x\xe1xy\x02xy", Result{Format: "openpgp", Depth: Walked, Limit: Encrypted}},
		{"encrypted with GnuPG, cut", "a.tar.gz.gpg", "\x8c\x01\x04\xd2\xe0x\xe1xy\x02x", Result{Format: "openpgp", Depth: Walked, Damage: Truncated}},
		{"encrypted with GnuPG, cut between two parts", "a.tar.gz.gpg", "\x8c\x01\x04\xd2\xe0x", Result{Format: "openpgp", Depth: Walked, Damage: Truncated}},
		{"encrypted with GnuPG, of lengths of each kind", "a.pgp", "\xd2\xc0\x00" + strings.Repeat("x", 192) + "\xd2\xff\x00\x00\x00\x01x\x85\x00\x01x\x86\x00\x00\x00\x01x\xa7", Result{Format: "openpgp", Depth: Walked, Limit: Encrypted}},
		{"letters of GnuPG", "a.gpg", "-----BEGIN PGP MESSAGE-----\n\njA0E\n-----END PGP MESSAGE-----\n", Result{Format: "openpgp", Depth: Walked, Limit: Encrypted}},
		{"letters of GnuPG, cut", "a.gpg", "-----BEGIN PGP MESSAGE-----\n\njA0E\n", Result{Format: "openpgp", Depth: Edges, Damage: Truncated}},
		{"noise for GnuPG", "a.gpg", "\xf7\x01xy", Result{Format: "openpgp", Depth: Walked, Damage: Structure}},
		{"something else for GnuPG", "a.gpg", "hola vecina", Result{Format: "openpgp", Depth: Edges, Damage: NotItsName}},
		{"something else for age", "a.age", "hola vecina", Result{Format: "age", Depth: Edges, Damage: NotItsName}},
		{"letters of age, cut", "a.age", ageArmor + "\nYWdl\n", Result{Format: "age", Depth: Edges, Damage: Truncated}},
		{"with another program", "a.aes", "AES\x02", Result{Format: "encrypted", Depth: None, Limit: Encrypted}},
		{"encrypted with age", "a.age", "age-encryption.org/v1\n", Result{Format: "age", Depth: None, Limit: Encrypted}},
		{"SQL Server", "catastro.bak", "TAPE\x00\x00", Result{Format: "mtf", Depth: None, Limit: Unknown}},
		{"xz that needs a lot", "a.xz", xzWithDictionary(28), Result{Format: "xz", Depth: Edges, Limit: Memory}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := verify(t, tt.file, []byte(tt.content))
			got.More = false
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// xzWithDictionary is the edges of a stream whose dictionary is 1<<bits bytes.
func xzWithDictionary(bits int) string {
	crc := func(b []byte) []byte { return binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(b)) }
	head := append([]byte("\xfd7zXZ\x00\x00\x04"), crc([]byte{0, 4})...)
	block := []byte{2, 0, 0x21, 1, byte(2 * (bits - 12)), 0, 0, 0}
	index := []byte{0, 0, 0, 0}
	index = append(index, crc(index)...)
	footer := []byte{1, 0, 0, 0, 0, 4}
	footer = append(crc(footer), append(footer, "YZ"...)...)
	return string(head) + string(block) + strings.Repeat("\x00", 64) + string(index) + string(footer)
}

// broken is a file whose disk fails behind some bytes.
type broken struct {
	content string
	good    int64
}

var errDisk = errors.New("a fault of the disk")

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.good {
		return 0, errDisk
	}
	return strings.NewReader(b.content).ReadAt(p, off)
}

// A fault of reading is never damage, wherever it happens.
func TestFaults(t *testing.T) {
	for name, content := range map[string]string{"a.zip": zipped(false), "a.gz": gzipped(vma(20)), "a.vma": vma(40), "a.db": sqlite(30)} {
		for good := int64(0); good < int64(len(content)); good += int64(len(content)/7) + 1 {
			if _, err := Verify(t.Context(), broken{content, good}, int64(len(content)), name); !errors.Is(err, errDisk) {
				t.Errorf("%s, good up to %d of %d: got %v, want %v", name, good, len(content), err, errDisk)
			}
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	if _, err := Verify(ctx, strings.NewReader(vma(2)), int64(len(vma(2))), "a.vma"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("out of time: got %v", err)
	}
}

// sevenOf is an archive of 7z with five stored bytes and a header.
func sevenOf(header string) string {
	const data = "datos"
	start := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	start = binary.LittleEndian.AppendUint64(start, uint64(len(header)))
	start = binary.LittleEndian.AppendUint32(start, crc32.ChecksumIEEE([]byte(header)))
	head := binary.LittleEndian.AppendUint32([]byte(sevenMagic+"\x00\x04"), crc32.ChecksumIEEE(start))
	return string(head) + string(start) + data + header
}

// Headers that are right by their sum and say what cannot be.
func TestSevenHeaders(t *testing.T) {
	sum := string(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte("datos"))))
	const packed, stored = "\x01\x04\x06\x00\x01\x09\x05\x00", "\x07\x0b\x01\x00\x01\x01\x00\x0c\x05"
	for _, tt := range []struct {
		name, header string
		want         Result
	}{
		{"stored", packed + stored + "\x0a\x01" + sum + "\x00\x00\x00", Result{Format: "7z", Depth: Whole}},
		{"with a sum of what is packed", "\x01\x04\x06\x00\x01\x09\x05\x0a\x01" + sum + "\x00" + stored + "\x0a\x01" + sum + "\x00\x00\x00", Result{Format: "7z", Depth: Whole}},
		{"of another content", packed + stored + "\x0a\x01\x11\x22\x33\x44\x00\x00\x00", Result{Format: "7z", Depth: Whole, Damage: Checksum}},
		{"of two members", packed + stored + "\x00\x08\x0d\x02\x09\x02\x00\x00\x00", Result{Format: "7z", Depth: Whole}},
		{"of more bytes than there are", "\x01\x04\x06\x00\x01\x09\x7f\x00" + stored + "\x00\x00\x00", Result{Format: "7z", Depth: Whole, Damage: Structure}},
		{"of more members than fit", packed + stored + "\x00\x08\x0d\xf0\xff\xff\xff\x01\x09\x00\x00\x00", Result{Format: "7z", Depth: Edges, Limit: Method}},
		{"that ends early", packed + "\x07\x0b\x01", Result{Format: "7z", Depth: Edges, Limit: Method}},
		{"of nothing known", "\x33", Result{Format: "7z", Depth: Edges, Damage: Structure}},
	} {
		b := sevenOf(tt.header)
		got := verify(t, "a.7z", []byte(b))
		got.More = false
		if got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func FuzzVerify(f *testing.F) {
	for _, s := range []string{zipped(false), gzipped("-- MySQL dump 10\n"), vma(1)[:13000], sqlite(2), xzWithDictionary(16), "PGDMP\x01\x0e\x00\x04\x08\x01", lzopMagic + "\x10\x40\x20\xa0", borgMagic + "\x00\x00\x00\x00\x09\x00\x00\x00\x02", "7z\xbc\xaf\x27\x1c\x00\x04", sevenOf("\x01\x04\x06\x00\x01\x09\x05\x00\x07\x0b\x01\x00\x01\x01\x00\x0c\x05\x0a\x01\x11\x22\x33\x44\x00\x00\x00")} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		res, err := Verify(t.Context(), bytes.NewReader(b), int64(len(b)), "copia")
		if err != nil {
			t.Errorf("reading memory: %v", err)
		}
		if res.Depth == "" {
			t.Errorf("no depth: %+v", res)
		}
	})
}
