package detect

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// found is a match without its tags, to compare scans.
type found struct {
	typ        Type
	start, end int64
	outcome    Outcome
	score      int
}

// scanBlocks scans text cut at the given sizes, over and over, with a buffer of the
// given window.
func scanBlocks(text []byte, enc Encoding, window int, sizes []int) []found {
	var got []found
	s := newScanner(maphash.MakeSeed(), window, bestSIMD())
	s.Reset(enc)
	emit := func(m Match) { got = append(got, found{m.Type, m.Start, m.End, m.Outcome, m.Score}) }
	for i := 0; len(text) > 0; i++ {
		k := max(1, min(sizes[i%len(sizes)], len(text)))
		s.Scan(text[:k], emit)
		text = text[k:]
	}
	s.Finish(emit)
	return got
}

// fragments are what random texts are made of: identifiers, words, and what disturbs them.
func fragments(t testing.TB) []string {
	var all []string
	for _, v := range vectors(t) {
		all = append(all, v.value)
	}
	for _, e := range []examples{curpExamples(), rfcExamples(), nssExamples(), dniExamples(), nieExamples()} {
		all = append(all, e.found...)
		all = append(all, e.missed...)
	}
	return append(all, "DNI", "nss ", "imss", "R.F.C.", "curp;", "folio", "número de parte ", "\n", "\r\n", ",", ";", "|", "\t", " ", "-", ".",
		"\"", "ñ", "é", "\xd1", "\xc3", "\xf1", "&amp;", "0", "12", "12345678", strings.Repeat("9", 70), strings.Repeat(" ", 40),
		strings.Repeat("palabra ", 20), "\u00a0", "\u2011", "e\u0301")
}

// The matches depend on the text alone: not on how it is cut into blocks, nor on the
// size of the buffer.
func TestBlocksDoNotMatter(t *testing.T) {
	parts := fragments(t)
	rapid.Check(t, func(rt *rapid.T) {
		var text bytes.Buffer
		for range rapid.IntRange(1, 400).Draw(rt, "parts") {
			text.WriteString(rapid.SampledFrom(parts).Draw(rt, "part"))
		}
		enc := rapid.SampledFrom([]Encoding{Bytes, Bytes, UTF16LE, UTF16BE}).Draw(rt, "encoding")
		raw := text.Bytes()
		if enc != Bytes {
			raw = widen(raw, enc)
		}
		want := scanBlocks(raw, enc, windowBytes, []int{len(raw)})
		sizes := rapid.SliceOfN(rapid.IntRange(1, 700), 1, 8).Draw(rt, "sizes")
		window := rapid.IntRange(headerBytes, headerBytes+300).Draw(rt, "window")
		if got := scanBlocks(raw, enc, window, sizes); fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Fatalf("blocks %v, window %d:\n got %v\nwant %v", sizes, window, got, want)
		}
	})
}

// widen writes each byte as a UTF-16 unit.
func widen(b []byte, enc Encoding) []byte {
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		if enc == UTF16LE {
			out = append(out, c, 0)
		} else {
			out = append(out, 0, c)
		}
	}
	return out
}

// An identifier is found wherever it lies with respect to the buffer's windows.
func TestEveryOffset(t *testing.T) {
	const line = "NSS: 92-91-90-8443-1 "
	pad := bytes.Repeat([]byte("x y "), (windowBytes+2*aheadBytes+behindBytes)/4)
	for shift := range 3 * aheadBytes {
		at := len(pad) - 3*aheadBytes + shift
		text := append(append(append([]byte{}, pad[:at]...), ' '), line...)
		text = append(text, pad...)
		got := scanBlocks(text, Bytes, windowBytes, []int{len(text)})
		if len(got) != 1 || got[0].start != int64(at+1+5) {
			t.Fatalf("shift %d: got %v", shift, got)
		}
	}
}

func TestColumnsBeyondTheFirstWindow(t *testing.T) {
	var text strings.Builder
	text.WriteString("Padrón de usuarios\n\nid|nombre|domicilio|d.n.i.|folio\n")
	rows := 0
	for text.Len() < 5*windowBytes {
		fmt.Fprintf(&text, "%d|\"Ana | la de abajo\"|calle s/n|  12345678Z  |54362315K\n", rows)
		rows++
	}
	got := 0
	for _, m := range scanAll(text.String()) {
		if m.Score >= Report && m.count == 0 {
			if v := text.String()[m.Start:m.End]; v != "12345678Z" {
				t.Fatalf("reported %s", v)
			}
			got++
		}
	}
	if got != rows {
		t.Errorf("%d of %d rows reported", got, rows)
	}
}

