package extract

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/zlib"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"mime/quotedprintable"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// texts is a Sink that keeps what it is given, UTF-16 as UTF-8.
type texts struct {
	all []string
	one []byte
	enc Encoding
}

func (s *texts) Begin(enc Encoding) { s.one, s.enc = s.one[:0], enc }
func (s *texts) Write(b []byte)     { s.one = append(s.one, b...) }
func (s *texts) End() {
	text := string(s.one)
	if s.enc != Bytes {
		order := binary.ByteOrder(binary.LittleEndian)
		if s.enc == UTF16BE {
			order = binary.BigEndian
		}
		units := make([]uint16, len(s.one)/2)
		for i := range units {
			units[i] = order.Uint16(s.one[2*i:])
		}
		text = string(utf16.Decode(units))
	}
	s.all = append(s.all, text)
}

// extracted gives the texts of a file.
func extracted(t testing.TB, limits Limits, file []byte) ([]string, Outcome) {
	t.Helper()
	var s texts
	x := New(limits, &s)
	x.bare = true
	o := x.File(context.Background(), bytes.NewReader(file), int64(len(file)))
	if x.work.held != 0 {
		t.Errorf("%d bytes are held after the file is done", x.work.held)
	}
	return s.all, o
}

const (
	somebody = "Doña Inés Peñalver, CURP PEXI800101MDFXXN09, tel. 55 1234 5678\n"
	line     = "curp: PEXI800101MDFXXN09 y correo ines@example.com\n"
)

// tool runs a program in a new folder with the files, and returns the file it made.
func tool(t testing.TB, files map[string]string, made string, command ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		t.Fatalf("%s is not installed (apt-get install 7zip zip xz-utils zstd bzip2)", command[0])
	}
	c := exec.Command(path, command[1:]...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, made))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	must(w.Write(b))
	must(0, w.Close())
	return out.Bytes()
}

func zlibbed(b []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	must(w.Write(b))
	must(0, w.Close())
	return out.Bytes()
}

func xzed(b []byte) []byte {
	var out bytes.Buffer
	w := must(xz.NewWriter(&out))
	must(w.Write(b))
	must(0, w.Close())
	return out.Bytes()
}

func lzmaed(b []byte) []byte {
	var out bytes.Buffer
	w := must(lzma.NewWriter(&out))
	must(w.Write(b))
	must(0, w.Close())
	return out.Bytes()
}

func zstded(b []byte) []byte {
	w := must(zstd.NewWriter(nil))
	return w.EncodeAll(b, nil)
}

func tarred(names ...string) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for i := 0; i < len(names); i += 2 {
		must(0, w.WriteHeader(&tar.Header{Name: names[i], Mode: 0o600, Size: int64(len(names[i+1]))}))
		must(w.Write([]byte(names[i+1])))
	}
	must(0, w.Close())
	return out.Bytes()
}

func zipped(names ...string) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i < len(names); i += 2 {
		f := must(w.Create(names[i]))
		must(f.Write([]byte(names[i+1])))
	}
	must(0, w.Close())
	return out.Bytes()
}

