package extract

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

func benchmarkFile(b *testing.B, file []byte, size int) {
	x := New(Limits{Ratio: 1 << 20}, nowhereElse{})
	at := bytes.NewReader(file)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		x.File(context.Background(), at, at.Size())
	}
}

func BenchmarkSmallText(b *testing.B) {
	text := bytes.Repeat([]byte(somebody), 30)
	benchmarkFile(b, text, len(text))
}

func BenchmarkText(b *testing.B) {
	text := bytes.Repeat([]byte(somebody), 200_000)
	benchmarkFile(b, text, len(text))
}

func BenchmarkHTML(b *testing.B) {
	text := []byte("<html><body>" + strings.Repeat(`<p class="texto">El trámite de do&ntilde;a <b>Inés</b> se resolvió, y se le dijo que volviese con <a href="/ayuda">los papeles</a> 12345.</p>`+"\n", 50_000))
	benchmarkFile(b, text, len(text))
}

func BenchmarkTable(b *testing.B) {
	text := []byte("<html><table>" + strings.Repeat("<tr><td>PEXI800101MDFXXN09</td><td>Inés</td><td>Peñalver</td></tr>\n", 50_000))
	benchmarkFile(b, text, len(text))
}

func BenchmarkXML(b *testing.B) {
	text := []byte("<?xml version='1.0'?><a>" + strings.Repeat("<persona><curp>PEXI800101MDFXXN09</curp><nombre>Inés</nombre></persona>\n", 50_000))
	benchmarkFile(b, text, len(text))
}

func BenchmarkZip(b *testing.B) {
	text := prosa(8 << 20)
	benchmarkFile(b, zipped("a", string(text)), len(text))
}

func BenchmarkSevenZip(b *testing.B) {
	text := prosa(4 << 20)
	benchmarkFile(b, tool(b, map[string]string{"a": string(text)}, "a.7z", "7z", "a", "-bd", "a.7z", "a"), len(text))
}

func BenchmarkMail(b *testing.B) {
	text := prosa(2 << 20)
	mail := "MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n" + quoted(string(text))
	benchmarkFile(b, []byte(mail), len(mail))
}

func BenchmarkRTF(b *testing.B) {
	text := []byte(`{\rtf1\ansi ` + strings.Repeat(`\pard El tr\'e1mite de do\'f1a \b In\'e9s\b0  se resolvi\'f3, y se le dijo que volviese con los papeles 12345.\par`+"\n", 20_000) + "}")
	benchmarkFile(b, text, len(text))
}

func BenchmarkBinary(b *testing.B) {
	file := append([]byte{0, 1, 2, 3}, noise(8<<20)...)
	benchmarkFile(b, file, len(file))
}

// prosa is text of about n bytes that compresses as text does, from a fixed seed.
func prosa(n int) []byte {
	words := strings.Fields("el la de que y a en un ser se no haber por con su para como estar tener le lo todo pero más hacer o poder decir este ir otro ese trámite padrón expediente vecindad 12345 domicilio")
	var out []byte
	for _, c := range noise(n / 4) {
		out = append(out, words[int(c)%len(words)]...)
		out = append(out, ' ')
		if c > 240 {
			out = append(out, '\n')
		}
	}
	return out
}
