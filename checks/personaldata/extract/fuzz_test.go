package extract

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"testing"
	"time"
)

// fuzzed reads a file under small limits, and holds that they are kept.
func fuzzed(t *testing.T, file []byte) {
	t.Helper()
	limits := Limits{Inflated: 4 << 20, Held: 4 << 20, Entries: 100, Time: 5 * time.Second}
	x := New(limits, nowhereElse{})
	x.bare = true
	started := time.Now()
	o := x.File(context.Background(), bytes.NewReader(file), int64(len(file)))
	if o.Made > limits.Inflated+1<<20 || o.Entries > limits.Entries {
		t.Errorf("got %d made and %d entries: beyond the limits", o.Made, o.Entries)
	}
	if x.work.held != 0 || x.work.inText {
		t.Errorf("got %d bytes held and text open: %v after the file", x.work.held, x.work.inText)
	}
	if o.Reason == "" && len(o.Reasons) > 0 {
		t.Errorf("got %v, and nothing told", o.Reasons)
	}
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

func FuzzFile(f *testing.F) {
	picture, err := os.ReadFile("testdata/picture.png")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range [][]byte{
		[]byte(somebody), wide(binary.LittleEndian, somebody), gzipped([]byte(somebody)), xzed([]byte(somebody)), lzmaed([]byte(somebody)),
		zstded([]byte(somebody)), zlibbed([]byte(somebody)), tarred("a", somebody), zipped("a", somebody), picture, sparse(1 << 20),
		tool(f, map[string]string{"a": somebody}, "a.7z", "7z", "a", "-bd", "-mtm=off", "a.7z", "a"),
		tool(f, map[string]string{"a": somebody}, "a.7z", "7z", "a", "-bd", "-mtm=off", "-mhc=off", "-m0=LZMA", "a.7z", "a"),
		[]byte(arOf("uno/", somebody)), []byte(cpioOf(true, "uno", somebody)), []byte(cpioOf(false, "uno", somebody)),
		append([]byte("\xff\xfe"), wide(binary.LittleEndian, "<html><p>1234&ntilde;</p>")...),
		[]byte("Rar!\x1a\x07\x01\x00\x33\x92\xb5\xe5\x0a\x01\x05\x06\x00\x05\x01\x01\x80\x80\x00"),
	} {
		f.Add(file)
	}
	f.Fuzz(fuzzed)
}

func FuzzHTML(f *testing.F) {
	for _, text := range []string{
		"<html><table><tr><td colspan=3>1234<b>5</b>&ntilde;&#49;</table><script>1234</script><!-- 1234 -->",
		`<?xml version="1.0"?><a:b c="1234>">x<![CDATA[1234]]></a:b>`, "<html>1234<p title='",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		New(Limits{}, nowhereElse{}).mayMatter(b)
		fuzzed(t, append([]byte("<html>1234567"), b...))
		fuzzed(t, append([]byte("<?xml 1234567?>"), b...))
	})
}

func FuzzRTF(f *testing.F) {
	for _, text := range []string{
		`\ansicpg1252 In\'e9s\u209?\uc2\u-10179 {\pict\bin3 abc}\trowd\intbl a\cell\row\pard b}`,
		`{\object{\*\objdata 0105000002000000050000005061636b0000000000000000000300000031323300}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) { fuzzed(t, append([]byte(`{\rtf1`), b...)) })
}

func FuzzMail(f *testing.F) {
	for _, text := range []string{
		"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Transfer-Encoding: base64\n\nMTIzNA==\n--a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n--a--\n",
		"\nva:\nbegin 644 a\n#86)C\n`\nend\nx",
		"Content-Transfer-Encoding: quoted-printable\nSubject: =?utf-8?q?=C3=A9?=\n\na=3D=\n\nFrom a\nTo: b\n\nx",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fuzzed(t, append([]byte("MIME-Version: 1.0\n"), b...))
		fuzzed(t, append([]byte("From a@b 1\nMIME-Version: 1.0\n"), b...))
	})
}

func FuzzEXIF(f *testing.F) {
	f.Add([]byte("\x08\x00\x00\x00\x02\x00\x0e\x01\x02\x00\x08\x00\x00\x00\x26\x00\x00\x00\x69\x87\x04\x00\x01\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x0012345678"))
	f.Fuzz(func(t *testing.T, b []byte) {
		fuzzed(t, append([]byte("II*\x00"), b...))
		fuzzed(t, append([]byte("MM\x00*"), b...))
		fuzzed(t, append([]byte("\xff\xd8\xff\xe1\x00\x20Exif\x00\x00II*\x00"), b...))
		fuzzed(t, append([]byte("\x89PNG\r\n\x1a\n"), b...))
		fuzzed(t, append([]byte("GIF89a"), b...))
		fuzzed(t, append([]byte("\xd7\xcd\xc6\x9a"), b...))
		fuzzed(t, append([]byte("\x01\x00\x00\x00\x58\x00\x00\x00"+string(make([]byte, 32))+" EMF"+string(make([]byte, 44))), b...))
		fuzzed(t, append([]byte("RIFF\x00\x00\x00\x00WEBPVP8"), b...))
	})
}