func wide(order binary.AppendByteOrder, text string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

func wider(order binary.AppendByteOrder, text string) []byte {
	var out []byte
	for _, r := range text {
		out = order.AppendUint32(out, uint32(r))
	}
	return out
}

func quoted(text string) string {
	var out bytes.Buffer
	w := quotedprintable.NewWriter(&out)
	must(w.Write([]byte(text)))
	must(0, w.Close())
	return out.String()
}

// TestFormats holds that what is written in a format is what comes out of it.
func TestFormats(t *testing.T) {
	files := map[string]string{"uno.txt": somebody, "dos.csv": "curp,nombre\n1,2\n"}
	both := []string{somebody, "curp,nombre\n1,2\n"}
	one := []string{somebody}
	for _, row := range []struct {
		name   string
		file   []byte
		format string
		want   []string
		why    Reason
	}{
		{name: "empty", format: "empty"},
		{"text", []byte(somebody), "text", one, ""},
		{"UTF-8 with its mark", []byte("\xef\xbb\xbf" + somebody), "text", one, ""},
		{"Windows-1252", []byte("Do\xf1a In\xe9s 1234"), "text", []string{"Do\xf1a In\xe9s 1234"}, ""},
		{"text that goes on as something else", []byte(strings.Repeat(somebody, 3000) + "\x00\x01\x02"), "text", []string{strings.Repeat(somebody, 3000) + "\x00\x01\x02"}, Binary},
		{"a text with a form feed and an escape", []byte("a\f\x1b[0m" + somebody), "text", []string{"a\f\x1b[0m" + somebody}, ""},
		{"ISO 2022", []byte("\x1b$B%F%9%H\x1b(B 1234\n"), "text", []string{"\x1b$B%F%9%H\x1b(B 1234\n"}, Undecoded},
		{"UTF-16, least first, with mark", append([]byte("\xff\xfe"), wide(binary.LittleEndian, somebody)...), "utf-16le", one, ""},
		{"UTF-16, most first, with mark", append([]byte("\xfe\xff"), wide(binary.BigEndian, somebody)...), "utf-16be", one, ""},
		{"UTF-16, least first", wide(binary.LittleEndian, somebody), "utf-16le", one, ""},
		{"UTF-16, most first", wide(binary.BigEndian, somebody), "utf-16be", one, ""},
		{"UTF-32, least first", wider(binary.LittleEndian, somebody), "utf-32le", one, ""},
		{"UTF-32, most first, with mark", wider(binary.BigEndian, "\uFEFF"+somebody), "utf-32be", one, ""},
		{"EBCDIC", ebcdic("DONA INES TIENE LA CURP 12345678 Y VIVE AQUI DESDE 1999"), "ebcdic", nil, Undecoded},

		{"zip", tool(t, files, "a.zip", "zip", "-q", "a.zip", "uno.txt", "dos.csv"), "zip", both, ""},
		{"zip, stored", tool(t, files, "a.zip", "zip", "-q", "-0", "a.zip", "uno.txt", "dos.csv"), "zip", both, ""},
		{"zip, bzip2", tool(t, files, "a.zip", "7z", "a", "-bd", "-mm=BZip2", "a.zip", "uno.txt"), "zip", one, ""},
		{"zip, LZMA", tool(t, files, "a.zip", "7z", "a", "-bd", "-mm=LZMA", "a.zip", "uno.txt"), "zip", one, ""},
		{"zip, a method nobody knows", tool(t, map[string]string{"uno.txt": strings.Repeat(somebody, 99)}, "a.zip", "7z", "a", "-bd", "-mm=PPMd", "a.zip", "uno.txt"), "zip", nil, Undecoded},
		{"zip with a password", tool(t, files, "a.zip", "7z", "a", "-bd", "-pgeheim", "a.zip", "uno.txt"), "zip", nil, Encrypted},
		{"zip with a password, AES", tool(t, files, "a.zip", "7z", "a", "-bd", "-mem=AES256", "-pgeheim", "a.zip", "uno.txt"), "zip", nil, Encrypted},
		{"zip in a zip", zipped("a.zip", string(zipped("uno.txt", somebody))), "zip", one, ""},
		{"zip without its directory", zipped("uno.txt", somebody, "dos.csv", both[1])[:200], "zip", both, Damaged},
		{"empty zip", zipped(), "zip", nil, ""},

		{"7z", tool(t, files, "a.7z", "7z", "a", "-bd", "a.7z", "uno.txt", "dos.csv"), "7z", []string{both[1], both[0]}, ""},
		{"7z, LZMA, header as it is", tool(t, files, "a.7z", "7z", "a", "-bd", "-m0=LZMA", "-mhc=off", "a.7z", "uno.txt"), "7z", one, ""},
		{"7z, copied", tool(t, files, "a.7z", "7z", "a", "-bd", "-m0=Copy", "-ms=off", "a.7z", "uno.txt", "dos.csv"), "7z", []string{both[1], both[0]}, ""},
		{"7z, bzip2", tool(t, files, "a.7z", "7z", "a", "-bd", "-m0=BZip2", "a.7z", "uno.txt"), "7z", one, ""},
		{"7z, deflate", tool(t, files, "a.7z", "7z", "a", "-bd", "-m0=Deflate", "a.7z", "uno.txt"), "7z", one, ""},
		{"7z, with the filter for programs", tool(t, files, "a.7z", "7z", "a", "-bd", "-m0=BCJ", "-m1=LZMA2", "a.7z", "uno.txt"), "7z", one, ""},
		{"7z, PPMd", tool(t, files, "a.7z", "7z", "a", "-bd", "-m0=PPMd", "a.7z", "uno.txt"), "7z", nil, Undecoded},
		{"7z, only empty files", tool(t, map[string]string{"nada": ""}, "a.7z", "7z", "a", "-bd", "a.7z", "nada"), "7z", nil, ""},
		{"7z with a password", tool(t, files, "a.7z", "7z", "a", "-bd", "-pgeheim", "a.7z", "uno.txt"), "7z", nil, Encrypted},
		{"7z with a password, names too", tool(t, files, "a.7z", "7z", "a", "-bd", "-pgeheim", "-mhe=on", "a.7z", "uno.txt"), "7z", nil, Encrypted},

		{"tar", tool(t, files, "a.tar", "tar", "cf", "a.tar", "uno.txt", "dos.csv"), "tar", both, ""},
		{"tar, as it was once", tool(t, files, "a.tar", "tar", "--format=v7", "-cf", "a.tar", "uno.txt"), "tar", one, ""},
		{"tar.gz", tool(t, files, "a.tgz", "tar", "czf", "a.tgz", "uno.txt", "dos.csv"), "gzip", both, ""},
		{"tar.xz", tool(t, files, "a.txz", "tar", "cJf", "a.txz", "uno.txt", "dos.csv"), "xz", both, ""},
		{"gzip", tool(t, files, "uno.txt.gz", "gzip", "uno.txt"), "gzip", one, ""},
		{"gzip, two in one", append(gzipped([]byte(somebody)), gzipped([]byte(somebody))...), "gzip", []string{somebody + somebody}, ""},
		{"bzip2", tool(t, files, "uno.txt.bz2", "bzip2", "uno.txt"), "bzip2", one, ""},
		{"xz", tool(t, files, "uno.txt.xz", "xz", "uno.txt"), "xz", one, ""},
		{"xz, many blocks and no check", tool(t, map[string]string{"a": strings.Repeat(somebody, 100)}, "a.xz", "xz", "-T1", "--block-size=1000", "-Cnone", "a"), "xz", []string{strings.Repeat(somebody, 100)}, ""},
		{"xz, two streams and padding", append(append(xzed([]byte(somebody)), 0, 0, 0, 0), xzed([]byte(somebody))...), "xz", []string{somebody + somebody}, ""},
		{"xz, with the filter for programs", tool(t, files, "uno.txt.xz", "xz", "--x86", "--lzma2", "uno.txt"), "xz", nil, Undecoded},
		{"zstd", tool(t, files, "uno.txt.zst", "zstd", "-q", "uno.txt"), "zstd", one, ""},
		{"lzma", tool(t, files, "uno.txt.lzma", "xz", "--format=lzma", "uno.txt"), "lzma", one, ""},
		{"zlib", zlibbed([]byte(somebody)), "zlib", one, ""},
		{"gzip that is cut", gzipped([]byte(strings.Repeat(somebody, 50)))[:80], "gzip", nil, Damaged},

		{"a picture", must(os.ReadFile("testdata/picture.png")), "png", []string{"Comment\n" + strings.TrimSpace(somebody) + "\n"}, ""},
		{"a program", []byte("\x7fELF\x02\x01\x01\x00" + somebody), "elf", nil, NotADocument},
		{"a mail box of Outlook", []byte("!BDN\x00\x00\x00\x00" + somebody), "pst", nil, Unsupported},
		{"a volume with a key", []byte("LUKS\xba\xbe\x00\x01aes"), "luks", nil, Encrypted},
		{"passwords of KeePass", []byte("\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5\x01\x00\x04\x00"), "keepass", nil, Encrypted},
		{"age", []byte("age-encryption.org/v1\n-> X25519 abc\n"), "age", nil, Encrypted},
		{"PGP", []byte("-----BEGIN PGP MESSAGE-----\n\nabcd\n"), "pgp", nil, Encrypted},
		{"mail of Outlook for Outlook", []byte("\x78\x9f\x3e\x22\x01\x00" + somebody), "tnef", []string{somebody}, Damaged},
		{"who knows", []byte("\x01\x02\x00\x00\x99" + somebody + "\x00\x00" + string(wide(binary.LittleEndian, "NSS 12345678901")) + "\x00\x01"), "binary",
			[]string{somebody + "NSS 12345678901\n"}, Unknown},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, o := extracted(t, Limits{}, row.file)
			if diff := cmp.Diff(row.want, got); diff != "" && (row.name != "gzip that is cut" || len(got) != 1) {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
			if o.Format != row.format || o.Reason != row.why {
				t.Errorf("got format %q and reason %q, want %q and %q", o.Format, o.Reason, row.format, row.why)
			}
			if o.Texts != len(got) {
				t.Errorf("got %d texts in the outcome, want %d", o.Texts, len(got))
			}
		})
	}
}

