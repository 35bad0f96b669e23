package extract

import (
	"math/rand/v2"
	"testing"
)

// All ways to look for suspects find the same ones.
func TestSuspects(t *testing.T) {
	ways := map[string]spotter{"portable": {}, "this processor's": newSpotter()}
	r := rand.New(rand.NewPCG(1, 2))
	const likely = "0123456789 -./<&</td></p>@#"
	text := make([]byte, 400)
	for range 20_000 {
		b := text[:r.IntN(len(text))]
		for i := range b {
			switch r.IntN(8) {
			case 0:
				b[i] = byte(r.Uint32())
			case 1, 2:
				b[i] = likely[r.IntN(len(likely))]
			case 3, 4:
				b[i] = '0' + byte(r.IntN(10))
			default:
				b[i] = 'a' + byte(r.IntN(26))
			}
		}
		for block := 0; block < len(b); block += strideBytes {
			var padded [suspectBytes]byte
			for i := copy(padded[:], b[block:]); i < len(padded); i++ {
				padded[i] = '\n'
			}
			want := naiveSuspects(&padded)
			for name, s := range ways {
				from, got := s.next(b[:min(len(b), block+suspectBytes)], block)
				if want == 0 && from == block || want != 0 && (from != block || got != want) {
					t.Fatalf("%s: suspects of %q = %064b at %d, want %064b at %d", name, padded, got, from, want, block)
				}
			}
		}
	}
}

// naiveSuspects is what suspects must be.
func naiveSuspects(b *[suspectBytes]byte) (at uint64) {
	digit := func(i int) bool { return i >= 0 && i < blockBits && b[i]-'0' <= 9 }
	chained := func(i int) bool {
		return digit(i) || i < blockBits && joins(b[i]) && digit(i-1) && digit(i+1)
	}
	all := func(is func(i int) bool, from, n int) bool {
		for i := from; i < from+n; i++ {
			if !is(i) {
				return false
			}
		}
		return true
	}
	for i := range blockBits {
		next := string(b[i+1 : i+4])
		switch {
		case b[i] == '@', b[i] == '#', b[i] == 0, all(digit, i, 6), all(chained, i, 10),
			digit(i) && ((next[0] == '&' || next[0] == '<') && next[1:] != "/t" || joins(next[0]) && next[1] == '<'):
			at |= 1 << i
		}
	}
	return at
}

func BenchmarkSuspects(b *testing.B) {
	text := make([]byte, 1<<16)
	for i := range text {
		text[i] = "<td>el informe de 2024</td>\n"[i%28]
	}
	for name, s := range map[string]spotter{"portable": {}, "best": newSpotter()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if at, _ := s.next(text, 0); at < len(text) {
					b.Fatalf("a suspect at %d: %q", at, text[at:at+70])
				}
			}
		})
	}
}