func TestFinishWipesTheBuffer(t *testing.T) {
	s := NewScanner(maphash.MakeSeed())
	s.Scan([]byte(strings.Repeat("HEGG560427MVZRRL04 ", 5000)), func(Match) {})
	s.Finish(func(Match) {})
	if i := bytes.IndexFunc(s.buf, func(r rune) bool { return r != 0 }); i >= 0 {
		t.Errorf("byte %d of the buffer still holds text", i)
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	var text bytes.Buffer
	for _, p := range fragments(t) {
		text.WriteString(p + " ")
	}
	block := bytes.Repeat(text.Bytes(), 10)
	s := NewScanner(maphash.MakeSeed())
	n := 0
	emit := func(Match) { n++ }
	if got := testing.AllocsPerRun(10, func() {
		s.Scan(block, emit)
		s.Finish(emit)
	}); got != 0 {
		t.Errorf("%v allocations per scan, want 0", got)
	}
	if n == 0 {
		t.Error("nothing found")
	}
}

func TestDigitMask(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		var b [64]byte
		for i := range b {
			if b[i] = byte(r.Uint32()); r.IntN(3) == 0 {
				b[i] = '0' + byte(r.IntN(12)) - 1
			}
		}
		var want uint64
		for i, c := range b {
			if c >= '0' && c <= '9' {
				want |= 1 << i
			}
		}
		if got := digitMask(&b); got != want {
			t.Fatalf("digitMask(%q) = %064b, want %064b", b[:], got, want)
		}
	}
}

// naiveRuns is what runs must give.
func naiveRuns(b []byte) (all [][2]int) {
	for i := 0; i < len(b); i++ {
		if end := digitsEnd(b, i); end > i {
			all = append(all, [2]int{i, end})
			i = end
		}
	}
	return all
}

func FuzzRuns(f *testing.F) {
	f.Add([]byte("12 345 a6"), uint8(3))
	f.Add(bytes.Repeat([]byte("7"), 200), uint8(64))
	f.Add(append(bytes.Repeat([]byte("x"), 60), "12345678901"...), uint8(63))
	f.Fuzz(func(t *testing.T, b []byte, cut uint8) {
		var got [][2]int
		mid := min(int(cut), len(b))
		for _, part := range [][2]int{{0, mid}, {mid, len(b)}} {
			r := newRuns(b, part[0], part[1], 0)
			for {
				p, e, ok := r.next()
				if !ok {
					break
				}
				got = append(got, [2]int{p, e})
			}
		}
		if want := naiveRuns(b); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("runs of %q cut at %d: got %v, want %v", b, mid, got, want)
		}
	})
}

func FuzzScan(f *testing.F) {
	for i, p := range fragments(f) {
		f.Add([]byte(p), uint16(i), uint8(i))
	}
	f.Add([]byte("nombre;dni\nAna;12345678Z\nLuis;54362315K\n"), uint16(5), uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, size uint16, encoding uint8) {
		enc := Encoding(encoding % 3)
		want := scanBlocks(b, enc, windowBytes, []int{len(b)})
		got := scanBlocks(b, enc, headerBytes, []int{1 + int(size)})
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("blocks of %d: got %v, want %v", size, got, want)
		}
		for _, m := range want {
			if m.start < 0 || m.end <= m.start || m.end > int64(len(b)) || m.score < Review || m.score > maxScore {
				t.Fatalf("match out of bounds: %v of %d bytes", m, len(b))
			}
		}
	})
}

func FuzzMaskPath(f *testing.F) {
	for _, p := range fragments(f) {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got := MaskPath(path)
		if len(got) != len(path) {
			t.Fatalf("MaskPath(%q) has %d bytes, want %d", path, len(got), len(path))
		}
		for i := range path {
			if got[i] != path[i] && got[i] != '*' {
				t.Fatalf("MaskPath(%q) = %q", path, got)
			}
		}
		for _, m := range scanAll(path) {
			if m.count == 0 && strings.Trim(got[m.Start:m.End], "*") != "" {
				t.Fatalf("MaskPath(%q) = %q shows %v", path, got, m)
			}
		}
	})
}