// ebcdic writes capitals, digits and blanks as a mainframe does.
func ebcdic(text string) []byte {
	var out []byte
	for _, c := range []byte(text) {
		switch {
		case c >= '0' && c <= '9':
			c += 0xF0 - '0'
		case c >= 'A' && c <= 'I':
			c += 0xC1 - 'A'
		case c >= 'J' && c <= 'R':
			c += 0xD1 - 'J'
		case c >= 'S' && c <= 'Z':
			c += 0xE2 - 'S'
		default:
			c = 0x40
		}
		out = append(out, c)
	}
	return out
}

// TestMail holds that the parts of a mail come out one by one.
func TestMail(t *testing.T) {
	const head = "Received: from a by b; 1 Jan 2026\r\nFrom: =?utf-8?q?In=C3=A9s?= <ines@example.com>\r\nSubject: padr=?x\r\nMIME-Version: 1.0\r\n"
	people := "From: Inés <ines@example.com>\nSubject: padr=?x\n"
	const (
		uuText    = "CURP PEXI800101MDFXXN09, tel. 55 1234 5678"
		uuencoded = "J0U524\"!015A).# P,3 Q341&6%A.,#DL('1E;\"X@-34@,3(S-\" U-C<X\r\n"
	)
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, row := range []struct {
		name, mail string
		want       []string
		why        Reason
	}{
		{"plain", head + "\r\n" + line, []string{people, line}, ""},
		{"quoted", head + "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + quoted(somebody), []string{people, strings.ReplaceAll(somebody, "\n", "\r\n")}, ""},
		{"a file in the text", head + "\r\nva:\r\nbegin 644 uno.txt\r\n" + uuencoded + "`\r\nend\r\n" + line, []string{people, "va:\r\n", uuText, line}, ""},
		{"a file as the body", head + "Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 uno.txt\r\n" + uuencoded + "`\r\nend\r\n", []string{people, uuText}, ""},
		{"a file that is cut", head + "\r\nbegin 644 uno.txt\r\n" + uuencoded, []string{people, uuText}, Damaged},
		{"a file, then something else", head + "\r\nbegin 644 uno.txt\r\n" + uuencoded + line, []string{people, uuText, line}, Damaged},
		{"no file", head + "\r\nbegin 644 uno.txt\r\n" + line, []string{people, "begin 644 uno.txt\r\n" + line}, ""},
		{"base64", head + "Content-Transfer-Encoding: BASE64\r\n\r\n" + b64(somebody), []string{people, somebody}, ""},
		{"a page without a head", head + "Content-Type: text/html\r\n\r\nHola&nbsp;1234<br>In&eacute;s", []string{people, "Hola 1234\nInés"}, ""},
		{"parts", head + "Content-Type: multipart/mixed; boundary=\"=_x\"\r\n\r\nnada\r\n--=_x\r\n\r\n" + line + "--=_x\r\nContent-Type: application/zip; name=padron.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
			b64(string(zipped("a", somebody))) + "\r\n--=_x--\r\n", []string{people, "nada\r\n", line, "Content-Type: padron.zip\n", somebody}, ""},
		{"parts in parts", head + "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nuno 1\r\n--b--\r\n--a\r\n\r\ndos 2\r\n--a--\r\n",
			[]string{people, "uno 1\r\n", "dos 2\r\n"}, ""},
		{"a mail in a mail", head + "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: message/rfc822\r\n\r\n" + head + "\r\nuno 1\r\n--a--\r\n",
			[]string{people, people, "uno 1\r\n"}, ""},
		{"cut", head + "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nuno 1\r\n", []string{people, "uno 1\r\n"}, Damaged},
		{"UTF-7", head + "Content-Type: text/plain; charset=utf-7\r\n\r\nIn+AOk-s 1\r\n", []string{people, "In+AOk-s 1\r\n"}, Undecoded},
		{"encrypted", head + "Content-Type: multipart/encrypted; boundary=a\r\n\r\n--a\r\n\r\nVersion: 1\r\n--a\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nab\r\n--a--\r\n", []string{people, "Version: 1\r\n"}, Encrypted},
		{"a box", "From a@b Thu Jan  1 00:00:00 2026\n" + head + "\nuno 1\n\nFrom a@b Thu Jan  1 00:00:00 2026\nTo: x@example.com\n\ndos 2\nFrom here on\n",
			[]string{people, "uno 1\n\n", "To: x@example.com\n", "dos 2\nFrom here on\n"}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, o := extracted(t, Limits{}, []byte(row.mail))
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
			if o.Reason != row.why {
				t.Errorf("got reason %q, want %q", o.Reason, row.why)
			}
		})
	}
}

// TestMarkup holds what of HTML and XML is text.
func TestMarkup(t *testing.T) {
	for _, row := range []struct {
		name, file string
		want       []string
	}{
		{"nothing to find", "<html><body><p style='color:#123456'>Hola&nbsp;&#241;</p>", []string{"<html><body><p style='color:#123456'>Hola&nbsp;&#241;</p>"}},
		{"tags within a number", "<html><p>CURP <b>PEXI</b><i>800101</i>MDFXXN09</p><p>x", []string{"CURP PEXI800101MDFXXN09\nx"}},
		{"entities", "<html>tel&eacute;fono&#58;&nbsp;55&#49;2 &amp; &#x40; &copy; &nada; 12345", []string{"teléfono: 5512 & @ © &nada; 12345"}},
		{"a table", "<html>antes 1234567<table><tr><th>CURP</th><th>Nombre</th></tr>\n<tr><td>PEXI<br>8001</td>\n<td colspan=2>Inés\nP</td><td>z</td></tr></table>después",
			[]string{"antes 1234567", "CURP\tNombre\nPEXI 8001\tInés P\t\tz\n", "después"}},
		{"a form", `<html><input name="curp" value="PEXI800101"><a href="x">y</a>`, []string{` input name="curp" value="PEXI800101" y`}},
		{"a script and a comment", "<html><script>var a='<p>1234567';</script><!-- <b>5678 --><p>c", []string{"var a='<p>1234567';\n <b>5678 \nc"}},
		{"an invoice", `<?xml version="1.0"?><cfdi:Comprobante Total="1234.00"><cfdi:Emisor Rfc="XAXX010101000" Nombre="A &amp; B"/><x>y</x></cfdi:Comprobante>`,
			[]string{"Comprobante:  cfdi:Comprobante Total=\"1234.00\" \nEmisor:  cfdi:Emisor Rfc=\"XAXX010101000\" Nombre=\"A & B\" \nx: y\n"}},
		{"cut in a tag", "<html>1234567<p title='", []string{"1234567<p title='"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, o := extracted(t, Limits{}, []byte(row.file))
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
			if o.Reason != "" {
				t.Errorf("got reason %q, want none", o.Reason)
			}
		})
	}
}

// TestMarkupCut holds that text does not depend on where the window ends.
func TestMarkupCut(t *testing.T) {
	row := "<tr><td>PEXI800101&ntilde;</td><td><!-- 99 -->a<b>b</b></td></tr>\n"
	file := "<html><table>" + strings.Repeat(row, 4000)
	got, _ := extracted(t, Limits{}, []byte(file))
	want := "PEXI800101ñ\t\n 99 \nab\n"
	if n := strings.Count(strings.Join(got, ""), want); n != 4000 {
		t.Errorf("got %d rows, want 4000", n)
	}
}

// TestRTF holds what of RTF is text.
func TestRTF(t *testing.T) {
	for _, row := range []struct {
		name, file string
		want       []string
		why        Reason
	}{
		{"plain", `{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\pard In\'e9s \b PEXI\b0 800101\par 1}`, []string{"Inés PEXI800101\n1"}, ""},
		{"Unicode", `{\rtf1\uc1 \u209?o\u-10179?\u-8704?\uc0\u241 x}`, []string{"Ño😀ñx"}, ""},
		{"a table", `{\rtf1 antes\par\trowd\cellx1\pard\intbl CURP\cell Nombre\cell\row\trowd\pard\intbl P\cell I\cell\row\pard fin}`,
			[]string{"antes\n", "CURP\tNombre\t\nP\tI\t\n", "fin"}, ""},
		{"only a picture", `{\rtf1{\*\shppict{\pict\pngblip 89504e47}}}`, nil, NoText},
		{"a picture of a page", `{\rtf1 a{\pict\pngblip\picwgoal9000\pichgoal12000 89504e47}b}`, []string{"ab"}, NoText},
		{"a logo", `{\rtf1 a{\pict{\*\picprop}\picwgoal1500\pichgoal1500 89504e47}b}`, []string{"ab"}, ""},
		{"binary data", "{\\rtf1 a{\\pict\\picwgoal15\\pichgoal15\\bin5 }}{}}}b}", []string{"ab"}, ""},
		{"binary data without end", `{\rtf1 a{\pict\bin2000000000 }`, []string{"a"}, Damaged},
		{"an object", `{\rtf1 a{\object{\*\objdata 0105000002000000050000005061636b0000000000000000000300000031323300}}b}`, []string{"a", "123", "b"}, ""},
		{"cut", `{\rtf1 abc`, []string{"abc"}, Damaged},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, o := extracted(t, Limits{}, []byte(row.file))
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
			if o.Reason != row.why {
				t.Errorf("got reason %q, want %q", o.Reason, row.why)
			}
		})
	}
}

var _ = fmt.Sprint
var _ = time.Now
var _ = gzipped

// What stands behind the mark of UTF-16 and is no text does not pass for one.
func TestUTF16Noise(t *testing.T) {
	noise := make([]byte, 200_000)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(noise)
	for name, text := range map[string]struct {
		file []byte
		want Reason
	}{
		"noise, least first": {append([]byte("\xff\xfe"), noise...), Binary},
		"noise, most first":  {append([]byte("\xfe\xff"), noise...), Binary},
		"text":               {append([]byte("\xff\xfe"), wide(binary.LittleEndian, strings.Repeat(somebody+"\t\f ¿Ωж漢字😀? ", 5000))...), ""},
		"text, most first":   {append([]byte("\xfe\xff"), wide(binary.BigEndian, strings.Repeat(somebody+" 😀😀😀", 5000))...), ""},
	} {
		x := New(Limits{}, nowhere{})
		if got := x.File(t.Context(), bytes.NewReader(text.file), int64(len(text.file))).Reason; got != text.want {
			t.Errorf("%s: %q, want %q", name, got, text.want)
		}
	}
}
